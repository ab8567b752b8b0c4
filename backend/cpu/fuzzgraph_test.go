package cpu

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	bf16 "github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/compute/shapes"
)

// pair is a value of a random graph, on both backends. Its error is bounded by interval
// arithmetic: |x| ≤ mag, and the two backends differ by at most err. Values that both
// must agree on to the bit, because every operation on the way to them is rounded
// correctly, moves elements, or is on whole numbers, are exact.
type pair struct {
	mine, theirs compute.Value
	shape        shapes.Shape
	exact        bool
	mag, err     float64
	name         string
}

func (p *pair) String() string { return fmt.Sprintf("%s %s", p.name, p.shape) }

// dims is the pair's shape without its type.
func (p *pair) dims() []int { return p.shape.Dimensions }

func (p *pair) is(t dtypes.DType) bool { return p.shape.DType == t }

func (p *pair) float() bool { return p.is(dtypes.Float32) || p.is(dtypes.Float64) }

// half says whether p has numbers of 16 bits. What is computed with them is handed to the Go
// backend, so that it must agree to the bit.
func (p *pair) half() bool { return p.is(dtypes.BFloat16) || p.is(dtypes.Float16) }

func (p *pair) whole() bool { return p.shape.DType.IsInt() }

// number says whether p has numbers, rather than truths.
func (p *pair) number() bool { return !p.is(dtypes.Bool) }

// most is the greatest magnitude that numbers of a type have.
func most(t dtypes.DType) float64 {
	switch {
	case t.IsUnsigned():
		return math.Ldexp(1, t.Bits()) - 1
	case t.IsInt():
		return math.Ldexp(1, t.Bits()-1)
	case t == dtypes.Float16:
		return 65504
	case t == dtypes.Bool:
		return 1
	}
	return math.Inf(1)
}

// unit is half the distance of 1 to the next number: what rounding adds, relatively.
func (p *pair) unit() float64 {
	if p.is(dtypes.Float64) {
		return 0x1p-53
	}
	return 0x1p-24
}

// functions are the two sides' functions that operations are added to.
type functions struct{ mine, theirs compute.Function }

// sketch is a random computation that grows on both backends at once. Its decisions are
// read from bytes, so that a fuzzer can steer them.
type sketch struct {
	functions
	data, last   []byte
	mineB        compute.Builder
	theirsB      compute.Builder
	theirBackend compute.Backend
	all          []*pair // that operations may use
	captured     []*pair // by closures
	inputs       []*pair
	flats        [][]byte // of the inputs
	log          strings.Builder
	compiled     [2]compute.Executable
	noise        uint64
}

func newSketch(data []byte, mine *Backend, theirs compute.Backend) *sketch {
	end := len(data) - min(len(data)/2, 24) // the rest decides on the results
	g := &sketch{data: data[:end], last: data[end:], mineB: mine.Builder("fuzz"), theirsB: theirs.Builder("fuzz"), theirBackend: theirs}
	g.functions = functions{g.mineB.Main(), g.theirsB.Main()}
	for _, b := range data {
		g.noise = g.noise*0x9E3779B97F4A7C15 + uint64(b) + 1
	}
	return g
}

// pick reads a decision from 0 to n-1.
func (g *sketch) pick(n int) int {
	if len(g.data) == 0 {
		return 0
	}
	b := int(g.data[0])
	g.data = g.data[1:]
	return b % n
}

func (g *sketch) chance(oneIn int) bool { return g.pick(oneIn) == oneIn-1 }

// random is a number of -1 to 1 that decisions do not steer: a xorshift.
func (g *sketch) random() float64 {
	g.noise ^= g.noise << 13
	g.noise ^= g.noise >> 7
	g.noise ^= g.noise << 17
	return float64(int64(g.noise)) / (1 << 63)
}

var types = append(slices.Repeat([]dtypes.DType{dtypes.Float32}, 10),
	dtypes.Float64, dtypes.Float64, dtypes.Float16, dtypes.BFloat16, dtypes.Bool,
	dtypes.Int8, dtypes.Int16, dtypes.Int32, dtypes.Int32, dtypes.Int64, dtypes.Int64,
	dtypes.Uint8, dtypes.Uint8, dtypes.Uint16, dtypes.Uint32, dtypes.Uint64,
)

func (g *sketch) dtype() dtypes.DType { return types[g.pick(len(types))] }

var sizes = []int{1, 2, 3, 4, 5, 7, 8, 1, 2, 3, 16, 17, 31, 33, 0}

// newDims are the lengths of up to 5 axes, of at most 6,000 elements, or now and then
// 100,000: enough for work to be shared out.
func (g *sketch) newDims() []int {
	most := 6_000
	if g.chance(40) {
		most = 100_000
		return []int{1 + g.pick(3), 150 + g.pick(100), 100 + g.pick(30)}
	}
	dims := []int{}
	for range g.pick(6) {
		d := sizes[g.pick(len(sizes))]
		if d == 0 && g.pick(3) > 0 {
			d = 1
		}
		if d > 0 && sizeOfDims(dims)*d > most {
			d = 1
		}
		dims = append(dims, d)
	}
	return dims
}

func sizeOfDims(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// some is a value that ok holds for, or a new input.
func (g *sketch) some(ok func(*pair) bool) *pair {
	var found []*pair
	for _, p := range g.all {
		if ok(p) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return nil
	}
	// Late ones more often, so that graphs are deep.
	a, b := g.pick(len(found)), g.pick(len(found))
	return found[max(a, b)]
}

// fill makes numbers for a new input or constant: whole ones, halves, or any; of whole
// numbers now and then any that the type has.
func (g *sketch) fill(shape shapes.Shape) (mem []byte, mag float64) {
	t, flat := shape.DType, dtypes.MakeAnySlice(shape.DType, shape.Size())
	scale, kind := 1+float64(g.pick(3)), g.pick(3)
	next := func() float64 {
		x := scale * g.random()
		if kind == 0 {
			x = math.Round(4*x) / 2
		}
		return x
	}
	mem = dtypes.UnsafeByteSliceFromAny(flat)
	switch flat := flat.(type) {
	case []float32:
		for i := range flat {
			flat[i] = float32(next())
		}
	case []float64:
		for i := range flat {
			flat[i] = next()
		}
	case []bool:
		for i := range flat {
			flat[i] = next() > 0
		}
	case []float16.Float16:
		for i := range flat {
			flat[i] = float16.FromFloat32(float32(next()))
		}
	case []bf16.BFloat16:
		for i := range flat {
			flat[i] = bf16.FromFloat32(float32(next()))
		}
	default:
		scale *= 5
		if kind == 1 && g.chance(4) {
			for i := range mem {
				mem[i] = byte(int(256 * g.random()))
			}
			return slices.Clone(mem), most(t)
		}
		fillWhole(flat, next)
	}
	mag = 2 * scale
	return slices.Clone(mem), mag
}

// fillWhole fills a slice of whole numbers.
func fillWhole(flat any, next func() float64) {
	switch flat := flat.(type) {
	case []int8:
		round(flat, next)
	case []int16:
		round(flat, next)
	case []int32:
		round(flat, next)
	case []int64:
		round(flat, next)
	case []uint8:
		round(flat, next)
	case []uint16:
		round(flat, next)
	case []uint32:
		round(flat, next)
	case []uint64:
		round(flat, next)
	default:
		panic(fmt.Sprintf("no numbers for %T", flat))
	}
}

func round[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](flat []T, next func() float64) {
	var zero T
	unsigned := zero-1 > 0
	for i := range flat {
		x := next()
		if unsigned {
			x = math.Abs(x)
		}
		flat[i] = T(x)
	}
}

// flatFrom is a copy of memory as a slice of a shape's Go type.
func flatFrom(mem []byte, shape shapes.Shape) any {
	flat := dtypes.MakeAnySlice(shape.DType, shape.Size())
	if len(mem) > 0 {
		copy(dtypes.UnsafeByteSliceFromAny(flat), mem)
	}
	return flat
}

// input adds a parameter, or a constant.
func (g *sketch) input(t dtypes.DType, dims ...int) *pair {
	shape := shapes.Make(t, dims...)
	mem, mag := g.fill(shape)
	p := &pair{shape: shape, exact: true, mag: mag}
	var err error
	if g.inside() || len(g.inputs) > 0 && g.chance(4) {
		p.name = "Constant"
		if p.mine, err = g.mine.Constant(flatFrom(mem, shape), dims...); err != nil {
			panic(err)
		}
		if p.theirs, err = g.theirs.Constant(flatFrom(mem, shape), dims...); err != nil {
			panic(err)
		}
	} else {
		p.name = fmt.Sprint("x", len(g.inputs))
		if p.mine, err = g.mine.Parameter(p.name, shape, nil); err != nil {
			panic(err)
		}
		if p.theirs, err = g.theirs.Parameter(p.name, shape, nil); err != nil {
			panic(err)
		}
		g.inputs, g.flats = append(g.inputs, p), append(g.flats, mem)
	}
	fmt.Fprintf(&g.log, "%s %s (%p)\n", p.name, shape, p)
	g.all = append(g.all, p)
	return p
}

// inside says whether a closure is being built, to which parameters cannot be added.
func (g *sketch) inside() bool { return g.mine.Parent() != nil }

// operation repeats an operation on the function of one side.
type operation func(f compute.Function, in []compute.Value) ([]compute.Value, error)

// add appends an operation on both sides. Both must refuse it, or infer the same
// shapes.
func (g *sketch) add(name string, in []*pair, op operation) ([]*pair, error) {
	mine, theirs := make([]compute.Value, len(in)), make([]compute.Value, len(in))
	for i, p := range in {
		mine[i], theirs[i] = p.mine, p.theirs
	}
	b, errTheirs := op(g.theirs, theirs)
	a, errMine := op(g.mine, mine)
	if (errMine == nil) != (errTheirs == nil) {
		return nil, fmt.Errorf("%s: found error %v, expected %v", name, errMine, errTheirs)
	}
	if errMine != nil {
		return nil, nil
	}
	var out []*pair
	for i := range a {
		got, err := g.mineB.OpShape(a[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		want, err := g.theirsB.OpShape(b[i])
		if err != nil || !got.Equal(want) {
			return nil, fmt.Errorf("%s: found shape %s, expected %s, %v", name, got, want, err)
		}
		out = append(out, &pair{mine: a[i], theirs: b[i], shape: got, exact: true, name: name})
	}
	fmt.Fprintf(&g.log, "%s", name)
	for _, p := range in {
		fmt.Fprintf(&g.log, " %p", p)
	}
	for _, p := range out {
		fmt.Fprintf(&g.log, " -> %s (%p)", p.shape, p)
	}
	fmt.Fprintln(&g.log)
	return out, nil
}

// keep lets later operations use a value, with bounds on its size and error. Values
// that grew too large, or whose error did, are of no more use. Whole numbers may have come
// round to the other end of their type.
func (g *sketch) keep(p *pair, mag, err float64, exact bool) {
	p.mag, p.err, p.exact = mag, err, exact
	limit := most(p.shape.DType)
	if p.whole() && p.mag > limit {
		p.mag = limit
	}
	if p.mag < 1e5 && p.mag <= limit && p.err < 1e-2 && len(g.all) < 100 {
		g.all = append(g.all, p)
	}
}
