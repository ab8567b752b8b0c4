package safetensors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// maxHeader bounds the bytes of a header, as the format itself does.
const maxHeader = 100_000_000

// metaKey is where a header keeps what is no tensor.
const metaKey = "__metadata__"

// sizes are the bytes of a value of each type.
var sizes = map[string]int64{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
	"U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8,
}

// Info describes a tensor of a file.
type Info struct {
	Name  string
	DType string // as the format names it: "F32", "BF16", "I64", …
	Shape []int  // empty for a scalar

	begin, end int64 // of its values, after the header
}

// Size is the number of values.
func (i Info) Size() int {
	n := 1
	for _, s := range i.Shape {
		n *= s
	}
	return n
}

// parseHeader reads a header and holds it against the number of bytes that follow it.
func parseHeader(text []byte, room int64) (infos map[string]Info, meta map[string]string, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	infos, meta = map[string]Info{}, map[string]string{}
	err = object(d, func(key string) error {
		if key == metaKey {
			return object(d, func(key string) error {
				var value string
				err := d.Decode(&value)
				meta[key] = value
				return err
			})
		}
		info, err := parseInfo(d, key)
		infos[key] = info
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	if rest, _ := io.ReadAll(d.Buffered()); len(bytes.TrimSpace(rest)) > 0 || d.More() {
		return nil, nil, errors.New("header: found more after its end, expected nothing but spaces")
	}
	return infos, meta, contiguous(infos, room)
}

// parseInfo reads what a header says of one tensor.
func parseInfo(d *json.Decoder, name string) (Info, error) {
	info := Info{Name: name, Shape: []int{}}
	var shape, offsets []uint64
	err := object(d, func(key string) error {
		switch key {
		case "dtype":
			return d.Decode(&info.DType)
		case "shape":
			return d.Decode(&shape)
		case "data_offsets":
			return d.Decode(&offsets)
		}
		return fmt.Errorf("found a field %q, expected dtype, shape and data_offsets", key)
	})
	if err != nil {
		return info, fmt.Errorf("tensor %q: %w", name, err)
	}
	each, known := sizes[info.DType]
	switch {
	case !known:
		return info, fmt.Errorf("tensor %q: found type %q, expected one of the format", name, info.DType)
	case shape == nil:
		return info, fmt.Errorf("tensor %q: found no shape", name)
	case len(offsets) != 2:
		return info, fmt.Errorf("tensor %q: found %d data_offsets, expected 2", name, len(offsets))
	case offsets[0] > offsets[1] || offsets[1] > math.MaxInt64:
		return info, fmt.Errorf("tensor %q: found data_offsets %d, expected a beginning and an end after it", name, offsets)
	}
	size := uint64(each)
	for _, s := range shape {
		if s > math.MaxInt || s > 0 && size > math.MaxInt64/s {
			return info, fmt.Errorf("tensor %q: found shape %d, whose size overflows", name, shape)
		}
		size *= s
		info.Shape = append(info.Shape, int(s))
	}
	info.begin, info.end = int64(offsets[0]), int64(offsets[1])
	if found := offsets[1] - offsets[0]; found != size {
		return info, fmt.Errorf("tensor %q: found %d bytes, expected %d for %s of shape %d", name, found, size, info.DType, shape)
	}
	return info, nil
}

// object reads a JSON object and calls each with every key; each reads the value.
func object(d *json.Decoder, each func(key string) error) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return fmt.Errorf("found %v, expected an object", t)
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key := t.(string) // the decoder takes nothing else for a key
		if seen[key] {
			return fmt.Errorf("found %q twice, expected it once", key)
		}
		seen[key] = true
		if err := each(key); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// contiguous checks that the values of the tensors fill room bytes: that no two overlap,
// and that nothing lies between them, before or after.
func contiguous(infos map[string]Info, room int64) error {
	order := make([]Info, 0, len(infos))
	for _, i := range infos {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b Info) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	at := int64(0)
	for _, i := range order {
		switch {
		case i.begin < at:
			return fmt.Errorf("tensor %q: begins at byte %d, within the tensor that ends at %d", i.Name, i.begin, at)
		case i.begin > at:
			return fmt.Errorf("tensor %q: begins at byte %d, expected %d: what lies between belongs to no tensor", i.Name, i.begin, at)
		}
		at = i.end
	}
	if at != room {
		return fmt.Errorf("found %d bytes of values, expected %d, where the last tensor ends", room, at)
	}
	return nil
}
