package dataset

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// npyHead is the header of a NumPy array (numpy.lib.format, versions 1 to 3).
type npyHead struct {
	kind  byte // u, i, f or b
	bytes int  // of one value
	big   bool // big-endian
	shape []int
	count int // of values
}

const npyMagic = "\x93NUMPY"

var npyField = regexp.MustCompile(`'(\w+)'\s*:\s*('[^']*'|True|False|\([^)]*\))`)

// readNPYHead reads the header, which is a dictionary as Python writes it.
func readNPYHead(in io.Reader) (h npyHead, err error) {
	begin := make([]byte, 10)
	if _, err := io.ReadFull(in, begin); err != nil || string(begin[:6]) != npyMagic {
		return h, errors.New("found a file of another kind, expected a NumPy array")
	}
	if begin[6] < 1 || begin[6] > 3 {
		return h, fmt.Errorf("found version %d of the format, expected 1 to 3", begin[6])
	}
	length := int(binary.LittleEndian.Uint16(begin[8:]))
	if begin[6] > 1 {
		more := make([]byte, 2)
		if _, err := io.ReadFull(in, more); err != nil {
			return h, errors.New("found an end in the header, expected the whole file")
		}
		length |= int(binary.LittleEndian.Uint16(more)) << 16
	}
	if length > 1<<16 {
		return h, fmt.Errorf("found a header of %d bytes, expected at most 65536", length)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(in, text); err != nil {
		return h, errors.New("found an end in the header, expected the whole file")
	}
	fields := map[string]string{}
	for _, m := range npyField.FindAllStringSubmatch(string(text), -1) {
		fields[m[1]] = m[2]
	}
	return h, h.parse(fields)
}

func (h *npyHead) parse(fields map[string]string) error {
	if fields["fortran_order"] != "False" {
		return fmt.Errorf("found fortran_order %s, expected False: save np.ascontiguousarray of it", show(fields["fortran_order"]))
	}
	kind := strings.Trim(fields["descr"], "'")
	if len(kind) != 3 || !strings.ContainsRune("<>|=", rune(kind[0])) || !slices.Contains([]string{"u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8", "b1"}, kind[1:]) {
		return fmt.Errorf("found values of the type %s, expected whole numbers, float32 or float64", show(kind))
	}
	h.big, h.kind, h.bytes = kind[0] == '>', kind[1], int(kind[2]-'0')
	h.count = 1
	most := maxPixels / h.bytes
	if h.kind != 'u' || h.bytes > 1 {
		most = min(most, maxPixels/4) // which are float32s before they are pixels
	}
	for _, side := range strings.Split(strings.Trim(fields["shape"], "()"), ",") {
		if side = strings.TrimSpace(side); side == "" {
			continue
		}
		n, err := strconv.Atoi(side)
		if err != nil || n < 1 || n > most/h.count {
			return fmt.Errorf("found the shape %s, expected sides of at least 1 and at most %d values", show(fields["shape"]), most)
		}
		h.shape, h.count = append(h.shape, n), h.count*n
	}
	return nil
}

// value is the number that bytes hold.
func (h npyHead) value(b []byte) float64 {
	var order binary.ByteOrder = binary.LittleEndian
	if h.big {
		order = binary.BigEndian
	}
	var bits uint64
	switch h.bytes {
	case 1:
		bits = uint64(b[0])
	case 2:
		bits = uint64(order.Uint16(b))
	case 4:
		bits = uint64(order.Uint32(b))
	default:
		bits = order.Uint64(b)
	}
	switch {
	case h.kind == 'f' && h.bytes == 4:
		return float64(math.Float32frombits(uint32(bits)))
	case h.kind == 'f':
		return math.Float64frombits(bits)
	case h.kind == 'i':
		unused := 64 - 8*h.bytes
		return float64(int64(bits<<unused) >> unused)
	}
	return float64(bits)
}

// each calls do for every value, reading a little at a time.
func (h npyHead) each(in *bufio.Reader, do func(v float64)) error {
	word := make([]byte, h.bytes)
	for i := range h.count {
		if _, err := io.ReadFull(in, word); err != nil {
			return fmt.Errorf("found an end after %d of %d values, expected the whole file", i, h.count)
		}
		do(h.value(word))
	}
	return ended(in)
}

// arrays are NumPy arrays by name.
type arrays map[string]func() (io.ReadCloser, error)

// Names of arrays of pictures and of labels, the likeliest first.
var (
	pictureArrays = []string{"images", "image", "x_train", "train_images", "pictures", "x", "data", "samples", "arr_0"}
	labelArrays   = []string{"labels", "label", "y_train", "train_labels", "classes", "y", "targets", "target", "arr_1"}
)

// readNPY reads a file of one array of pictures, and the file of labels beside it, if
// there is one: NAME_labels.npy or NAME-labels.npy, NAME with y_ for x_ or labels for
// images, or labels.npy or y.npy.
func readNPY(path string, o Options, f format) (*Set, error) {
	open := func(path string) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return os.Open(path) }
	}
	stem := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	for _, try := range []string{stem + "_labels", stem + "-labels", strings.Replace(stem, "x_", "y_", 1), strings.Replace(stem, "images", "labels", 1), "labels", "y"} {
		if try == stem {
			continue // the pictures themselves
		}
		if try = filepath.Join(filepath.Dir(path), try+".npy"); beside(try) {
			return arraySet(baseName(path), open(path), open(try), filepath.Base(try), o, f)
		}
	}
	return arraySet(baseName(path), open(path), nil, "", o, f)
}

// folderNPY reads the array of pictures of a folder: the only one that is not of
// labels, or the one with a usual name.
func folderNPY(root string, files []pictureFile, o Options, f format) (*Set, error) {
	var paths []string
	for _, file := range files {
		name := strings.ToLower(strings.TrimSuffix(filepath.Base(file.path), filepath.Ext(file.path)))
		if isNPYName(file.path) && !slices.Contains(labelArrays[:len(labelArrays)-1], name) && !strings.HasSuffix(name, "labels") {
			paths = append(paths, file.path)
		}
	}
	kept, notes := learned(root, paths)
	if len(kept) != 1 {
		return nil, fmt.Errorf("found %d arrays of pictures, expected one: open one by its own path", len(kept))
	}
	read := readerOf(kept[0])
	if read == nil {
		return nil, fmt.Errorf("%s: found no arrays, expected a file of NumPy", filepath.Base(kept[0]))
	}
	s, err := read(kept[0], o, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(kept[0]), err)
	}
	s.Name, s.Notes = baseName(root), append(notes, s.Notes...)
	return s, nil
}

func isNPYName(path string) bool {
	return slices.Contains([]string{".npy", ".npz"}, strings.ToLower(filepath.Ext(path)))
}

// readNPZ reads an archive of arrays.
func readNPZ(path string, o Options, f format) (*Set, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the archive of arrays: %w", cause(err))
	}
	defer z.Close()
	all := arrays{}
	var names []string
	for _, entry := range z.File {
		if name, is := strings.CutSuffix(entry.Name, ".npy"); is {
			all[strings.ToLower(name)] = entry.Open
			names = append(names, name)
		}
	}
	pick := func(usual []string) string {
		i := slices.IndexFunc(usual, func(name string) bool { return all[name] != nil })
		if i < 0 {
			return ""
		}
		return usual[i]
	}
	pictures, labels := pick(pictureArrays), pick(labelArrays)
	if pictures == "" && len(names) == 1 {
		pictures = strings.ToLower(names[0])
	}
	if pictures == "" {
		return nil, fmt.Errorf("found the arrays %s, expected pictures in one called %s", list(names), strings.Join(pictureArrays, ", "))
	}
	return arraySet(baseName(path), all[pictures], all[labels], labels, o, f)
}

// arraySet is the set of an array of pictures and one of labels, which may be nil.
func arraySet(name string, pictures, labels func() (io.ReadCloser, error), labelName string, o Options, f format) (*Set, error) {
	s, err := arrayShelf(name, pictures)
	if err != nil {
		return nil, err
	}
	if labels == nil {
		return s.set(o, f)
	}
	numbers, err := arrayLabels(labels)
	if err == nil {
		err = s.number(numbers, f.names)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", labelName, err)
	}
	return s.set(o, f)
}

// arrayShelf reads pictures of shape [N, height, width] or [N, height, width, 1 or 3].
// Values are 0 to 255, or numbers with a fraction from 0 to 1 or from -1 to 1, by rounding
// a little more, which become 0 to 255.
func arrayShelf(name string, open func() (io.ReadCloser, error)) (s shelf, err error) {
	in, h, err := openArray(open)
	if err != nil {
		return s, err
	}
	defer in.close()
	c := 1
	if len(h.shape) == 4 {
		c = h.shape[3]
	}
	if len(h.shape) < 3 || len(h.shape) > 4 || c != 1 && c != 3 {
		return s, fmt.Errorf("found an array of shape %v, expected [pictures, height, width] or [pictures, height, width, 1 or 3]", h.shape)
	}
	pix, err := h.pixels(in.Reader)
	if err != nil {
		return s, err
	}
	return rawShelf(name, pix, h.shape[0], h.shape[1], h.shape[2], c), nil
}

// pixels reads values as 8 bits.
func (h npyHead) pixels(in *bufio.Reader) ([]uint8, error) {
	if h.kind == 'u' && h.bytes == 1 {
		pix, err := readBytes(in, h.count)
		if err != nil {
			return nil, err
		}
		return pix, ended(in)
	}
	// The range is known at the end only, and float32 holds 8 bits of each kind.
	var values []float32
	low, high := math.Inf(1), math.Inf(-1)
	err := h.each(in, func(v float64) {
		values = append(values, float32(v))
		if math.IsNaN(v) {
			v = math.Inf(1)
		}
		low, high = min(low, v), max(high, v)
	})
	if err != nil {
		return nil, err
	}
	const rounding = 1e-3 // below half of a step of 8 bits
	scale, zero := 1.0, 0.0
	switch fraction := h.kind == 'f'; {
	case h.kind == 'b' || fraction && low >= -rounding && high <= 1+rounding:
		scale = 255
	case fraction && low >= -1-rounding && high <= 1+rounding:
		scale, zero = 127.5, 1
	case low < 0 || high > 255 || fraction && high < 2: // from 0 to 255 these would be black
		return nil, fmt.Errorf("found values from %v to %v, expected 0 to 255, 0 to 1 or -1 to 1", low, high)
	}
	pix := make([]uint8, len(values))
	for i, v := range values {
		pix[i] = uint8(math.Round(min(max((float64(v)+zero)*scale, 0), 255)))
	}
	return pix, nil
}

// arrayLabels reads whole numbers of shape [N] or [N, 1].
func arrayLabels(open func() (io.ReadCloser, error)) ([]int, error) {
	in, h, err := openArray(open)
	if err != nil {
		return nil, err
	}
	defer in.close()
	if len(h.shape) == 0 || h.count != h.shape[0] || h.kind == 'f' {
		return nil, fmt.Errorf("found an array of shape %v, expected a whole number for each picture", h.shape)
	}
	var labels []int
	err = h.each(in.Reader, func(v float64) { labels = append(labels, int(min(max(v, -1), maxClasses))) })
	return labels, err
}

// openedArray is an array whose header was read.
type openedArray struct {
	*bufio.Reader
	close func() error
}

func openArray(open func() (io.ReadCloser, error)) (openedArray, npyHead, error) {
	r, err := open()
	if err != nil {
		return openedArray{}, npyHead{}, fmt.Errorf("cannot open: %w", cause(err))
	}
	in := openedArray{bufio.NewReaderSize(r, 1<<16), r.Close}
	h, err := readNPYHead(in)
	if err != nil {
		r.Close()
	}
	return in, h, err
}
