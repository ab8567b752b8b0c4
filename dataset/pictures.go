package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"drift"
	"drift/internal/parallel"
	"drift/picture"
)

// Pictures say how files of pictures become samples. The zero value is good for
// pictures that all have one size.
type Pictures struct {
	Size       string `toml:"size" json:"size"`             // a side, or height x width as in 32x48; the pictures' own if empty
	Channels   int    `toml:"channels" json:"channels"`     // 1 (grey) or 3; if 0, 1 if all pictures are grey
	Background string `toml:"background" json:"background"` // what shows through transparent pixels: #rrggbb, black, or white if empty
	Strict     bool   `toml:"strict" json:"strict"`         // a picture that cannot be read is an error and not left out
}

// format is Pictures once understood.
type format struct {
	h, w, channels int // 0 where the pictures decide
	strict         bool
	names          []string     // of classes that are numbers in the files; nil if not known
	stopped        func() error // of a reading that was ended
	picture.Options
}

func (p Pictures) parse() (f format, err error) {
	if f.h, f.w, err = parseSize(p.Size); err != nil {
		return f, err
	}
	if f.channels, f.strict = p.Channels, p.Strict; p.Channels != 0 && p.Channels != 1 && p.Channels != 3 {
		return f, fmt.Errorf("channels: found %d, expected 1, 3, or 0 for what the pictures have", p.Channels)
	}
	f.Background, err = parseColour(p.Background)
	return f, err
}

// Decode reads the file of one picture at its own size, as those of a set are read.
func (p Pictures) Decode(data []byte) (picture.Picture, error) {
	f, err := p.parse()
	if err != nil {
		return picture.Picture{}, err
	}
	return picture.Decode(data, f.Options)
}

const (
	maxSide   = 4096    // of a sample
	maxPixels = 1 << 30 // values of a set, a byte each
)

func parseSize(size string) (h, w int, err error) {
	if size == "" {
		return 0, 0, nil
	}
	high, wide, both := strings.Cut(size, "x")
	if !both {
		wide = high
	}
	h, errH := strconv.Atoi(high)
	w, errW := strconv.Atoi(wide)
	if errH != nil || errW != nil || h < 1 || w < 1 || h > maxSide || w > maxSide {
		return 0, 0, fmt.Errorf("size: found %s, expected a side such as 32, or height x width such as 32x48, each from 1 to %d", show(size), maxSide)
	}
	return h, w, nil
}

func parseColour(s string) (c [3]uint8, err error) {
	switch s {
	case "", "white":
		return [3]uint8{255, 255, 255}, nil
	case "black":
		return c, nil
	}
	v, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 24)
	if err != nil || len(s) != 7 || s[0] != '#' {
		return c, fmt.Errorf("background: found %s, expected white, black or a colour such as #ff8800", show(s))
	}
	return [3]uint8{uint8(v >> 16), uint8(v >> 8), uint8(v)}, nil
}

// unused refuses options that a data set other than pictures has no use for.
func (p Pictures) unused(name string) error {
	option := ""
	switch {
	case p.Size != "":
		option = "size"
	case p.Channels != 0:
		option = "channels"
	case p.Background != "":
		option = "background"
	case p.Strict:
		option = "strict"
	default:
		return nil
	}
	return fmt.Errorf("%s: found it given for %s, expected it only for files of pictures", option, name)
}

// shelf is pictures on their way to becoming a set.
type shelf struct {
	name    string
	n       int
	item    func(i int) string // what errors call picture i
	files   []string           // of each picture, or nil
	reader                     // of all pictures, used from several goroutines at once
	begin   func() reader      // if not nil, makes a reader for one goroutine, for pictures in order
	labels  []int              // of each picture; nil without classes
	classes []string           // names of at least all labels
	vectors *drift.Batch       // of each picture, or nil
	columns []string           // of the vectors
	skipped []error            // what was left out already
	notes   []string
}

// reader gets at pictures by their number.
type reader struct {
	size  func(i int) (h, w int, err error)    // from a header
	read  func(i int) (picture.Picture, error) // the whole picture
	close func()                               // nil if there is nothing to close
}

// each calls do for all indices below n, split among the processors, with a reader
// for those of one, until the reading is ended.
func (s shelf) each(o Options, what string, n int, do func(r reader, i int)) error {
	var mu sync.Mutex
	done := 0
	another := func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		o.Watch(what, done, n)
	}
	parallel.Blocks(n, perPicture, func(lo, hi int) {
		r := s.reader
		if s.begin != nil {
			r = s.begin()
		}
		if r.close != nil {
			defer r.close()
		}
		for i := lo; i < hi && o.stopped() == nil; i++ {
			do(r, i)
			if o.Watch != nil {
				another()
			}
		}
	})
	return o.stopped()
}

// set reads all pictures, on all processors; the result depends on the files alone.
func (s shelf) set(o Options, f format) (*Set, error) {
	if f.strict && len(s.skipped) > 0 {
		return nil, s.skipped[0]
	}
	if s.n == 0 {
		return nil, fmt.Errorf("found no picture that can be used, expected at least one; the first: %w", errors.Join(s.skipped[:min(1, len(s.skipped))]...))
	}
	chosen := drift.Evenly(s.n, o.N)
	bad := make([]error, len(chosen))
	if f.h == 0 {
		if err := s.common(o, chosen, bad, &f); err != nil {
			return nil, err
		}
	}
	if err := bounded(len(chosen), f.h, f.w, max(f.channels, 1)); err != nil {
		return nil, err
	}
	all, err := s.readAll(o, chosen, bad, f)
	if err != nil {
		return nil, err
	}
	kept := make([]int, 0, len(all))
	for k, err := range bad {
		if err == nil {
			kept = append(kept, k)
			f.channels = max(f.channels, all[k].C)
			continue
		}
		err = fmt.Errorf("%s: %w", s.item(chosen[k]), err)
		if f.strict {
			return nil, err
		}
		s.skipped = append(s.skipped, err)
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("found no picture that can be read among %d; the first: %w", len(chosen), s.skipped[0])
	}
	if err := bounded(len(kept), f.h, f.w, f.channels); err != nil {
		return nil, err
	}
	dim := f.h * f.w * f.channels
	pix := make([]uint8, len(kept)*dim)
	parallel.Blocks(len(kept), dim, func(lo, hi int) {
		for to := lo; to < hi; to++ {
			copy(pix[to*dim:], all[kept[to]].Channels(f.channels).Pix)
			all[kept[to]] = picture.Picture{}
		}
	})
	set := &Set{Name: s.name, X: drift.ByteRows(pix, f.h, f.w, f.channels), Max: 255, Skipped: s.skipped, Notes: s.notes}
	for to, k := range kept {
		kept[to] = chosen[k]
	}
	s.describe(set, kept)
	return set, nil
}

// bounded refuses sets that would take more than 1 GiB of memory.
func bounded(n, h, w, c int) error {
	if h*w*c > maxPixels/n {
		return fmt.Errorf("found %d pictures of %d×%d×%d values, expected at most %d in all: choose a smaller --size or fewer --samples", n, h, w, c, maxPixels)
	}
	return nil
}

// common finds the size that all pictures have. Those that cannot be read count for
// nothing.
func (s shelf) common(o Options, chosen []int, bad []error, f *format) error {
	sizes := make([][2]int, len(chosen))
	err := s.each(o, "sizes of pictures", len(chosen), func(r reader, k int) { sizes[k][0], sizes[k][1], bad[k] = r.size(chosen[k]) })
	if err != nil {
		return err
	}
	count := map[[2]int]int{}
	for k, size := range sizes {
		if bad[k] == nil {
			count[size]++
		}
	}
	if len(count) > 1 {
		return fmt.Errorf("found pictures of %s, expected one size: choose one, for example --size 32", listSizes(count))
	}
	for size := range count {
		if f.h, f.w = size[0], size[1]; f.h > maxSide || f.w > maxSide {
			return fmt.Errorf("found pictures of %d×%d pixels, expected sides of at most %d: choose a smaller --size", f.h, f.w, maxSide)
		}
	}
	return nil
}

// listSizes is the most frequent sizes, for an error.
func listSizes(count map[[2]int]int) string {
	sizes := slices.SortedFunc(maps.Keys(count), func(a, b [2]int) int {
		return cmp.Or(count[b]-count[a], a[0]-b[0], a[1]-b[1])
	})
	const most = 5
	var parts []string
	for _, size := range sizes[:min(len(sizes), most)] {
		parts = append(parts, fmt.Sprintf("%d×%d (%d)", size[0], size[1], count[size]))
	}
	if len(sizes) > most {
		parts = append(parts, fmt.Sprintf("%d sizes more", len(sizes)-most))
	}
	return strings.Join(parts, ", ")
}

// perPicture is about how many simple operations reading a picture takes at least.
const perPicture = 1 << 16

// readAll reads pictures at their final size, grey ones with one channel unless
// three are wanted.
func (s shelf) readAll(o Options, chosen []int, bad []error, f format) ([]picture.Picture, error) {
	all := make([]picture.Picture, len(chosen))
	err := s.each(o, "reading pictures", len(chosen), func(r reader, k int) {
		if bad[k] != nil {
			return
		}
		p, err := r.read(chosen[k])
		if err != nil {
			bad[k] = err
			return
		}
		p = p.Fit(f.h, f.w)
		if f.channels == 1 || f.channels == 0 && p.IsGrey() {
			p = p.Channels(1)
		}
		all[k] = p
	})
	return all, err
}

// describe gives a set the labels and vectors of the pictures at the given indices.
// Classes are those that occur.
func (s shelf) describe(set *Set, kept []int) {
	if s.labels != nil {
		place := make([]int, len(s.classes))
		for _, i := range kept {
			place[s.labels[i]] = 1
		}
		for l, occurs := range place {
			if place[l] = len(set.Classes); occurs == 1 {
				set.Classes = append(set.Classes, s.classes[l])
			}
		}
		for _, i := range kept {
			set.Labels = append(set.Labels, place[s.labels[i]])
		}
	}
	if s.files != nil {
		for _, i := range kept {
			set.Files = append(set.Files, s.files[i])
		}
	}
	if s.vectors != nil {
		set.VectorColumns = s.columns
		set.Vectors = drift.NewBatch(len(kept), len(s.columns))
		for to, i := range kept {
			copy(set.Vectors.Row(to), s.vectors.Row(i))
		}
	}
}

// classify numbers the classes that names mention, in order of their names.
func (s *shelf) classify(names []string) error {
	seen := map[string]int{}
	for i, name := range names {
		if len(name) > maxClassName {
			return fmt.Errorf("found a class whose name has %d letters, expected at most %d", len(name), maxClassName)
		}
		names[i] = strings.ToValidUTF8(name, "\ufffd")
		seen[names[i]] = 0
	}
	if len(seen) > maxClasses {
		return fmt.Errorf("found %d classes, expected at most %d", len(seen), maxClasses)
	}
	s.classes = sortedClasses(seen)
	for i, name := range s.classes {
		seen[name] = i
	}
	s.labels = make([]int, len(names))
	for i, name := range names {
		s.labels[i] = seen[name]
	}
	return nil
}
