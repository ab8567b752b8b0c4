// Package tfevents writes the event files that TensorBoard shows: scalars and pictures
// by step. It imports nothing of drift but internal/safefile.
//
// A file is a row of records: the length of the data (8 bytes), its masked checksum (4),
// the data and their masked checksum (4), all little-endian. The data are a protocol
// buffer "Event", of which the fields below are all that is needed.
package tfevents

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"

	"drift/internal/safefile"
)

// Event is what is known of a step.
type Event struct {
	Wall   float64 // seconds since 1970
	Step   int64
	Values []Value
}

// Value is a number, or a picture if PNG is not nil.
type Value struct {
	Tag           string
	Scalar        float32
	PNG           []byte
	Width, Height int // of the picture
}

// Writer adds events to a file. It is not safe for concurrent use.
type Writer struct{ f *os.File }

// maxRecord bounds the data of a record, in bytes.
const maxRecord = 64 << 20

// version is the file's first event: what every reader expects there.
const version = "brain.Event:2"

// Open opens a file for more events, or begins it. Events of steps after step and what a
// killed process left half-written are dropped: the run takes those steps again.
func Open(path string, step int64) (*Writer, error) {
	old, err := os.Open(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if old != nil {
		defer old.Close()
	}
	err = safefile.Write(path, func(w io.Writer) error {
		kept := false
		for old != nil {
			data, err := readRecord(old)
			if err != nil {
				break // the end, or what is half-written
			}
			at, err := stepOf(data)
			if err != nil || at > step {
				continue
			}
			kept = true
			if err := writeRecord(w, data); err != nil {
				return err
			}
		}
		if kept {
			return nil
		}
		return writeRecord(w, text(double(nil, 1, 0), 3, []byte(version)))
	})
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &Writer{f}, nil
}

// Add writes an event.
func (w *Writer) Add(e Event) error { return writeRecord(w.f, e.encode()) }

// Close closes the file.
func (w *Writer) Close() error { return w.f.Close() }

func writeRecord(w io.Writer, data []byte) error {
	record := binary.LittleEndian.AppendUint64(make([]byte, 0, len(data)+16), uint64(len(data)))
	record = binary.LittleEndian.AppendUint32(record, masked(record))
	record = append(record, data...)
	record = binary.LittleEndian.AppendUint32(record, masked(data))
	_, err := w.Write(record)
	return err
}

func readRecord(r io.Reader) ([]byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(head[:])
	if sum := binary.LittleEndian.Uint32(head[8:]); sum != masked(head[:8]) || n > maxRecord {
		return nil, fmt.Errorf("record: found a length of %d with checksum %08x, expected at most %d and its own checksum", n, sum, maxRecord)
	}
	data := make([]byte, n+4)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, err
	}
	data, sum := data[:n], binary.LittleEndian.Uint32(data[n:])
	if sum != masked(data) {
		return nil, fmt.Errorf("record: found checksum %08x, expected %08x", sum, masked(data))
	}
	return data, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is the CRC-32C of data, turned and shifted so that checksums of data that hold
// checksums keep their worth.
func masked(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// encode is the event as a protocol buffer.
func (e Event) encode() []byte {
	var summary []byte
	for _, v := range e.Values {
		value := text(nil, 1, []byte(v.Tag))
		if v.PNG == nil {
			value = binary.LittleEndian.AppendUint32(append(value, 2<<3|5), math.Float32bits(v.Scalar))
		} else {
			picture := number(number(nil, 1, int64(v.Height)), 2, int64(v.Width))
			picture = number(picture, 3, 3) // red, green, blue
			value = text(value, 4, text(picture, 4, v.PNG))
		}
		summary = text(summary, 1, value)
	}
	return text(number(double(nil, 1, e.Wall), 2, e.Step), 5, summary)
}

// The kinds of fields of protocol buffers, each written behind what is there.

func double(b []byte, field int, v float64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, byte(field<<3|1)), math.Float64bits(v))
}

func number(b []byte, field int, v int64) []byte {
	return binary.AppendUvarint(append(b, byte(field<<3)), uint64(v))
}

func text(b []byte, field int, v []byte) []byte {
	b = binary.AppendUvarint(append(b, byte(field<<3|2)), uint64(len(v)))
	return append(b, v...)
}

// stepOf is the step of an event, 0 if it says none.
func stepOf(data []byte) (step int64, err error) {
	malformed := errors.New("event: found a malformed field")
	for len(data) > 0 {
		key, n := binary.Uvarint(data)
		if n <= 0 {
			return 0, malformed
		}
		data = data[n:]
		var size uint64
		switch key & 7 {
		case 0:
			v, n := binary.Uvarint(data)
			if n <= 0 {
				return 0, malformed
			}
			if key>>3 == 2 {
				step = int64(v)
			}
			size = uint64(n)
		case 1:
			size = 8
		case 2:
			v, n := binary.Uvarint(data)
			if n <= 0 || v > uint64(len(data)) {
				return 0, malformed
			}
			size = uint64(n) + v
		case 5:
			size = 4
		default:
			return 0, malformed
		}
		if size > uint64(len(data)) {
			return 0, malformed
		}
		data = data[size:]
	}
	return step, nil
}
