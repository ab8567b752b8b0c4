package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"drift/picture"
)

// maxFile bounds one file of a picture, in bytes.
const maxFile = 256 << 20

// file is a picture in a folder or an archive.
type pictureFile struct {
	path  string // below the folder, with slashes
	bytes int64
	open  func() (io.ReadCloser, error)
}

// content is the whole file.
func (f pictureFile) content() ([]byte, error) {
	if f.bytes > maxFile {
		return nil, fmt.Errorf("found a file of %d bytes, expected at most %d", f.bytes, maxFile)
	}
	r, err := f.open()
	if err != nil {
		return nil, fmt.Errorf("cannot open: %w", cause(err))
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, f.bytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read: %w", cause(err))
	}
	if int64(len(data)) > f.bytes {
		return nil, fmt.Errorf("found more than %d bytes, expected as many as it said", f.bytes)
	}
	return data, nil
}

// cause is an error without the path that the operating system puts before it.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// heavy files and pictures are read one at a time, to bound memory.
const (
	heavyBytes  = 4 << 20
	heavyPixels = 1 << 22
)

// packedReader reads pictures that content gives as files of so many bytes.
func packedReader(content func(i int) ([]byte, error), bytes func(i int) int64, heavy *sync.Mutex, f format) reader {
	return reader{
		size: func(i int) (h, w int, err error) {
			if bytes(i) > heavyBytes {
				heavy.Lock()
				defer heavy.Unlock()
			}
			data, err := content(i)
			if err != nil {
				return 0, 0, err
			}
			return picture.Size(data)
		},
		read: func(i int) (picture.Picture, error) {
			alone := bytes(i) > heavyBytes
			if alone {
				heavy.Lock()
				defer heavy.Unlock()
			}
			data, err := content(i)
			if err != nil {
				return picture.Picture{}, err
			}
			if h, w, err := picture.Size(data); err == nil && !alone && h > heavyPixels/w {
				heavy.Lock()
				defer heavy.Unlock()
			}
			if err := f.stopped(); err != nil { // while it waited for others
				return picture.Picture{}, err
			}
			p, err := picture.Decode(data, f.Options)
			if err != nil {
				return p, err
			}
			return p.Fit(cmp.Or(f.h, p.H), cmp.Or(f.w, p.W)), nil
		},
	}
}

// filesShelf is the pictures of files.
func filesShelf(name string, files []pictureFile, f format) shelf {
	paths := make([]string, len(files))
	for i, file := range files {
		paths[i] = file.path
	}
	return shelf{
		name: name, n: len(files), files: paths,
		item: func(i int) string { return paths[i] },
		reader: packedReader(func(i int) ([]byte, error) { return files[i].content() },
			func(i int) int64 { return files[i].bytes }, new(sync.Mutex), f),
	}
}

// isPicture says whether a file's name is that of a picture that can be read.
func isPicture(name string) bool {
	return slices.Contains(picture.Extensions, strings.ToLower(path.Ext(name))) && !isLeftover(name)
}

// foreign is the kind of picture that a file's name stands for, if it is one that cannot
// be read, or empty.
func foreign(name string) string {
	if isLeftover(name) {
		return ""
	}
	return picture.Foreign[strings.ToLower(path.Ext(name))]
}

// isLeftover says whether a file is what a system left: those whose names, or whose folders'
// names, begin with a dot, and what lies in __MACOSX.
func isLeftover(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && part != ".." {
			return true
		}
	}
	return strings.HasPrefix(name, "__MACOSX/")
}

// treeSet is the set of a tree of files: pictures, classes by folder, and what a
// table beside them says. Pictures of kinds that cannot be read are left out. other finds
// a file that is no picture, or nil.
func treeSet(name string, files []pictureFile, other func(path string) *pictureFile, o Options, f format, skipped []error) (*Set, error) {
	slices.SortFunc(files, func(a, b pictureFile) int { return strings.Compare(a.path, b.path) })
	var unread []string
	files = slices.DeleteFunc(files, func(file pictureFile) bool {
		if foreign(file.path) == "" {
			return false
		}
		unread = append(unread, file.path)
		return true
	})
	paths := make([]string, len(files))
	for i, file := range files {
		paths[i] = file.path
	}
	t := newTree(paths)
	table, notes, err := findTable(t.base, other, o)
	if err != nil {
		return nil, err
	}
	notes = append(t.notes, notes...)
	below := make([]string, len(t.inside)) // paths from the folder of the classes on
	for k, i := range t.inside {
		below[k] = strings.TrimPrefix(paths[i], t.base)
	}
	if table != nil && table.below != "" && o.LabelColumn == "" && !table.namesAny(below) {
		notes = append(notes, fmt.Sprintf("%s: found no line for any of the pictures", table.name))
		table = nil
	}
	for _, path := range unread {
		if t.leavesOut(path) {
			continue
		}
		if below, within := strings.CutPrefix(path, t.base); within {
			table.row(below) // or the table would miss it too
		}
		skipped = append(skipped, fmt.Errorf("%s: found a picture of kind %s, expected PNG, JPEG, GIF, WebP or BMP", path, foreign(path)))
	}
	notes = append(notes, table.leftOut()...)
	kept := make([]pictureFile, 0, len(files))
	var rows []int
	var classes []string
	for k, i := range t.inside {
		folder, _, nested := strings.Cut(below[k], "/")
		row, known := table.row(below[k])
		switch {
		case table != nil && !known:
			skipped = append(skipped, fmt.Errorf("%s: found no line for it in %s", paths[i], table.name))
			continue
		case table != nil && table.class >= 0:
			classes = append(classes, table.cells[row][table.class])
		case t.classes && !nested:
			skipped = append(skipped, fmt.Errorf("%s: found a picture beside folders of classes, expected it in one of them", paths[i]))
			continue
		case t.classes:
			classes = append(classes, folder)
		}
		kept, rows = append(kept, files[i]), append(rows, row)
	}
	if table == nil && !t.classes {
		var more []string
		kept, classes, more = sampled(kept, o)
		notes = append(notes, more...)
	}
	s := filesShelf(name, kept, f)
	s.skipped, s.notes = append(skipped, table.missing()...), notes
	if classes != nil {
		if err := s.classify(classes); err != nil {
			return nil, err
		}
	}
	if table != nil {
		if err := table.fill(&s, rows); err != nil {
			return nil, err
		}
	}
	return s.set(o, f)
}
