package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Tensor is a tensor to write.
type Tensor struct {
	Name  string
	DType string
	Shape []int
	Data  []byte // little-endian
}

// Write writes tensors, those of wide types first and then by name, so that every value
// lies at a multiple of its size.
func Write(w io.Writer, meta map[string]string, tensors []Tensor) error {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(sizes[b.DType], sizes[a.DType]), cmp.Compare(a.Name, b.Name))
	})
	head, err := header(meta, tensors)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

// header is the length of the header and the header, padded to a multiple of 8.
func header(meta map[string]string, tensors []Tensor) ([]byte, error) {
	type entry struct {
		DType   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	all := map[string]any{}
	if len(meta) > 0 {
		all[metaKey] = meta
	}
	at := int64(0)
	for _, t := range tensors {
		each, known := sizes[t.DType]
		want := each * int64(Info{Shape: t.Shape}.Size())
		_, twice := all[t.Name]
		switch {
		case !known:
			return nil, fmt.Errorf("tensor %q: found type %q, expected one of the format", t.Name, t.DType)
		case int64(len(t.Data)) != want:
			return nil, fmt.Errorf("tensor %q: found %d bytes, expected %d for %s of shape %v", t.Name, len(t.Data), want, t.DType, t.Shape)
		case twice || t.Name == metaKey:
			return nil, fmt.Errorf("tensor %q: found twice, expected names that differ", t.Name)
		}
		all[t.Name] = entry{t.DType, append([]int{}, t.Shape...), [2]int64{at, at + want}}
		at += want
	}
	var text bytes.Buffer
	text.Write(make([]byte, 8))
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(all); err != nil {
		return nil, err
	}
	text.Truncate(text.Len() - 1) // the encoder's line break
	for text.Len()%8 != 0 {
		text.WriteByte(' ')
	}
	head := text.Bytes()
	if len(head)-8 > maxHeader {
		return nil, fmt.Errorf("found a header of %d bytes, expected at most %d", len(head)-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(head, uint64(len(head)-8))
	return head, nil
}
