package cpu

import (
	"math/bits"
	"reflect"
	"sync"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"
)

// Buffer is a tensor in memory.
type Buffer struct {
	backend *Backend
	shape   shapes.Shape
	mem     []byte // aligned to a cache line; nil when finalized
}

// Backend is the backend that holds the buffer.
func (b *Buffer) Backend() compute.Backend { return b.backend }

// Finalize gives the memory back. The buffer must not be used any more.
func (b *Buffer) Finalize() error {
	if b == nil {
		return nil
	}
	b.backend.buffers.put(b.mem)
	b.mem, b.shape = nil, shapes.Invalid()
	return nil
}

// Shape is the shape of the tensor.
func (b *Buffer) Shape() (shapes.Shape, error) {
	if !b.shape.Ok() {
		return shapes.Invalid(), errors.New("buffer: found a finalized one")
	}
	return b.shape, nil
}

// DeviceNum is 0: the processor.
func (b *Buffer) DeviceNum() (compute.DeviceNum, error) { return 0, nil }

// Data is the tensor's memory as a slice of its Go type, for as long as the buffer
// lives.
func (b *Buffer) Data() (any, error) {
	if !b.shape.Ok() {
		return nil, errors.New("buffer: found a finalized one")
	}
	return flatOf(b.mem, b.shape), nil
}

// ToFlatData copies the tensor into a slice of its Go type and size.
func (b *Buffer) ToFlatData(flat any) error {
	data, err := b.Data()
	if err != nil {
		return err
	}
	return copyFlat(flat, data)
}

// CopyToDevice copies the buffer; there is only one device.
func (b *Buffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	data, err := b.Data()
	if err != nil {
		return nil, err
	}
	return b.backend.BufferFromFlatData(device, data, b.shape)
}

// HasSharedBuffers is true: buffers are plain memory.
func (b *Backend) HasSharedBuffers() bool { return true }

// NewSharedBuffer makes a buffer of zeros, and the slice that shares its memory.
func (b *Backend) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (compute.Buffer, any, error) {
	buffer, err := b.newBuffer(device, shape)
	if err != nil {
		return nil, nil, err
	}
	clear(buffer.mem)
	return buffer, flatOf(buffer.mem, shape), nil
}

// BufferFromFlatData copies a slice of the shape's Go type and size into a buffer.
func (b *Backend) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	buffer, err := b.newBuffer(device, shape)
	if err != nil {
		return nil, err
	}
	if err := copyFlat(flatOf(buffer.mem, shape), flat); err != nil {
		buffer.Finalize()
		return nil, err
	}
	return buffer, nil
}

func (b *Backend) newBuffer(device compute.DeviceNum, shape shapes.Shape) (*Buffer, error) {
	switch {
	case b.IsFinalized():
		return nil, errors.Errorf("%s backend: it was finalized", Name)
	case device != 0:
		return nil, errors.Errorf("device: found %d, expected 0, the only one of backend %s", device, Name)
	case !shape.Ok() || shape.IsTuple() || shape.IsDynamic():
		return nil, errors.Errorf("shape: found %s, expected one of a tensor, whose sides are known", shape)
	}
	return &Buffer{backend: b, shape: shape.Clone(), mem: b.buffers.get(sizeOf(shape))}, nil
}

// own is x as one of the backend's live buffers.
func (b *Backend) own(x compute.Buffer) (*Buffer, error) {
	buffer, ok := x.(*Buffer)
	switch {
	case !ok || buffer == nil:
		return nil, errors.Errorf("buffer: found a %T, expected one of backend %s", x, Name)
	case buffer.backend != b:
		return nil, errors.Errorf("buffer: found one of another backend %s, expected one of this one", Name)
	case !buffer.shape.Ok():
		return nil, errors.New("buffer: found a finalized one")
	}
	return buffer, nil
}

// sizeOf is the number of bytes of a tensor.
func sizeOf(shape shapes.Shape) int { return shape.DType.SizeForDimensions(shape.Dimensions...) }

// flatOf is memory as a slice of a shape's Go type.
func flatOf(mem []byte, shape shapes.Shape) any {
	if shape.Size() == 0 {
		return dtypes.MakeAnySlice(shape.DType, 0)
	}
	return dtypes.UnsafeAnySliceFromBytes(unsafe.Pointer(unsafe.SliceData(mem)), shape.DType, shape.Size())
}

// copyFlat copies a slice to another of the same type and length.
func copyFlat(dst, src any) error {
	d, s := reflect.ValueOf(dst), reflect.ValueOf(src)
	if d.Kind() != reflect.Slice {
		return errors.Errorf("flat data: found a %T to copy to, expected a slice", dst)
	}
	if s.Kind() != reflect.Slice {
		return errors.Errorf("flat data: found a %T, expected a %T", src, dst)
	}
	if d.Type() != s.Type() || d.Len() != s.Len() {
		return errors.Errorf("flat data: found a %T of length %d to copy to a %T of length %d, expected the same", src, s.Len(), dst, d.Len())
	}
	reflect.Copy(d, s)
	return nil
}

// store keeps freed memory for the next buffer of about the same size. Its zero
// value is ready.
type store struct {
	mu   sync.Mutex
	free map[int][][]byte // by size class
	held int              // bytes in free
}

const (
	line     = 64      // bytes that memory is aligned to
	mostHeld = 1 << 30 // bytes that a store keeps
)

// class is the size that a request is rounded up to: four to a power of two.
func class(size int) int {
	size = max(size, line)
	step := 1 << max(bits.Len(uint(size-1))-3, 6)
	return (size + step - 1) / step * step
}

// get is memory of at least size bytes; it may hold anything.
func (s *store) get(size int) []byte {
	c := class(size)
	s.mu.Lock()
	if all := s.free[c]; len(all) > 0 {
		mem := all[len(all)-1]
		s.free[c] = all[:len(all)-1]
		s.held -= c
		s.mu.Unlock()
		return mem[:size]
	}
	s.mu.Unlock()
	raw := make([]byte, c+line)
	off := -int(uintptr(unsafe.Pointer(unsafe.SliceData(raw)))) & (line - 1)
	return raw[off : off+size : off+c]
}

// put gives memory back that get gave.
func (s *store) put(mem []byte) {
	c := cap(mem)
	if c == 0 || c != class(c) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held+c > mostHeld {
		return
	}
	if s.free == nil {
		s.free = map[int][][]byte{}
	}
	s.free[c] = append(s.free[c], mem[:0:c])
	s.held += c
}

func (s *store) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free, s.held = nil, 0
}
