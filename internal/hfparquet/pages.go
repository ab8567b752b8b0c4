package hfparquet

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The library takes memory for a page as the page's header asks, in every goroutine that
// reads. So all headers of a column are read and checked first, and it is shown no byte
// behind the first page that asks for too much.

const (
	maxHeader = 16 << 20 // bytes of a page's header
	maxPage   = 1 << 30  // bytes of a page, unpacked
	smallPage = 16 << 20 // bytes of a page that may be packed as well as it likes
	packing   = 100      // times that larger pages may be packed: better than pictures can be
)

// chunk is the part of a row group's column that may be read.
type chunk struct {
	once  sync.Once
	file  io.ReaderAt
	end   int64 // in the file
	err   error // why there is no more, or nil
	takes int64 // bytes of memory that a page takes at most
}

// ReadAt implements [io.ReaderAt].
func (c *chunk) ReadAt(p []byte, at int64) (n int, err error) {
	if room := c.end - at; int64(len(p)) > room {
		p, err = p[:max(room, 0)], c.err
		if err == nil {
			err = io.EOF
		}
	}
	if len(p) == 0 {
		return 0, err
	}
	n, bad := c.file.ReadAt(p, at)
	if bad != nil {
		err = bad
	}
	return n, err
}

// chunk checks the pages of a column in a row group, once.
func (f *File) chunk(group, column int) *chunk {
	c := &f.chunks[group]
	if column != f.image {
		c = &f.labels[group]
	}
	c.once.Do(func() {
		c.file, c.err = f.disk, errors.New("found pages that cannot be checked")
		c.err = c.check(f, group, column)
	})
	return c
}

// check finds the end of the pages that may be read in a file.
func (c *chunk) check(f *File, group, column int) error {
	of, size := f.table.Metadata(), f.size
	meta := of.RowGroups[group].Columns[column].MetaData
	p := pages{file: c.file, codec: of.RowGroups[0].Columns[column].MetaData.Codec, rows: min(of.NumRows, of.RowGroups[group].NumRows)}
	at, first := meta.DataPageOffset, meta.DataPageOffset
	if meta.DictionaryPageOffset != 0 {
		first = meta.DictionaryPageOffset
	}
	if first < 0 || at < first || meta.TotalCompressedSize < 0 || first > size {
		return fmt.Errorf("found pages from byte %d on and a dictionary at %d, expected places in a file of %d bytes", at, first, size)
	}
	p.end = first + min(meta.TotalCompressedSize, size-first)
	c.end = first
	if first < at {
		if _, err := p.next(first); err != nil {
			return err
		}
	}
	for c.end = at; c.end < p.end; {
		if f.Stopped != nil {
			if err := f.Stopped(); err != nil {
				return err
			}
		}
		next, err := p.next(c.end)
		c.takes = p.takes
		if err != nil {
			return err
		}
		c.end = next
	}
	return nil
}

// pages are a run of pages, of which none takes more memory than takes.
type pages struct {
	file  io.ReaderAt
	end   int64
	codec format.CompressionCodec
	rows  int64 // of the row group
	takes int64
}

// next checks the page at a place and is the place of the next one.
func (p *pages) next(at int64) (next int64, err error) {
	h, n, err := p.header(at)
	if err != nil {
		return 0, err
	}
	at += n
	packed, unpacked := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	var values, most, levels int64
	isPacked := true
	switch v1, v2, d := h.DataPageHeader, h.DataPageHeaderV2, h.DictionaryPageHeader; {
	case h.Type == format.DataPage && v1.Valid:
		values, most = int64(v1.V.NumValues), p.rows
	case h.Type == format.DataPageV2 && v2.Valid: // its levels are not packed
		values, most = int64(v2.V.NumValues), p.rows
		levels = int64(v2.V.RepetitionLevelsByteLength) + int64(v2.V.DefinitionLevelsByteLength)
		isPacked = !v2.V.IsCompressed.Valid || v2.V.IsCompressed.V
	case h.Type == format.DictionaryPage && d.Valid:
		values, most = int64(d.V.NumValues), unpacked/4 // each has four bytes at least
	default:
		return 0, fmt.Errorf("found a page of type %s, expected values or a dictionary, and what it says of them", h.Type)
	}
	switch {
	case packed < 0 || packed > p.end-at:
		return 0, fmt.Errorf("found a page of %d bytes, expected at most the %d that are left", packed, p.end-at)
	case unpacked < 0 || unpacked > maxPage:
		return 0, fmt.Errorf("found a page of %d bytes, expected at most %d", unpacked, maxPage)
	case unpacked > smallPage && unpacked/packing > packed:
		return 0, fmt.Errorf("found a page of %d bytes packed into %d, expected pictures", unpacked, packed)
	case values < 0 || values > most:
		return 0, fmt.Errorf("found a page of %d values, expected at most %d", values, most)
	case levels < 0 || levels > packed:
		return 0, fmt.Errorf("found levels of %d bytes in a page of %d", levels, packed)
	}
	if isPacked {
		if err := checkPacked(p.codec, io.NewSectionReader(p.file, at+levels, packed-levels), unpacked); err != nil {
			return 0, err
		}
	}
	p.takes = max(p.takes, packed+2*unpacked) // its values are copied once more
	return at + packed, nil
}

// header reads the header of the page at a place, and how long it is.
func (p *pages) header(at int64) (h format.PageHeader, n int64, err error) {
	var compact thrift.CompactProtocol
	for room := int64(4 << 10); ; room *= 16 {
		text := make([]byte, min(room, p.end-at))
		if _, err := p.file.ReadAt(text, at); err != nil {
			return h, 0, err
		}
		in := compact.NewReaderFromBytes(text)
		h = format.PageHeader{}
		if err = thrift.NewDecoder(in).Decode(&h); err == nil {
			return h, int64(in.BytesRead()), nil
		}
		if int64(len(text)) < room || room >= maxHeader {
			return h, 0, fmt.Errorf("cannot read the header of a page: %w", err)
		}
	}
}
