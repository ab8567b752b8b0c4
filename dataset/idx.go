package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// IDX files hold an array of bytes in big-endian order behind two zero bytes, the type
// (8: bytes), the number of sides and the sides (LeCun, Cortes & Burges, the MNIST
// database).
const idxMagic = "\x00\x00\x08"

// isIDX says whether a file holds pictures in this format, packed or not.
func isIDX(path string) bool {
	head, err := idxHead(path)
	return err == nil && strings.HasPrefix(head, idxMagic)
}

func idxHead(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	in, err := unpacked(file)
	if err != nil {
		return "", err
	}
	head, err := in.Peek(len(idxMagic))
	return string(head), err
}

// readIDX reads a file of pictures and, if it is there, the file of labels beside it,
// whose name has "labels" for "images" and "idx1" for "idx3".
func readIDX(path string, o Options, f format) (*Set, error) {
	pix, sides, err := idxArray(path)
	if err != nil {
		return nil, err
	}
	if len(sides) != 3 {
		return nil, fmt.Errorf("found an array of %d sides, expected 3: pictures, height and width (labels are found by themselves)", len(sides))
	}
	s := rawShelf(baseName(path), pix, sides[0], sides[1], sides[2], 1)
	labels := labelsFile(path)
	if labels == "" {
		s.notes = append(s.notes, "found no file of labels beside the pictures: the set has no classes")
		return s.set(o, f)
	}
	at, sides, err := idxArray(labels)
	if err == nil && len(sides) != 1 {
		err = fmt.Errorf("found an array of %d sides, expected 1", len(sides))
	}
	if err == nil {
		numbers := make([]int, len(at))
		for i, l := range at {
			numbers[i] = int(l)
		}
		err = s.number(numbers, f.names)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(labels), err)
	}
	return s.set(o, f)
}

// labelsFile is the path of the labels that belong to pictures, or "".
func labelsFile(path string) string {
	dir, base := filepath.Split(path)
	name := strings.NewReplacer("images", "labels", "idx3", "idx1").Replace(strings.TrimSuffix(base, ".gz"))
	for _, try := range []string{name, name + ".gz"} {
		if try != base && beside(dir+try) {
			return dir + try
		}
	}
	return ""
}

// idxArray reads an array of bytes and its sides.
func idxArray(path string) (data []byte, sides []int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open: %w", cause(err))
	}
	defer file.Close()
	in, err := unpacked(file)
	if err != nil {
		return nil, nil, err
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:3]) != idxMagic {
		return nil, nil, errors.New("found a file of another kind, expected an IDX file of bytes")
	}
	if head[3] < 1 || head[3] > 4 {
		return nil, nil, fmt.Errorf("found an IDX array of %d sides, expected 1 to 4", head[3])
	}
	size := 1
	for range head[3] {
		if _, err := io.ReadFull(in, head); err != nil {
			return nil, nil, errors.New("found an end in the header, expected the whole file")
		}
		n := int64(binary.BigEndian.Uint32(head))
		if n < 1 || n > int64(maxPixels/size) {
			return nil, nil, fmt.Errorf("found a side of %d beside %v, expected at least 1 and at most %d values in all", n, sides, maxPixels)
		}
		size *= int(n)
		sides = append(sides, int(n))
	}
	if data, err = readBytes(in, size); err != nil {
		return nil, nil, err
	}
	return data, sides, ended(in)
}

// folderIDX reads the pictures of a folder of IDX files.
func folderIDX(root string, files []pictureFile, o Options, f format) (*Set, error) {
	var paths []string
	packed := map[string]bool{}
	for _, file := range files {
		base, zip := strings.CutSuffix(file.path, ".gz")
		if !isIDXName(file.path) || zip && packed[base] {
			continue
		}
		packed[base] = true // sorted: the file comes before its packed copy
		paths = append(paths, file.path)
	}
	kept, notes := learned(root, paths)
	if len(kept) > 1 {
		var names []string
		for _, path := range kept {
			names = append(names, filepath.Base(path))
		}
		return nil, fmt.Errorf("found several files of pictures, %s; expected one: open it by its own path", list(names))
	}
	s, err := readIDX(kept[0], o, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(kept[0]), err)
	}
	s.Name, s.Notes = baseName(root), append(notes, s.Notes...)
	return s, nil
}

// isIDXName says whether a file is called as IDX files of pictures are.
func isIDXName(path string) bool {
	base := strings.ToLower(filepath.Base(path))
	return strings.Contains(base, "idx3") && !isPicture(base)
}
