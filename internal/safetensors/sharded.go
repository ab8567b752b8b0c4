package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// maxIndex bounds the bytes of an index, and maxShards the files it may name.
const maxIndex, maxShards = 16 << 20, 10_000

// Set is the tensors of one file or of several.
type Set struct {
	files []*File
	in    map[string]*File
}

// OpenSet opens a file, or, where path ends in ".index.json", the files that such an
// index shares tensors out to: they lie in the same folder, and each holds the tensors
// that the index says, and no others.
func OpenSet(path string) (*Set, error) {
	s := &Set{in: map[string]*File{}}
	if filepath.Ext(path) != ".json" {
		f, err := Open(path)
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, f)
		for name := range f.infos {
			s.in[name] = f
		}
		return s, nil
	}
	files, err := readIndex(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := s.add(filepath.Join(filepath.Dir(path), name), files[name]); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// add opens one file of an index, which shall hold the named tensors.
func (s *Set) add(path string, names []string) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	s.files = append(s.files, f)
	for _, name := range names {
		if _, ok := f.infos[name]; !ok {
			return fmt.Errorf("%s: tensor %q: missing, but the index says that it is here", path, name)
		}
		s.in[name] = f
	}
	for _, name := range f.Names() {
		if s.in[name] != f {
			return fmt.Errorf("%s: tensor %q: found, but the index does not say that it is here", path, name)
		}
	}
	return nil
}

// Shards are the names of the files that an index names, in order.
func Shards(index string) ([]string, error) {
	files, err := readIndex(index)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", index, err)
	}
	return slices.Sorted(maps.Keys(files)), nil
}

// readIndex is the names of the tensors in each file.
func readIndex(path string) (map[string][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read: %w", errors.Unwrap(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxIndex+1))
	if err != nil {
		return nil, err
	}
	return parseIndex(text)
}

func parseIndex(text []byte) (map[string][]string, error) {
	if len(text) > maxIndex {
		return nil, fmt.Errorf("found more than %d bytes, expected an index", maxIndex)
	}
	var index struct {
		Weights map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, err
	}
	if len(index.Weights) == 0 {
		return nil, errors.New("weight_map: found no tensors, expected some")
	}
	files := map[string][]string{}
	for tensor, file := range index.Weights {
		if file == "" || file != filepath.Base(file) || !filepath.IsLocal(file) {
			return nil, fmt.Errorf("weight_map: tensor %q: found file %q, expected the name of one in the same folder", tensor, file)
		}
		files[file] = append(files[file], tensor)
	}
	if len(files) > maxShards {
		return nil, fmt.Errorf("weight_map: found %d files, expected at most %d", len(files), maxShards)
	}
	return files, nil
}

// Names lists the tensors in order.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.in)) }

// Info describes a tensor; ok is false if there is none of the name.
func (s *Set) Info(name string) (info Info, ok bool) {
	f, ok := s.in[name]
	if !ok {
		return info, false
	}
	return f.Info(name)
}

// Float32s reads the values of a tensor of floats of any width as float32.
func (s *Set) Float32s(name string) ([]float32, error) {
	f, ok := s.in[name]
	if !ok {
		return nil, fmt.Errorf("tensor %q: missing", name)
	}
	return f.Float32s(name)
}

// Close closes the files.
func (s *Set) Close() error {
	var failed []error
	for _, f := range s.files {
		failed = append(failed, f.Close())
	}
	return errors.Join(failed...)
}
