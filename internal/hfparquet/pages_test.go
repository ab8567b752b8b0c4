package hfparquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// packedFile is a file of pictures, each in a page of its own.
func packedFile(t *testing.T, version int, codec compress.Codec, pictures ...string) []byte {
	t.Helper()
	type row struct {
		Image struct {
			Bytes []byte `parquet:"bytes,optional"`
		} `parquet:"image"`
	}
	var file bytes.Buffer
	w := parquet.NewGenericWriter[row](&file, parquet.PageBufferSize(1), parquet.Compression(codec), parquet.DataPageVersion(version), parquet.SkipPageBounds("image", "bytes"), parquet.DataPageStatistics(false))
	for _, p := range pictures {
		var r row
		r.Image.Bytes = []byte(p)
		if _, err := w.Write([]row{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// picturesOf reads all pictures of a file, as far as they can be read.
func picturesOf(t *testing.T, data []byte) (pictures []string, errs []error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.parquet")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := f.Cursor()
	defer at.Close()
	for i := range f.Rows() {
		p, err := at.Picture(i)
		pictures, errs = append(pictures, string(p)), append(errs, err)
	}
	return pictures, errs
}

// A page that is packed far better than pictures can be is not unpacked; those before it are.
func TestBombs(t *testing.T) {
	data := packedFile(t, 1, &parquet.Zstd, "one", "two", strings.Repeat("\x00", 64<<20), "four")
	if len(data) > 1<<20 {
		t.Fatalf("found a file of %d bytes", len(data))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pictures, errs := picturesOf(t, data)
	runtime.ReadMemStats(&after)
	if pictures[0] != "one" || pictures[1] != "two" || errs[2] == nil || !strings.Contains(errs[2].Error(), "row 3: cannot read: found a page of 67108") || errs[3] == nil {
		t.Errorf("found %q, %v", pictures[:2], errs)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
		t.Errorf("took %d bytes of memory", took)
	}
}

// What a page unpacks into is held to what its header says, however it is packed.
func TestPagesThatUnpackIntoMore(t *testing.T) {
	picture := strings.Repeat("\x00", 3<<20)
	for _, codec := range []compress.Codec{&parquet.Snappy, &parquet.Gzip, &parquet.Brotli, &parquet.Zstd, &parquet.Lz4Raw} {
		for version := 1; version <= 2; version++ {
			data := packedFile(t, version, codec, "one", picture, "three")
			if pictures, errs := picturesOf(t, data); pictures[0] != "one" || pictures[1] != picture || pictures[2] != "three" {
				t.Errorf("%s, version %d: %v", codec, version, errs)
			}
			at, says := int64(4), []byte(nil)
			for range 2 { // pages
				h, n, err := (&pages{file: bytes.NewReader(data), end: int64(len(data))}).header(at)
				if err != nil {
					t.Fatal(err)
				}
				says = binary.AppendVarint(nil, int64(h.UncompressedPageSize))
				at += n + int64(h.CompressedPageSize)
			}
			copy(data[bytes.Index(data, says):], binary.AppendVarint(nil, 2<<20))
			pictures, errs := picturesOf(t, data)
			if pictures[0] != "one" || errs[1] == nil || !strings.Contains(errs[1].Error(), "found a page that unpacks into more than the 2097152 bytes") {
				t.Errorf("%s, version %d: found error %v", codec, version, errs[1])
			}
		}
	}
}

// What cannot be a block of LZ4 is an error, wherever it ends.
func TestUnpackedLZ4(t *testing.T) {
	for block, want := range map[string]int64{
		"\x20ab":                             2,
		"\x20ab\x02\x00\x10c":                7,
		"\x2fab\x01\x00\xff\x02\x00":         2 + 15 + 257 + 4,
		"\xf0\x00" + strings.Repeat("x", 15): 15,
		"":                                   -1,
		"\x30ab":                             -1,
		"\x20ab\x02":                         -1,
		"\x20ab\x02\x00":                     -1,
		"\x20ab\x03\x00\x00":                 -1,
		"\x20ab\x00\x00\x00":                 -1,
		"\xf0\xff":                           -1,
		"\x2fab\x01\x00\xff":                 -1,
	} {
		if n, err := unpackedLZ4([]byte(block)); (err != nil) != (want < 0) || err == nil && n != want {
			t.Errorf("%q: found %d, %v, expected %d", block, n, err, want)
		}
	}
}

// Headers that ask for more memory than pages can need are refused.
func TestHeadersOfPages(t *testing.T) {
	data := func(packed, unpacked, values int32) format.PageHeader {
		h := format.PageHeader{Type: format.DataPage, CompressedPageSize: packed, UncompressedPageSize: unpacked}
		h.DataPageHeader.Valid, h.DataPageHeader.V.NumValues = true, values
		return h
	}
	dictionary := func(values int32) format.PageHeader {
		h := format.PageHeader{Type: format.DictionaryPage, CompressedPageSize: 10, UncompressedPageSize: 40}
		h.DictionaryPageHeader.Valid, h.DictionaryPageHeader.V.NumValues = true, values
		return h
	}
	levels := func(bytes int32) format.PageHeader {
		h := format.PageHeader{Type: format.DataPageV2, CompressedPageSize: 10, UncompressedPageSize: 40}
		h.DataPageHeaderV2.Valid, h.DataPageHeaderV2.V.DefinitionLevelsByteLength = true, bytes
		return h
	}
	other := data(10, 10, 1)
	other.Type = format.DataPageV2
	for _, test := range []struct {
		header format.PageHeader
		want   string
	}{
		{data(100, 100, 7), ""},
		{data(100, 16<<20, 7), ""},
		{data(101, 101, 7), "found a page of 101 bytes, expected at most the 100 that are left"},
		{data(-1, 10, 7), "found a page of -1 bytes"},
		{data(100, 1<<31-1, 7), "found a page of 2147483647 bytes, expected at most 1073741824"},
		{data(100, -1, 7), "found a page of -1 bytes"},
		{data(100, 16<<20+1, 7), "found a page of 16777217 bytes packed into 100, expected pictures"},
		{data(100, 100, 8), "found a page of 8 values, expected at most 7"},
		{data(100, 100, -1), "found a page of -1 values"},
		{dictionary(10), ""},
		{dictionary(11), "found a page of 11 values, expected at most 10"},
		{levels(10), ""},
		{levels(11), "found levels of 11 bytes in a page of 10"},
		{other, "found a page of type DATA_PAGE_V2, expected"},
		{format.PageHeader{Type: format.IndexPage}, "found a page of type INDEX_PAGE"},
	} {
		text, err := thrift.Marshal(new(thrift.CompactProtocol), test.header)
		if err != nil {
			t.Fatal(err)
		}
		file := append(text, make([]byte, 100)...)
		p := pages{file: bytes.NewReader(file), end: int64(len(file)), codec: format.Uncompressed, rows: 7}
		next, err := p.next(0)
		switch {
		case test.want == "" && (err != nil || next != int64(len(text))+int64(test.header.CompressedPageSize)):
			t.Errorf("%+v: found a next page at %d, %v", test.header, next, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%+v: found error %v, want %q", test.header, err, test.want)
		}
	}
}

// Who wants more than is left waits until others give it back.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(10)
		all := r.take(20)
		if all != 10 {
			t.Fatalf("found %d taken, expected 10", all)
		}
		got := make(chan int64, 1)
		go func() { got <- r.take(3) }()
		synctest.Wait()
		select {
		case n := <-got:
			t.Errorf("found %d taken, expected none", n)
		default:
		}
		r.give(all)
		r.give(<-got)
		if r.left != 10 {
			t.Errorf("found %d left, expected 10", r.left)
		}
	})
}

// Pages are checked one by one until the reading is ended.
func TestChecksStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	if err := os.WriteFile(path, packedFile(t, 1, &parquet.Zstd, "one", "two", "three", "four", "five"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	asked, stop := 0, errors.New("stopped")
	f.Stopped = func() error {
		if asked++; asked > 2 {
			return stop
		}
		return nil
	}
	at := f.Cursor()
	defer at.Close()
	if p, err := at.Picture(1); err != nil || string(p) != "two" {
		t.Errorf("found %q, %v, expected what was checked before", p, err)
	}
	if _, err := at.Picture(2); !errors.Is(err, stop) || asked != 3 {
		t.Errorf("found error %v after %d questions, expected %v after 3", err, asked, stop)
	}
}
