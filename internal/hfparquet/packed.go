package hfparquet

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// maxWindow bounds what zstd looks back at in pages that are smaller.
const maxWindow = 128 << 20

// checkPacked is an error unless a page unpacks into at most so many bytes, which its
// header says. It takes little memory.
func checkPacked(codec format.CompressionCodec, packed *io.SectionReader, most int64) error {
	n, err := unpacked(codec, packed, most)
	if err != nil {
		return fmt.Errorf("cannot unpack: %w", err)
	}
	if n > most {
		return fmt.Errorf("found a page that unpacks into more than the %d bytes that its header says", most)
	}
	return nil
}

// unpacked is how many bytes a page unpacks into, or some number above most.
func unpacked(codec format.CompressionCodec, packed *io.SectionReader, most int64) (int64, error) {
	count := func(r io.Reader) (int64, error) { return io.Copy(io.Discard, io.LimitReader(r, most+1)) }
	switch {
	case codec == format.Uncompressed || packed.Size() == 0:
		return 0, nil
	case codec == format.Snappy: // begins with it
		n, err := binary.ReadUvarint(bufio.NewReaderSize(packed, 16))
		return int64(min(n, maxPage+1)), err
	case codec == format.Gzip:
		r, err := gzip.NewReader(packed)
		if err != nil {
			return 0, err
		}
		return count(r)
	case codec == format.Brotli:
		return count(brotli.NewReader(packed))
	case codec == format.Zstd:
		r, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(uint64(max(most, maxWindow))))
		if err != nil {
			return 0, err
		}
		defer r.Close()
		return count(r)
	case codec == format.Lz4Raw:
		block, err := io.ReadAll(packed)
		if err != nil {
			return 0, err
		}
		return unpackedLZ4(block)
	}
	return 0, fmt.Errorf("found pages packed by %s, expected Snappy, gzip, Brotli, zstd or LZ4_RAW", codec)
}

// unpackedLZ4 is how many bytes a block of LZ4 unpacks into: runs of bytes that are there,
// each but the last followed by how far back, and for how long, earlier ones come again.
func unpackedLZ4(block []byte) (n int64, err error) {
	bad := errors.New("found a block that is none of LZ4")
	length := func(short byte) (int64, bool) { // 15 stands for that and the next byte, 255 for one more
		sum := int64(short)
		for more := short == 15; more; {
			if len(block) == 0 {
				return 0, false
			}
			sum, more, block = sum+int64(block[0]), block[0] == 255, block[1:]
		}
		return sum, true
	}
	for len(block) > 0 {
		token := block[0]
		block = block[1:]
		run, ok := length(token >> 4)
		if !ok || run > int64(len(block)) {
			return 0, bad
		}
		n, block = n+run, block[run:]
		if len(block) == 0 {
			return n, nil
		}
		if len(block) < 2 {
			return 0, bad
		}
		back := int64(binary.LittleEndian.Uint16(block))
		block = block[2:]
		again, ok := length(token & 15)
		if !ok || back == 0 || back > n {
			return 0, bad
		}
		n += again + 4
	}
	return 0, bad
}
