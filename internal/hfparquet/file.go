package hfparquet

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// File is an open Parquet file with a column of pictures.
type File struct {
	disk  *os.File
	size  int64
	table *parquet.File
	image int // leaf column with the bytes of pictures
	label int // leaf column with the classes, or -1
	text  bool
	names []string // of the classes, or nil

	Stopped func() error // if not nil, asked before each page is checked; its error ends that for good

	chunks, labels []chunk // of pictures and of classes, one of each a row group
}

// feature is what Hugging Face says of a column.
type feature struct {
	Type  string   `json:"_type"`
	Names []string `json:"names"`
}

// Open reads what a file holds; label names the column of the class, or is empty to
// find it.
func Open(path, label string) (f *File, err error) {
	defer catch(&err)
	disk, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			disk.Close()
		}
	}()
	info, err := disk.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkFooter(disk, info.Size()); err != nil {
		return nil, err
	}
	table, err := parquet.OpenFile(disk, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("cannot open as Parquet: %w", err)
	}
	groups := len(table.RowGroups())
	f = &File{disk: disk, size: info.Size(), table: table, image: -1, label: -1, chunks: make([]chunk, groups), labels: make([]chunk, groups)}
	features := f.features()
	if err := f.findImage(features); err != nil {
		return nil, err
	}
	return f, f.findLabel(features, label)
}

// checkFooter checks how long the metadata say they are, since memory is taken for
// them before they are read: the last eight bytes of a file are their length and PAR1.
func checkFooter(disk *os.File, size int64) error {
	const most = 64 << 20
	end := make([]byte, 8)
	if _, err := disk.ReadAt(end, size-8); err != nil || string(end[4:]) != "PAR1" {
		return errors.New("cannot open as Parquet: found no end of such a file, expected the whole file")
	}
	if n := int64(binary.LittleEndian.Uint32(end)); n > min(size-8, most) {
		return fmt.Errorf("cannot open as Parquet: found metadata of %d bytes, expected at most %d", n, min(size-8, most))
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error { return f.disk.Close() }

// Rows is how many pictures there are.
func (f *File) Rows() int { return int(f.table.NumRows()) }

// features is the columns that the metadata describe.
func (f *File) features() map[string]feature {
	text, _ := f.table.Lookup("huggingface")
	var meta struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	all := map[string]feature{}
	if json.Unmarshal([]byte(text), &meta) != nil {
		return all
	}
	for name, raw := range meta.Info.Features {
		var one feature
		if json.Unmarshal(raw, &one) == nil { // others are lists and the like
			all[name] = one
		}
	}
	return all
}

// findImage looks for the column of pictures: one that the metadata call so, or one
// of the usual names.
func (f *File) findImage(features map[string]feature) error {
	var names []string
	for _, column := range f.table.Root().Columns() {
		names = append(names, column.Name())
		usual := slices.Contains([]string{"image", "img", "picture"}, strings.ToLower(column.Name()))
		if features[column.Name()].Type != "Image" && !usual {
			continue
		}
		if !column.Leaf() {
			if column = column.Column("bytes"); column == nil {
				continue
			}
		}
		if column.Leaf() && column.Type().Kind() == parquet.ByteArray && column.MaxRepetitionLevel() == 0 {
			f.image = column.Index()
			return nil
		}
	}
	return fmt.Errorf("found the columns %s, expected one called image with the bytes of pictures", strings.Join(names, ", "))
}

// findLabel looks for the column of classes: the one asked for, one that the metadata
// call so, or one of the usual names.
func (f *File) findLabel(features map[string]feature, want string) error {
	usual := func(name string) bool {
		return slices.Contains([]string{"label", "labels", "class", "target"}, strings.ToLower(name))
	}
	is := []func(string) bool{func(name string) bool { return features[name].Type == "ClassLabel" }, usual}
	if want != "" {
		is = []func(string) bool{func(name string) bool { return name == want }}
	}
	var names []string
	for _, right := range is {
		for _, column := range f.table.Root().Columns() {
			names = append(names, column.Name())
			if !right(column.Name()) || !column.Leaf() || column.MaxRepetitionLevel() > 0 {
				continue
			}
			switch column.Type().Kind() {
			case parquet.Int32, parquet.Int64, parquet.Boolean, parquet.ByteArray:
				f.label, f.text = column.Index(), column.Type().Kind() == parquet.ByteArray
				f.names = features[column.Name()].Names
				return nil
			}
		}
	}
	if want != "" {
		return fmt.Errorf("label column: found no column of classes called %q, expected one of %s", want, strings.Join(names, ", "))
	}
	return nil
}

// Labels are the class of every picture: as numbers with the names of the classes, if
// they are known; or as texts. All are nil without a column of classes. A missing
// number is -1 and a missing text is empty.
func (f *File) Labels() (numbers []int, texts, names []string, err error) {
	if f.label < 0 {
		return nil, nil, nil, nil
	}
	at := f.cursor(f.label)
	defer at.Close()
	for i := range f.Rows() {
		v, err := at.value(i)
		switch {
		case err != nil:
			return nil, nil, nil, err
		case f.text && v.IsNull():
			texts = append(texts, "")
		case f.text:
			texts = append(texts, string(v.ByteArray()))
		case v.IsNull():
			numbers = append(numbers, -1)
		case v.Kind() == parquet.Boolean && v.Boolean():
			numbers = append(numbers, 1)
		case v.Kind() == parquet.Boolean:
			numbers = append(numbers, 0)
		case v.Kind() == parquet.Int32:
			numbers = append(numbers, int(v.Int32()))
		default:
			numbers = append(numbers, int(v.Int64()))
		}
	}
	return numbers, texts, f.names, nil
}

// Cursor reads a column from top to bottom. Several may read one file, each in a goroutine
// of its own, which must close it: pages that take much memory wait for one another.
type Cursor struct {
	file   *File
	column int
	group  int // row group that pages are of
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	next   int64 // row that values gives next
	end    int64 // row behind the page
	takes  int64 // of the room that cursors share
	one    [1]parquet.Value

	damaged damage // the last group of which something could not be read
}

// Cursor begins to read pictures.
func (f *File) Cursor() *Cursor { return f.cursor(f.image) }

func (f *File) cursor(column int) *Cursor {
	return &Cursor{file: f, column: column, group: -1, damaged: damage{group: -1}}
}

// Close lets go of what the cursor holds.
func (c *Cursor) Close() {
	c.leave()
	if c.pages != nil {
		c.pages.Close()
		c.pages = nil
	}
	held.give(c.takes)
	c.takes = 0
}

func (c *Cursor) leave() {
	if c.page != nil {
		parquet.Release(c.page)
		c.page, c.values = nil, nil
	}
}

// Picture is the file of picture i. It is quick where i goes up.
func (c *Cursor) Picture(i int) ([]byte, error) {
	v, err := c.value(i)
	if err != nil {
		return nil, err
	}
	if v.IsNull() {
		return nil, errors.New("found no bytes, expected a picture (those that are only named by a path are not fetched)")
	}
	return v.ByteArray(), nil
}

// value is row i of the column; it is good until the next call. Where a page cannot be read,
// nobody knows any more at which row the next one begins, unless an index says so: the next
// row is looked for anew, and after some of those the group is given up.
func (c *Cursor) value(i int) (v parquet.Value, err error) {
	defer func() {
		if err != nil {
			c.damage(err)
		}
	}()
	defer catch(&err)
	row := int64(i)
	if err := c.seek(row); err != nil {
		return v, fmt.Errorf("row %d: cannot read: %w", i+1, err)
	}
	for {
		n, err := c.values.ReadValues(c.one[:])
		if n == 1 {
			c.next++
			if c.next > row {
				return c.one[0], nil
			}
			continue
		}
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return v, fmt.Errorf("row %d: cannot read: %w", i+1, err)
	}
}

// seek makes values stand at a row or before it in the same page.
func (c *Cursor) seek(row int64) error {
	if c.values != nil && row >= c.next && row < c.end {
		return nil
	}
	if err := c.enter(row); err != nil {
		return err
	}
	for {
		page, err := c.pages.ReadPage()
		if err != nil {
			return err
		}
		c.leave()
		c.page, c.values = page, page.Values()
		c.next, c.end = c.end, c.end+page.NumRows()
		if row < c.end {
			return nil
		}
	}
}

// enter opens the row group of a row, at the row if it lies behind what was read.
func (c *Cursor) enter(row int64) error {
	first := int64(0)
	for g, group := range c.file.table.RowGroups() {
		if row >= first+group.NumRows() {
			first += group.NumRows()
			continue
		}
		if d := c.damaged; d.group == g && d.times >= mostDamage {
			c.group = g
			return d.err
		}
		if g == c.group && row >= c.end {
			return nil // further down in the same group
		}
		c.Close()
		chunk := c.file.chunk(g, c.column)
		c.takes = held.take(chunk.takes)
		c.pages = group.ColumnChunks()[c.column].(*parquet.FileColumnChunk).PagesFrom(chunk)
		c.group, c.next, c.end = g, row, row
		return c.pages.SeekToRow(row - first)
	}
	c.group = -1
	return io.ErrUnexpectedEOF
}

// damage is what went wrong in a row group, and how often.
type damage struct {
	group, times int
	err          error
}

// mostDamage bounds the search for what can be read behind a page that cannot.
const mostDamage = 8

// damage forgets where the cursor stands.
func (c *Cursor) damage(err error) {
	if c.damaged.group != c.group {
		c.damaged = damage{group: c.group}
	}
	if c.damaged.times < mostDamage {
		c.damaged.times++
		c.damaged.err = err
	}
	c.Close()
	c.group, c.end = -1, 0
}

// catch turns a panic over a damaged file into an error.
func catch(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("cannot read as Parquet: %v", r)
	}
}
