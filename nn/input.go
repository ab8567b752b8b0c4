package nn

import (
	"fmt"
	"slices"

	"drift"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Input is what a network sees of a batch. Vector and Picture are nil for models that
// have no such condition.
type Input struct {
	X       *graph.Node // diffused samples scaled to unit variance, float32 [batch, shape...]
	Noise   *graph.Node // their level as the parametrisation gives it, usually [drift.NoiseInput], float32 [batch]
	Class   *graph.Node // their label, int32 [batch]; the number of classes where there is no condition
	Vector  *graph.Node // condition of numbers, float32 [batch, 1+K]: 1 and K values, or zeros where there is none
	Picture *graph.Node // condition that is a picture, float32 [batch, height, width, channels] with the sides of X
}

// Signature says what a model sees: the shape of a sample and its conditions.
type Signature struct {
	Shape   []int // of one sample
	Classes int   // 0 for no labels
	Vector  int   // values of the condition of numbers; 0 for none
	Picture int   // channels of the condition that is a picture; 0 for none
}

// Shapes are those of the inputs of a graph for a batch of n, in the order of [Input].
func (s Signature) Shapes(n int) []shapes.Shape {
	all := []shapes.Shape{
		shapes.Make(dtypes.Float32, append([]int{n}, s.Shape...)...),
		shapes.Make(dtypes.Float32, n),
		shapes.Make(dtypes.Int32, n),
	}
	if s.Vector > 0 {
		all = append(all, shapes.Make(dtypes.Float32, n, 1+s.Vector))
	}
	if s.Picture > 0 {
		all = append(all, shapes.Make(dtypes.Float32, append([]int{n}, s.pictureShape()...)...))
	}
	return all
}

func (s Signature) pictureShape() []int { return []int{s.Shape[0], s.Shape[1], s.Picture} }

// Input parts the inputs of a graph, which come as [Signature.Shapes] says, from what
// follows them.
func (s Signature) Input(nodes []*graph.Node) (in Input, rest []*graph.Node) {
	in = Input{X: nodes[0], Noise: nodes[1], Class: nodes[2]}
	rest = nodes[3:]
	if s.Vector > 0 {
		in.Vector, rest = rest[0], rest[1:]
	}
	if s.Picture > 0 {
		in.Picture, rest = rest[0], rest[1:]
	}
	return in, rest
}

// Condition is what samples shall be: for each of its fields that is not nil, one entry
// a sample.
type Condition struct {
	Labels   []int        // class of each; -1 for none
	Vectors  *drift.Batch // standardised numbers of each
	Pictures *drift.Batch // standardised picture of each
}

// check names what does not fit n samples of the signature.
func (c Condition) check(s Signature, n int) error {
	if c.Labels != nil && len(c.Labels) != n {
		return fmt.Errorf("labels: found %d, expected one for each of %d samples", len(c.Labels), n)
	}
	for i, label := range c.Labels {
		if label < -1 || label >= s.Classes {
			return fmt.Errorf("label of sample %d: found %d, expected -1 (none) to %d", i, label, s.Classes-1)
		}
	}
	if v := c.Vectors; v != nil && (v.N != n || v.Dim() != s.Vector) {
		return fmt.Errorf("vectors: found %d of %d values, expected %d of %d", v.N, v.Dim(), n, s.Vector)
	}
	switch p := c.Pictures; {
	case p == nil && s.Picture > 0:
		return fmt.Errorf("pictures: found none, expected one for each sample: the model begins with them")
	case p != nil && s.Picture == 0:
		return fmt.Errorf("pictures: found %d, expected none: the model has no such condition", p.N)
	case p != nil && (p.N != n || !slices.Equal(p.Shape, s.pictureShape())):
		return fmt.Errorf("pictures: found %d of shape %v, expected %d of shape %v", p.N, p.Shape, n, s.pictureShape())
	}
	return nil
}

// Slice is the condition of the samples lo ≤ i < hi.
func (c Condition) Slice(lo, hi int) Condition {
	var part Condition
	if c.Labels != nil {
		part.Labels = c.Labels[lo:hi]
	}
	if c.Vectors != nil {
		part.Vectors = c.Vectors.Slice(lo, hi)
	}
	if c.Pictures != nil {
		part.Pictures = c.Pictures.Slice(lo, hi)
	}
	return part
}

// Example is a batch as networks see it, before it becomes tensors: float32 and int32
// values of the shapes that [Signature.Shapes] gives. Vector and Picture are nil where
// the signature has none.
type Example struct {
	X, Noise, Vector, Picture []float32
	Class                     []int32

	sees Signature
	n    int
}

// Example makes room for n samples, all zero, none with a condition.
func (s Signature) Example(n int) *Example {
	e := &Example{sees: s, n: n}
	e.X, e.Noise, e.Class = make([]float32, n*size(s.Shape)), make([]float32, n), make([]int32, n)
	for i := range e.Class {
		e.Class[i] = int32(s.Classes)
	}
	if s.Vector > 0 {
		e.Vector = make([]float32, n*(1+s.Vector))
	}
	if s.Picture > 0 {
		e.Picture = make([]float32, n*size(s.pictureShape()))
	}
	return e
}

// SetCondition gives row i the condition of sample from of c.
func (e *Example) SetCondition(i int, c Condition, from int) {
	if c.Labels != nil && c.Labels[from] >= 0 {
		e.Class[i] = int32(c.Labels[from])
	}
	if c.Vectors != nil {
		width := 1 + e.sees.Vector
		row := e.Vector[i*width : (i+1)*width]
		row[0] = 1
		for j, v := range c.Vectors.Row(from) {
			row[1+j] = float32(v)
		}
	}
	if c.Pictures != nil {
		values := c.Pictures.Row(from)
		for j, v := range values {
			e.Picture[i*len(values)+j] = float32(v)
		}
	}
}

// Tensors are the inputs of a graph, as [Signature.Shapes] orders them.
func (e *Example) Tensors() []any {
	all := []any{
		tensors.FromFlatDataAndDimensions(e.X, append([]int{e.n}, e.sees.Shape...)...),
		tensors.FromFlatDataAndDimensions(e.Noise, e.n),
		tensors.FromFlatDataAndDimensions(e.Class, e.n),
	}
	if e.Vector != nil {
		all = append(all, tensors.FromFlatDataAndDimensions(e.Vector, e.n, 1+e.sees.Vector))
	}
	if e.Picture != nil {
		all = append(all, tensors.FromFlatDataAndDimensions(e.Picture, append([]int{e.n}, e.sees.pictureShape()...)...))
	}
	return all
}

func size(shape []int) int { return (&drift.Batch{Shape: shape}).Dim() }
