package dataset

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// readZip reads the pictures of a zip archive, as readFolder does those of a folder.
// Nothing is written to disk, so the names within are only names.
func readZip(path string, o Options, f format) (*Set, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the zip archive: %w", cause(err))
	}
	defer z.Close()
	var pictures []pictureFile
	var skipped []error
	others := map[string]*pictureFile{}
	seen := map[string]bool{}
	for _, entry := range z.File {
		name := strings.TrimPrefix(strings.ReplaceAll(entry.Name, `\`, "/"), "./")
		if strings.HasSuffix(name, "/") || !entry.Mode().IsRegular() {
			continue
		}
		file := pictureFile{name, int64(min(entry.UncompressedSize64, maxFile+1)), func() (io.ReadCloser, error) { return entry.Open() }}
		switch {
		case !isPicture(name) && foreign(name) == "":
			if bomb(entry) {
				file.open = func() (io.ReadCloser, error) {
					return nil, fmt.Errorf("found %d bytes packed into %d, expected a table", entry.UncompressedSize64, entry.CompressedSize64)
				}
			}
			others[name] = &file
		case !fs.ValidPath(strings.ToValidUTF8(name, "?")): // older archives have names in other encodings
			skipped = append(skipped, fmt.Errorf("%s: found a name that leads out of the archive, expected one below it", show(name)))
		case seen[name]:
			skipped = append(skipped, fmt.Errorf("%s: found a second file of that name", name))
		case bomb(entry):
			skipped = append(skipped, fmt.Errorf("%s: found %d bytes packed into %d, expected a picture", name, entry.UncompressedSize64, entry.CompressedSize64))
		default:
			seen[name] = true
			pictures = append(pictures, file)
		}
	}
	if len(pictures)+len(skipped) == 0 {
		return nil, fmt.Errorf("found a zip archive with %d files, none of them pictures; expected PNG, JPEG, GIF, WebP or BMP", len(z.File))
	}
	return treeSet(baseName(path), pictures, func(p string) *pictureFile { return others[p] }, o, f, skipped)
}

// bomb says whether a file was packed far better than pictures can be.
func bomb(entry *zip.File) bool {
	return entry.UncompressedSize64 > 1<<20 && entry.UncompressedSize64/100 > entry.CompressedSize64
}
