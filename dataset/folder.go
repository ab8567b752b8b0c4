package dataset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// readFolder reads what lies in a folder: pictures, whose classes are the folders
// that they are in, or files that hold many.
func readFolder(path string, o Options, f format) (*Set, error) {
	files, skipped, err := walk(path, o.stopped)
	if err != nil {
		return nil, err
	}
	has := func(is func(string) bool) bool {
		return slices.ContainsFunc(files, func(f pictureFile) bool { return is(f.path) })
	}
	switch {
	case has(isParquetName):
		return folderParquet(path, files, o, f)
	case has(isIDXName):
		return folderIDX(path, files, o, f)
	case has(isCIFARName) && !has(isPicture):
		return folderCIFAR(path, files, o, f)
	case has(isNPYName) && !has(isPicture):
		return folderNPY(path, files, o, f)
	}
	return folderPictures(path, files, skipped, o, f)
}

// folderPictures is the set of a folder's pictures.
func folderPictures(path string, files []pictureFile, skipped []error, o Options, f format) (*Set, error) {
	var pictures []pictureFile
	others := map[string]*pictureFile{}
	for i, file := range files {
		if isPicture(file.path) || foreign(file.path) != "" {
			pictures = append(pictures, file)
		} else {
			others[file.path] = &files[i]
		}
	}
	if len(pictures) == 0 {
		return nil, fmt.Errorf("found a folder with %d files, none of them pictures; expected PNG, JPEG, GIF, WebP or BMP, in folders for classes", len(files))
	}
	return treeSet(baseName(path), pictures, func(p string) *pictureFile { return others[p] }, o, f, skipped)
}

// baseName is the name of a set that lies at a path.
func baseName(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	return filepath.Base(path)
}

// isRun says whether a folder is a run of drift's.
func isRun(path string) bool {
	info, err := os.Stat(filepath.Join(path, "checkpoints"))
	return err == nil && info.IsDir() && beside(filepath.Join(path, "manifest.toml"))
}

// walk lists the regular files below a folder, in order of their paths. What cannot
// be read on the way is returned beside them, links to other folders too, which could
// lead in a circle. What begins with a dot is left out, and
// so are runs, whose pictures are no data. An error of stopped ends it.
func walk(root string, stopped func() error) (files []pictureFile, skipped []error, err error) {
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return nil, nil, fmt.Errorf("cannot read: %w", cause(err))
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err := stopped(); err != nil {
			return err
		}
		rel, relErr := filepath.Rel(root, path)
		if relErr != nil {
			return relErr
		}
		rel = filepath.ToSlash(rel)
		if err != nil {
			if rel == "." {
				return fmt.Errorf("cannot read: %w", cause(err))
			}
			skipped = append(skipped, fmt.Errorf("%s: cannot read: %w", rel, cause(err)))
			return nil
		}
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || isRun(path)) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasPrefix(d.Name(), ".") {
			return nil // what a Mac leaves beside files is called as they are
		}
		info, err := os.Stat(path) // what a link leads to
		if err != nil {
			skipped = append(skipped, fmt.Errorf("%s: cannot read: %w", rel, cause(err)))
			return nil
		}
		if info.IsDir() {
			skipped = append(skipped, fmt.Errorf("%s: found a link to a folder, expected the folder itself", rel))
			return nil
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		if len(files) == MaxN {
			return errors.New("found more than 10 million files, expected fewer")
		}
		files = append(files, pictureFile{rel, info.Size(), func() (io.ReadCloser, error) { return os.Open(path) }})
		return nil
	})
	return files, skipped, err
}
