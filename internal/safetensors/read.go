package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
)

// File is an open file of tensors.
type File struct {
	Meta map[string]string // what the header says beside tensors

	infos  map[string]Info
	r      io.ReaderAt
	values int64 // where they begin
	close  func() error
}

// Open opens a file and checks its header.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read: %w", path, errors.Unwrap(err))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("found no regular file, expected one")
	}
	var file *File
	if err == nil {
		file, err = New(f, info.Size())
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file.close = f.Close
	return file, nil
}

// New reads tensors from size bytes at r and checks the header.
func New(r io.ReaderAt, size int64) (*File, error) {
	var first [8]byte
	if size < 8 {
		return nil, fmt.Errorf("found %d bytes, expected at least the 8 that a safetensors file begins with", size)
	}
	if _, err := r.ReadAt(first[:], 0); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint64(first[:])
	if length > uint64(size-8) || length > maxHeader {
		return nil, fmt.Errorf("found a header of %d bytes, expected at most %d", length, min(maxHeader, size-8))
	}
	text := make([]byte, length)
	if _, err := r.ReadAt(text, 8); err != nil {
		return nil, err
	}
	f := &File{r: r, values: 8 + int64(length), close: func() error { return nil }}
	var err error
	f.infos, f.Meta, err = parseHeader(text, size-f.values)
	return f, err
}

// Close closes the file.
func (f *File) Close() error { return f.close() }

// Names lists the tensors in order.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.infos)) }

// Info describes a tensor; ok is false if there is none of the name.
func (f *File) Info(name string) (info Info, ok bool) {
	info, ok = f.infos[name]
	return info, ok
}

// Span is where the values of a tensor lie in the file.
func (f *File) Span(info Info) (begin, end int64) { return f.values + info.begin, f.values + info.end }

// Bytes reads the values of a tensor as they are stored, in little-endian order.
func (f *File) Bytes(name string) ([]byte, error) {
	info, ok := f.infos[name]
	if !ok {
		return nil, fmt.Errorf("tensor %q: missing", name)
	}
	begin, end := f.Span(info)
	data := make([]byte, end-begin)
	if len(data) == 0 {
		return data, nil
	}
	if _, err := f.r.ReadAt(data, begin); err != nil {
		return nil, fmt.Errorf("tensor %q: %w", name, err)
	}
	return data, nil
}

// Float32s reads the values of a tensor of floats of any width as float32.
func (f *File) Float32s(name string) ([]float32, error) {
	data, err := f.Bytes(name)
	if err != nil {
		return nil, err
	}
	info := f.infos[name]
	values := make([]float32, info.Size())
	little := binary.LittleEndian
	switch info.DType {
	case "F32":
		for i := range values {
			values[i] = math.Float32frombits(little.Uint32(data[4*i:]))
		}
	case "F64":
		for i := range values {
			values[i] = float32(math.Float64frombits(little.Uint64(data[8*i:])))
		}
	case "BF16":
		for i := range values {
			values[i] = math.Float32frombits(uint32(little.Uint16(data[2*i:])) << 16)
		}
	case "F16":
		for i := range values {
			values[i] = half(little.Uint16(data[2*i:]))
		}
	default:
		return nil, fmt.Errorf("tensor %q: found type %s, expected F32, F16, BF16 or F64", name, info.DType)
	}
	return values, nil
}

// half is the value of the 16 bits of an IEEE 754 binary16: a sign, 5 bits of an exponent
// that is raised by 15, and 10 of a fraction.
func half(bits uint16) float32 {
	sign, exponent, fraction := uint32(bits>>15)<<31, int(bits>>10&31), uint32(bits&1023)
	switch {
	case exponent == 31: // infinite, or not a number
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	case exponent == 0: // subnormal, or 0
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)/(1<<24)))
	}
	return math.Float32frombits(sign | uint32(exponent+127-15)<<23 | fraction<<13)
}
