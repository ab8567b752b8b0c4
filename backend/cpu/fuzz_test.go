package cpu

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"testing"

	"github.com/gomlx/compute"
	bf16 "github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
)

// seeds are how many random graphs the plain test holds against the Go backend.
const seeds = 250

// TestGraphsAgainstGo holds random graphs against GoMLX's Go backend.
func TestGraphsAgainstGo(t *testing.T) {
	h := newHolder(t)
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 1))
		data := make([]byte, 40+r.IntN(400))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		if err := h.hold(data); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	if h.held < seeds*9/10 {
		t.Errorf("found %d graphs that both backends ran, expected at least %d", h.held, seeds*9/10)
	}
	t.Logf("%d graphs of %d operations; %d values compared exactly, %d within bounds; errors up to %.2g of the bound; the Go backend refused %q", h.held, h.ops, h.exact, h.close, h.worst, h.refused)
}

// FuzzGraph reads a graph from bytes and holds it against GoMLX's Go backend.
func FuzzGraph(f *testing.F) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		data := make([]byte, 200)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		f.Add(data)
	}
	h := newHolder(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := h.hold(data); err != nil {
			t.Error(err)
		}
	})
}

// holder holds graphs on our backend, of several numbers of threads, against the Go backend.
type holder struct {
	theirs compute.Backend
	mine   []*Backend // with 1, 2 and 3 threads

	held, ops, exact, close int
	worst                   float64
	refused                 []string // what the Go backend could not run, and why
}

func newHolder(t testing.TB) *holder {
	theirs, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(theirs.Finalize)
	h := &holder{theirs: theirs}
	for threads := 1; threads <= 3; threads++ {
		b, err := New(fmt.Sprintf("threads=%d", threads))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Finalize)
		h.mine = append(h.mine, b)
	}
	return h
}

// hold makes the graph of data on each of our backends and compares what comes out.
func (h *holder) hold(data []byte) error {
	var first [][]byte
	for i, b := range h.mine {
		got, err := h.holdOn(b, data, i)
		switch {
		case err != nil:
			return fmt.Errorf("with %d threads: %w", i+1, err)
		case got == nil: // the Go backend cannot run it
			return nil
		case i == 0:
			first = got
		}
		for k := range got {
			if !bytes.Equal(got[k], first[k]) {
				return fmt.Errorf("result %d: other bytes with %d threads than with 1", k, i+1)
			}
		}
	}
	h.held++
	return nil
}

// holdOn runs the graph of data on one of our backends, and compares the first
// one's results with those of the Go backend.
func (h *holder) holdOn(b *Backend, data []byte, round int) (got [][]byte, err error) {
	g := newSketch(data, b, h.theirs)
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("panic: %v\n%s\n%s", e, debug.Stack(), g.log.String())
		} else if err != nil {
			err = fmt.Errorf("%w\n%s", err, g.log.String())
		}
	}()
	if err := g.grow(); err != nil {
		return nil, err
	}
	results := g.results()
	var want [][]byte
	if round == 0 {
		if want, err = g.executeTheirs(); err != nil {
			h.refused = append(h.refused, err.Error())
			return nil, nil
		}
	}
	if got, err = g.executeMine(round); err != nil {
		return nil, err
	}
	if round == 0 {
		for k, v := range results {
			if err := h.compare(v, got[k], want[k]); err != nil {
				return nil, fmt.Errorf("result %d, %s %p: %w", k, v, v, err)
			}
		}
		h.ops += len(g.all)
	}
	return got, nil
}

// compare holds a result against what the Go backend found.
func (h *holder) compare(v *pair, got, want []byte) error {
	if len(got) != len(want) {
		return fmt.Errorf("found %d bytes, expected %d", len(got), len(want))
	}
	if len(got) == 0 {
		return nil
	}
	if v.whole() { // those of 64 bits are not all float64s
		if !bytes.Equal(got, want) {
			return fmt.Errorf("found %v, expected %v", flatFrom(got, v.shape), flatFrom(want, v.shape))
		}
		h.exact++
		return nil
	}
	a := numbers(got, v.shape)
	b := numbers(want, v.shape)
	for i := range a {
		if a[i] == b[i] || math.IsNaN(a[i]) && math.IsNaN(b[i]) {
			continue
		}
		off := math.Abs(a[i] - b[i])
		if v.exact || !(off <= v.err) {
			return fmt.Errorf("element %d: found %v, expected %v, within %g", i, a[i], b[i], v.err)
		}
		h.worst = math.Max(h.worst, off/v.err)
	}
	if v.exact {
		h.exact++
	} else {
		h.close++
	}
	return nil
}

// numbers reads a tensor of other than whole numbers.
func numbers(mem []byte, shape shapes.Shape) []float64 {
	out := make([]float64, shape.Size())
	switch flat := flatFrom(mem, shape).(type) {
	case []float32:
		for i, x := range flat {
			out[i] = float64(x)
		}
	case []float64:
		copy(out, flat)
	case []bool:
		for i, x := range flat {
			if x {
				out[i] = 1
			}
		}
	case []float16.Float16:
		for i, x := range flat {
			out[i] = float64(x.Float32())
		}
	case []bf16.BFloat16:
		for i, x := range flat {
			out[i] = float64(x.Float32())
		}
	}
	return out
}
