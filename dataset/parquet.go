package dataset

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"drift/internal/hfparquet"
)

func isParquetName(path string) bool { return strings.EqualFold(filepath.Ext(path), ".parquet") }

// readParquet reads one Parquet file of pictures.
func readParquet(path string, o Options, f format) (*Set, error) {
	return parquetSet(baseName(path), []string{path}, o, f)
}

// folderParquet reads the Parquet files of a folder, one after another, but for a test
// part.
func folderParquet(root string, files []pictureFile, o Options, f format) (*Set, error) {
	var paths []string
	for _, file := range files {
		if isParquetName(file.path) {
			paths = append(paths, file.path)
		}
	}
	kept, notes := learned(root, paths)
	s, err := parquetSet(baseName(root), kept, o, f)
	if err != nil {
		return nil, err
	}
	s.Notes = append(s.Notes, notes...)
	return s, nil
}

// shards are Parquet files that follow one another.
type shards struct {
	files []*hfparquet.File
	start []int // number of the first picture of each file, and the end
	heavy sync.Mutex
}

func parquetSet(name string, paths []string, o Options, f format) (*Set, error) {
	all := &shards{start: []int{0}}
	defer func() {
		for _, file := range all.files {
			file.Close()
		}
	}()
	var numbers []int
	var texts, names []string
	for _, path := range paths {
		if err := o.stopped(); err != nil {
			return nil, err
		}
		file, err := hfparquet.Open(path, o.LabelColumn)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		file.Stopped = o.stopped
		all.files = append(all.files, file)
		before := all.start[len(all.start)-1]
		if rows := file.Rows(); rows > MaxN-before {
			return nil, fmt.Errorf("%s: found %d rows behind %d of other files, expected at most %d in all", filepath.Base(path), rows, before, MaxN)
		}
		all.start = append(all.start, before+file.Rows())
		n, t, known, err := file.Labels()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		numbers, texts = append(numbers, n...), append(texts, t...)
		if len(names) == 0 {
			names = known
		}
	}
	s := shelf{
		name: name, n: all.start[len(all.files)], item: all.item(paths),
		begin: func() reader { return all.reader(f) },
	}
	if s.n == 0 {
		return nil, errors.New("found no rows, expected pictures")
	}
	if err := s.parquetLabels(numbers, texts, names); err != nil {
		return nil, err
	}
	return s.set(o, f)
}

// parquetLabels gives pictures their classes. A set whose labels are all missing, as
// published test parts have them, has no classes.
func (s *shelf) parquetLabels(numbers []int, texts, names []string) error {
	switch {
	case len(texts) > 0 && len(texts) == s.n:
		if i := slices.IndexFunc(texts, func(t string) bool { return t == "" || len(t) > maxClassName }); i >= 0 {
			return fmt.Errorf("row %d: found the class %s, expected a name of at most %d letters", i+1, show(texts[i]), maxClassName)
		}
		return s.classify(texts)
	case len(numbers) > 0 && len(numbers) == s.n:
		if !slices.ContainsFunc(numbers, func(l int) bool { return l != -1 }) {
			s.notes = append(s.notes, "found no labels: the set has no classes")
			return nil
		}
		return s.number(numbers, names)
	case len(numbers)+len(texts) > 0:
		return errors.New("found labels in some of the files only, or of two kinds; expected the same columns in all")
	}
	return nil
}

// item is what errors call a picture.
func (all *shards) item(paths []string) func(i int) string {
	return func(i int) string {
		k := all.shard(i)
		return fmt.Sprintf("%s, row %d", filepath.Base(paths[k]), i-all.start[k]+1)
	}
}

// shard is the file that holds picture i.
func (all *shards) shard(i int) int {
	k, exact := slices.BinarySearch(all.start, i)
	for exact && all.start[k+1] == i { // files without rows
		k++
	}
	if !exact {
		k--
	}
	return k
}

// reader makes a reader that goes through the files once.
func (all *shards) reader(f format) reader {
	var at *hfparquet.Cursor
	in := -1
	leave := func() {
		if at != nil {
			at.Close()
		}
	}
	r := packedReader(func(i int) ([]byte, error) {
		if k := all.shard(i); k != in {
			leave()
			at, in = all.files[k].Cursor(), k
		}
		return at.Picture(i - all.start[in])
	}, func(int) int64 { return 0 }, &all.heavy, f)
	r.close = leave
	return r
}
