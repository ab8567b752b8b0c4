package dataset

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"drift/picture"
)

// rawShelf is n pictures of h×w×c bytes that lie one after another in pix.
func rawShelf(name string, pix []uint8, n, h, w, c int) shelf {
	return shelf{
		name: name, n: n,
		item: func(i int) string { return "picture " + strconv.Itoa(i+1) },
		reader: reader{
			size: func(int) (int, int, error) { return h, w, nil },
			read: func(i int) (picture.Picture, error) {
				return picture.Picture{Pix: pix[i*h*w*c : (i+1)*h*w*c], H: h, W: w, C: c}, nil
			},
		},
	}
}

// number gives pictures labels that are numbers already, and names for them: those of
// a list, or the numbers.
func (s *shelf) number(labels []int, names []string) error {
	if len(labels) != s.n {
		return fmt.Errorf("found %d labels, expected one for each of %d pictures", len(labels), s.n)
	}
	most := slices.Max(append([]int{-1}, labels...))
	if names != nil && most >= len(names) {
		return fmt.Errorf("found the label %d, expected 0 to %d", most, len(names)-1)
	}
	if most >= maxClasses || slices.Min(append([]int{0}, labels...)) < 0 {
		return fmt.Errorf("found labels from %d to %d, expected 0 to %d", slices.Min(labels), most, maxClasses-1)
	}
	for i := len(names); i <= most; i++ {
		names = append(names, strconv.Itoa(i))
	}
	s.labels, s.classes = labels, names
	return nil
}

// unpacked reads a stream that may be compressed with gzip.
func unpacked(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if magic, _ := in.Peek(2); string(magic) != "\x1f\x8b" {
		return in, nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("cannot unpack: %w", err)
	}
	return bufio.NewReaderSize(z, 1<<16), nil
}

// readBytes reads exactly n bytes, taking memory only as they come.
func readBytes(r io.Reader, n int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(data) < n || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("found an end after %d of %d bytes of data, expected the whole file", len(data), n)
	}
	return data, err
}

// ended is an error if there is more to read, or if what was read does not fit the
// checksum of what it was unpacked from.
func ended(r *bufio.Reader) error {
	switch _, err := r.ReadByte(); err {
	case nil:
		return errors.New("found more bytes behind the data, expected an end")
	case io.EOF:
		return nil
	default:
		return fmt.Errorf("cannot unpack: %w", err)
	}
}

// learned leaves out the files that are the test part of a data set, by the words in
// their names and in those of the folders that they are in, if others are left; notes say
// which. Paths are below root and with slashes; those kept come back with root.
func learned(root string, paths []string) (kept, notes []string) {
	var others []string
	for _, path := range paths {
		words := strings.FieldsFunc(strings.ToLower(path), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if slices.ContainsFunc(words, func(s string) bool { return s == "t10k" || slices.Contains(otherParts, s) }) {
			others = append(others, path)
		} else {
			kept = append(kept, path)
		}
	}
	if len(kept) == 0 {
		kept, others = others, nil
	}
	for _, path := range others {
		notes = append(notes, fmt.Sprintf("left out %s: open it by its own path", path))
	}
	for i, path := range kept {
		kept[i] = filepath.Join(root, filepath.FromSlash(path))
	}
	return kept, notes
}

// beside is whether there is a regular file at a path.
func beside(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
