package dataset

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"drift/picture"
)

// openFunc reads the pictures at a path. Its errors do not name the path.
type openFunc func(path string, o Options, f format) (*Set, error)

// readerOf is what reads a file of pictures, by how it begins, or nil for a table.
func readerOf(path string) openFunc {
	head := make([]byte, 64)
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	n, _ := io.ReadFull(file, head)
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return readZip
	case bytes.HasPrefix(head, []byte("PAR1")):
		return readParquet
	case picture.Is(head):
		return readOne
	case isIDX(path):
		return readIDX
	case isCIFARName(path):
		return readCIFAR
	}
	return nil
}

// readOne reads a file that is a picture itself.
func readOne(path string, o Options, f format) (*Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	one := pictureFile{filepath.Base(path), info.Size(), func() (io.ReadCloser, error) { return os.Open(path) }}
	return filesShelf(baseName(path), []pictureFile{one}, f).set(o, f)
}
