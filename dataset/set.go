package dataset

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"drift"
	"drift/exact"
)

// Set is a data set: N samples with, if there are classes, a label for each.
type Set struct {
	Name     string         // as in Options, or the base name of a file
	X        *drift.Rows    // N samples in the user's own units, all finite
	Labels   []int          // of each sample, 0 ≤ label < len(Classes); nil without classes
	Classes  []string       // name of each class; nil without classes
	Columns  []string       // name of each value of a point; nil for pictures
	Truth    *exact.Mixture // where the samples were drawn from, if that is known
	Min, Max float64        // range of a picture's values; both 0 for points

	Vectors       *drift.Batch // numbers that describe each sample, in the user's own units; nil if there are none
	VectorColumns []string     // name of each
	Files         []string     // of each picture, where each has a file of its own; else nil
	Skipped       []error      // what could not be read and was left out, a picture each
	Notes         []string     // what else somebody should know who opened this
}

// Image says whether the samples are pictures, of shape [height, width, channels].
func (s *Set) Image() bool { return len(s.X.Shape) == 3 }

// SHA256 is a hash in hex over every sample, label and vector.
func (s *Set) SHA256() string {
	h := sha256.New()
	numbers := func(x *drift.Rows) {
		row := make([]byte, 8*x.Dim())
		for i := range x.N {
			for j, v := range x.Row(i) {
				binary.LittleEndian.PutUint64(row[8*j:], math.Float64bits(v))
			}
			h.Write(row)
		}
	}
	numbers(s.X)
	fmt.Fprintf(h, "%v %v %q", s.X.Shape, s.Labels, s.Classes)
	if s.Vectors != nil {
		numbers(drift.RowsOf(s.Vectors))
		fmt.Fprintf(h, "%q", s.VectorColumns)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Split parts the set in two: every sample goes to exactly one of train and held,
// as Parts says, copied.
func (s *Set) Split(holdout float64, seed uint64) (train, held *Set, err error) {
	learnt, kept, err := s.Parts(holdout, seed)
	if err != nil {
		return nil, nil, err
	}
	return s.pick(learnt), s.pick(kept), nil
}

// Parts is which samples are for training and which are held out, each in the order
// that they have in the set. held gets round(holdout·N) samples, but at least one if
// holdout > 0 and N ≥ 2, and train always keeps one. Each class gives the same share,
// as nearly as whole numbers allow. Which samples are held depends on the seed.
// holdout must be at least 0 and below 1.
func (s *Set) Parts(holdout float64, seed uint64) (train, held []int, err error) {
	if !(holdout >= 0 && holdout < 1) {
		return nil, nil, fmt.Errorf("data set %s: holdout: found %v, expected a share of at least 0 and below 1", s.Name, holdout)
	}
	if s.Labels != nil && len(s.Labels) != s.X.N {
		return nil, nil, fmt.Errorf("data set %s: found %d labels, expected one for each of %d samples", s.Name, len(s.Labels), s.X.N)
	}
	count := int(math.Round(holdout * float64(s.X.N)))
	if holdout > 0 {
		count = max(count, 1)
	}
	count = max(0, min(count, s.X.N-1))
	order := s.heldFirst(seed)
	held, train = order[:count], order[count:]
	slices.Sort(held)
	slices.Sort(train)
	return train, held, nil
}

// heldFirst is a random order of the samples in which every class is spread evenly:
// the r-th of the c samples of a class stands (r+½)/c of the way along.
func (s *Set) heldFirst(seed uint64) []int {
	order := drift.Rand(seed, "split").Perm(s.X.N)
	if s.Labels == nil {
		return order
	}
	size, seen := map[int]int{}, map[int]int{}
	for _, l := range s.Labels {
		size[l]++
	}
	along := make([]float64, s.X.N)
	for _, i := range order {
		l := s.Labels[i]
		along[i] = (float64(seen[l]) + 0.5) / float64(size[l])
		seen[l]++
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(along[i], along[j]) })
	return order
}

// pick is the set of the samples at the given indices, copied.
func (s *Set) pick(index []int) *Set {
	p := *s
	p.X = s.X.Pick(index)
	if s.Labels != nil {
		p.Labels = make([]int, len(index))
	}
	if s.Vectors != nil {
		p.Vectors = drift.NewBatch(len(index), s.Vectors.Shape...)
	}
	p.Files = nil
	for to, from := range index {
		if s.Files != nil {
			p.Files = append(p.Files, s.Files[from])
		}
		if s.Vectors != nil {
			copy(p.Vectors.Row(to), s.Vectors.Row(from))
		}
		if s.Labels != nil {
			p.Labels[to] = s.Labels[from]
		}
	}
	return &p
}

// Mirrored is a set of pictures, and behind them each once more, left for right: sample N+i
// mirrors sample i. What describes a picture describes both. A set that would be larger than
// one that can be opened is an error.
func (s *Set) Mirrored() (*Set, error) {
	if n := s.X.N; n > 0 {
		if err := bounded(2*n, s.X.Shape[0], s.X.Shape[1], s.X.Shape[2]); err != nil {
			return nil, fmt.Errorf("data set %s: with mirrored copies %w", s.Name, err)
		}
	}
	p := *s
	p.X = s.X.Twice(func(row []float64) { Mirror(row, s.X.Shape) })
	p.Labels, p.Files = slices.Concat(s.Labels, s.Labels), slices.Concat(s.Files, s.Files)
	if v := s.Vectors; v != nil {
		p.Vectors = &drift.Batch{N: 2 * v.N, Shape: v.Shape, Data: slices.Concat(v.Data, v.Data)}
	}
	return &p, nil
}

// Spread is at most n samples that lie evenly spread over the set.
func (s *Set) Spread(n int) *Set { return s.pick(drift.Evenly(s.X.N, n)) }

// first is the set cut to its first n samples, or the whole set if n is 0 or there
// are no more than that. A class that loses all its samples keeps its name.
func (s *Set) first(n int) *Set {
	if n <= 0 || n >= s.X.N {
		return s
	}
	p := *s
	p.X = s.X.Slice(0, n)
	if s.Labels != nil {
		p.Labels = s.Labels[:n]
	}
	return &p
}

// Warnings is what somebody should know who opened the set: its notes, and what was
// left out, the first few by name.
func (s *Set) Warnings() []string {
	all := slices.Clone(s.Notes)
	const most = 5
	for _, err := range s.Skipped[:min(len(s.Skipped), most)] {
		all = append(all, "left out "+err.Error())
	}
	if n := len(s.Skipped); n > most {
		all = append(all, fmt.Sprintf("left out %d more, %d in all beside %d samples; `drift data check` lists them", n-most, n, s.X.N))
	}
	return all
}
