package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// file is a file with the given header and so many bytes of values.
func file(header string, room int) []byte {
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	data = append(data, header...)
	for i := range room {
		data = append(data, byte(i))
	}
	return data
}

func open(data []byte) (*File, error) { return New(bytes.NewReader(data), int64(len(data))) }

// Every type of float is read as the values that PyTorch makes of it.
func TestTypesOfFloats(t *testing.T) {
	f, err := Open("testdata/types.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Meta["format"] != "pt" || f.Meta["quotes"] != `"<&>"` {
		t.Errorf("found metadata %q", f.Meta)
	}
	for _, name := range []string{"f64", "f32", "f16", "bf16"} {
		got, err := f.Float32s(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := f.Float32s(name + " as f32")
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
				t.Errorf("%s: found %v at %d, expected %v", name, got[i], i, want[i])
			}
		}
		if info, _ := f.Info(name); !slices.Equal(info.Shape, []int{2, 5}) || len(got) != 10 {
			t.Errorf("%s: found shape %v and %d values", name, info.Shape, len(got))
		}
	}
	if v, err := f.Float32s("scalar"); err != nil || len(v) != 1 || v[0] != 2.5 {
		t.Errorf("scalar: found %v (%v)", v, err)
	}
	if v, err := f.Float32s("none"); err != nil || len(v) != 0 {
		t.Errorf("none: found %v (%v)", v, err)
	}
	if _, err := f.Float32s("steps"); err == nil || !strings.Contains(err.Error(), "found type I64, expected F32, F16, BF16 or F64") {
		t.Errorf("steps: found error %v", err)
	}
	if _, err := f.Float32s("nonesuch"); err == nil || !strings.Contains(err.Error(), `tensor "nonesuch": missing`) {
		t.Errorf("nonesuch: found error %v", err)
	}
}

// Every half is its sign times its fraction times a power of two.
func TestHalves(t *testing.T) {
	for bits := range 1 << 16 {
		exponent, fraction := bits>>10&31, float64(bits&1023)
		want := math.Ldexp(1+fraction/1024, exponent-15)
		switch exponent {
		case 0:
			want = math.Ldexp(fraction/1024, -14)
		case 31:
			want = math.Inf(1)
			if fraction > 0 {
				want = math.NaN()
			}
		}
		if bits>>15 == 1 {
			want = -want
		}
		if got := half(uint16(bits)); got != float32(want) && !(math.IsNaN(want) && got != got) {
			t.Fatalf("%#04x: found %v, expected %v", bits, got, want)
		}
	}
}

func TestHostileHeaders(t *testing.T) {
	one := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"a":{"dtype":%q,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
	}
	two := func(a, b string) string {
		return fmt.Sprintf(`{"a":{"dtype":"U8","shape":[4],"data_offsets":%s},"b":{"dtype":"U8","shape":[4],"data_offsets":%s}}`, a, b)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":               {nil, "found 0 bytes, expected at least the 8"},
		"longer than file":    {binary.LittleEndian.AppendUint64(nil, 1), "found a header of 1 bytes, expected at most 0"},
		"length overflows":    {binary.LittleEndian.AppendUint64(nil, math.MaxUint64), "found a header of 18446744073709551615 bytes"},
		"no JSON":             {file("nonsense", 0), "header: invalid character"},
		"no object":           {file("[]", 0), "header: found [, expected an object"},
		"cut short":           {file(`{"a":`, 0), "header:"},
		"more after the end":  {file(`{} {}`, 0), "found more after its end"},
		"key twice":           {file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0), `found "a" twice`},
		"field twice":         {file(`{"a":{"dtype":"U8","dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, 0), `tensor "a": found "dtype" twice`},
		"unknown field":       {file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"more":1}}`, 0), `found a field "more"`},
		"unknown type":        {file(one("F12", "[1]", "[0,2]"), 2), `tensor "a": found type "F12"`},
		"no type":             {file(`{"a":{"shape":[0],"data_offsets":[0,0]}}`, 0), `found type ""`},
		"no shape":            {file(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1), "found no shape"},
		"no offsets":          {file(`{"a":{"dtype":"U8","shape":[1]}}`, 1), "found 0 data_offsets, expected 2"},
		"three offsets":       {file(one("U8", "[1]", "[0,1,2]"), 1), "found 3 data_offsets"},
		"negative size":       {file(one("U8", "[-1]", "[0,1]"), 1), "cannot unmarshal number -1"},
		"fraction":            {file(one("U8", "[1.5]", "[0,1]"), 1), "cannot unmarshal number 1.5"},
		"backwards":           {file(one("U8", "[1]", "[1,0]"), 1), "found data_offsets [1 0]"},
		"size overflows":      {file(one("F32", "[4294967296,4294967296]", "[0,0]"), 0), "whose size overflows"},
		"bytes overflow":      {file(one("F64", "[2305843009213693952]", "[0,0]"), 0), "whose size overflows"},
		"enormous":            {file(one("F32", "[1000000000,100]", "[0,400000000000]"), 8), "found 8 bytes of values, expected 400000000000"},
		"wrong size":          {file(one("F32", "[2]", "[0,4]"), 4), "found 4 bytes, expected 8 for F32 of shape [2]"},
		"overlap":             {file(two("[0,4]", "[2,6]"), 6), `tensor "b": begins at byte 2, within the tensor that ends at 4`},
		"same range":          {file(two("[0,4]", "[0,4]"), 4), "begins at byte 0, within the tensor that ends at 4"},
		"hole":                {file(two("[0,4]", "[6,10]"), 10), `tensor "b": begins at byte 6, expected 4`},
		"hole at the start":   {file(one("U8", "[4]", "[2,6]"), 6), "begins at byte 2, expected 0"},
		"bytes after the end": {file(two("[0,4]", "[4,8]"), 9), "found 9 bytes of values, expected 8"},
		"too short":           {file(two("[0,4]", "[4,8]"), 7), "found 7 bytes of values, expected 8"},
		"metadata of numbers": {file(`{"__metadata__":{"a":1}}`, 0), "cannot unmarshal number"},
		"deep":                {file(`{"a":`+strings.Repeat(`{"shape":`, 100_000), 0), "header"},
	} {
		if _, err := open(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: found error %v, expected %q", name, err, c.want)
		}
	}
	if f, err := open(file(two("[4,8]", "[0,4]"), 8)); err != nil {
		t.Error(err)
	} else if b, err := f.Bytes("b"); err != nil || !bytes.Equal(b, []byte{0, 1, 2, 3}) {
		t.Errorf("found %v (%v), expected the first four bytes", b, err)
	}
}

var written = []Tensor{
	{"step", "I64", []int{}, []byte{1, 2, 3, 4, 5, 6, 7, 8}},
	{"a <&>", "F32", []int{2, 1}, []byte{0, 0, 128, 63, 0, 0, 0, 64}},
	{"empty", "F32", []int{0, 3}, nil},
	{"bytes", "U8", []int{3}, []byte{1, 2, 3}},
}

func TestWriteAndRead(t *testing.T) {
	var out bytes.Buffer
	if err := Write(&out, map[string]string{"format": "pt"}, written); err != nil {
		t.Fatal(err)
	}
	if n := binary.LittleEndian.Uint64(out.Bytes()); n%8 != 0 {
		t.Errorf("found a header of %d bytes, expected a multiple of 8", n)
	}
	f, err := open(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if f.Meta["format"] != "pt" || len(f.Names()) != len(written) {
		t.Errorf("found %q and %q", f.Meta, f.Names())
	}
	for _, want := range written {
		info, _ := f.Info(want.Name)
		data, err := f.Bytes(want.Name)
		if err != nil || info.DType != want.DType || !slices.Equal(info.Shape, want.Shape) || !bytes.Equal(data, want.Data) {
			t.Errorf("%q: found %v %v (%v), expected %v", want.Name, info, data, err, want)
		}
		if info.begin%sizes[info.DType] != 0 {
			t.Errorf("%q: begins at byte %d, expected a multiple of the size of %s", want.Name, info.begin, info.DType)
		}
	}
	for want, bad := range map[string][]Tensor{
		"found 3 bytes, expected 4":   {{"a", "F32", []int{1}, []byte{1, 2, 3}}},
		"found twice":                 {written[0], written[0]},
		`found type "F12"`:            {{"a", "F12", nil, nil}},
		`"__metadata__": found twice`: {{"__metadata__", "U8", []int{0}, nil}},
	} {
		if err := Write(&bytes.Buffer{}, nil, bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected %q", err, want)
		}
	}
}

func TestShards(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shard := func(name string, tensors ...Tensor) {
		var out bytes.Buffer
		if err := Write(&out, nil, tensors); err != nil {
			t.Fatal(err)
		}
		put(name, out.Bytes())
	}
	shard("one.safetensors", written[1])
	shard("two.safetensors", written[0], written[3])
	index := filepath.Join(dir, "m.safetensors.index.json")
	good := `{"metadata":{"total_size":19},"weight_map":{"a <&>":"one.safetensors","step":"two.safetensors","bytes":"two.safetensors"}}`
	put("m.safetensors.index.json", []byte(good))
	s, err := OpenSet(index)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !slices.Equal(s.Names(), []string{"a <&>", "bytes", "step"}) {
		t.Errorf("found %q", s.Names())
	}
	if v, err := s.Float32s("a <&>"); err != nil || !slices.Equal(v, []float32{1, 2}) {
		t.Errorf("found %v (%v)", v, err)
	}
	for name, c := range map[string][2]string{
		"outside":  {`{"weight_map":{"a":"../one.safetensors"}}`, `found file "../one.safetensors"`},
		"absolute": {`{"weight_map":{"a":"/one.safetensors"}}`, `found file "/one.safetensors"`},
		"parent":   {`{"weight_map":{"a":".."}}`, `found file ".."`},
		"nothing":  {`{}`, "found no tensors"},
		"no JSON":  {`{`, "unexpected end of JSON"},
		"no file":  {`{"weight_map":{"a":"three.safetensors"}}`, "three.safetensors: cannot read"},
		"missing":  {strings.Replace(good, `"step"`, `"stop"`, 1), `tensor "stop": missing`},
		"more":     {strings.Replace(good, `,"bytes":"two.safetensors"`, "", 1), `tensor "bytes": found, but the index`},
	} {
		put("bad.index.json", []byte(c[0]))
		if _, err := OpenSet(filepath.Join(dir, "bad.index.json")); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: found error %v, expected %q", name, err, c[1])
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "nonesuch.safetensors")} {
		if _, err := OpenSet(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: found error %v, expected one that names it", path, err)
		}
	}
}

// What is accepted can be read in full, needs no more room than the file, and is written
// again to the same tensors.
func FuzzNew(f *testing.F) {
	var out bytes.Buffer
	if err := Write(&out, map[string]string{"format": "pt"}, written); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add(file(`{"a":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}  `, 8))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := open(data)
		if err != nil {
			return
		}
		var again []Tensor
		total := 0
		for _, name := range file.Names() {
			info, _ := file.Info(name)
			b, err := file.Bytes(name)
			if err != nil {
				t.Fatal(err)
			}
			file.Float32s(name)
			total += len(b)
			again = append(again, Tensor{name, info.DType, info.Shape, b})
		}
		if total > len(data) {
			t.Fatalf("found %d bytes of values in a file of %d", total, len(data))
		}
		var out bytes.Buffer
		if err := Write(&out, file.Meta, again); err != nil {
			t.Fatal(err)
		}
		if _, err := open(out.Bytes()); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"metadata":{"total_size":19},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		files, err := parseIndex(text)
		for name := range files {
			if err == nil && filepath.Base(name) != name {
				t.Fatalf("found file %q", name)
			}
		}
	})
}
