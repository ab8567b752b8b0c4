package dataset

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky 2009) are records of a
// label, or a coarse and a fine one, and the 3×32×32 values of a picture, one channel
// after another.
const (
	cifarSide   = 32
	cifarValues = 3 * cifarSide * cifarSide
)

var cifar10Classes = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// cifarLabels is how many labels stand before each picture, by the length of a file,
// or 0 if it is none of this kind.
func cifarLabels(bytes int64) int {
	for labels := int64(1); labels <= 2; labels++ {
		if bytes > 0 && bytes%(labels+cifarValues) == 0 {
			return int(labels)
		}
	}
	return 0
}

func isCIFARName(path string) bool {
	return strings.EqualFold(filepath.Ext(path), ".bin")
}

// readCIFAR reads one file.
func readCIFAR(path string, o Options, f format) (*Set, error) {
	return cifarSet(baseName(path), []string{path}, o, f)
}

// folderCIFAR reads the files of a folder one after another, but for a test part.
func folderCIFAR(root string, files []pictureFile, o Options, f format) (*Set, error) {
	var paths []string
	for _, file := range files {
		if isCIFARName(file.path) {
			paths = append(paths, file.path)
		}
	}
	kept, notes := learned(root, paths)
	s, err := cifarSet(baseName(root), kept, o, f)
	if err != nil {
		return nil, err
	}
	s.Notes = append(s.Notes, notes...)
	return s, nil
}

func cifarSet(name string, paths []string, o Options, f format) (*Set, error) {
	var pix []uint8
	var labels []int
	kind := 0
	for _, path := range paths {
		err := o.stopped()
		if err != nil {
			return nil, err
		}
		if pix, labels, kind, err = addCIFAR(path, pix, labels, kind); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	s := rawShelf(name, pix, len(labels), cifarSide, cifarSide, 3)
	names, err := cifarNames(filepath.Dir(paths[0]), kind)
	if err != nil {
		return nil, err
	}
	if err := s.number(labels, names); err != nil {
		return nil, err
	}
	return s.set(o, f)
}

// addCIFAR adds the records of a file, which must be of the kind of those before.
func addCIFAR(path string, pix []uint8, labels []int, kind int) ([]uint8, []int, int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("cannot open: %w", cause(err))
	}
	this := cifarLabels(info.Size())
	if this == 0 || kind != 0 && this != kind {
		return nil, nil, 0, fmt.Errorf("found %d bytes, expected whole records of %d (CIFAR-10) or %d (CIFAR-100), in all files alike",
			info.Size(), 1+cifarValues, 2+cifarValues)
	}
	if info.Size() > int64(maxPixels-len(pix)) {
		return nil, nil, 0, fmt.Errorf("found more than %d values, expected fewer", maxPixels)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("cannot open: %w", cause(err))
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<16)
	for range info.Size() / int64(this+cifarValues) {
		record, err := readBytes(in, this+cifarValues)
		if err != nil {
			return nil, nil, 0, err
		}
		labels = append(labels, int(record[this-1]))
		planes := record[this:]
		for i := range cifarSide * cifarSide {
			pix = append(pix, planes[i], planes[i+cifarValues/3], planes[i+2*cifarValues/3])
		}
	}
	return pix, labels, this, nil
}

// cifarNames is the classes that a file beside the pictures names, one a line, or
// those of CIFAR-10, or nil.
func cifarNames(dir string, kind int) ([]string, error) {
	name := "batches.meta.txt"
	if kind == 2 {
		name = "fine_label_names.txt"
	}
	path := filepath.Join(dir, name)
	if beside(path) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s: cannot read: %w", name, cause(err))
		}
		if names := strings.Fields(string(data)); len(names) > 0 {
			return names, nil
		}
	}
	if kind == 1 {
		return cifar10Classes, nil
	}
	return nil, nil
}
