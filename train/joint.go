package train

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"drift/nn"
)

// joint is where a network of package nn adds what it is told: the embedding of its
// level, a row of a table of classes, and a layer of the numbers, of which only biases are
// left where there are none.
type joint struct {
	biases  string // last ones of the embedding of the level; empty for an EDM2, which has none
	table   string
	numbers string // biases of the layer
}

type joints []joint

// jointsOf finds those of the networks of package nn in a state.
func jointsOf(state nn.State) (all joints) {
	for _, name := range state.Names() {
		block, ok := strings.CutSuffix(name, "/timestep_embedder/linear_2/bias")
		switch {
		case !strings.HasPrefix(name, weights):
		case ok:
			all = append(all, joint{name, block + "/class_embedder/embedding_table/weight", nn.Scope + "/vector_embedding/bias"})
		case name == nn.Scope+"/time_embedding/linear_2/bias":
			all = append(all, joint{name, nn.Scope + "/class_embedding/weight", nn.Scope + "/vector_embedding/bias"})
		case name == nn.Scope+"/embed/level_1/biases":
			all = append(all, joint{name, nn.Scope + "/embed/class", nn.Scope + "/embed/vector/biases"})
		case name == nn.Scope+"/embedding/noise/weight":
			all = append(all, joint{table: nn.Scope + "/embedding/class_embedding/weight"})
		}
	}
	return all
}

// haveTable says whether a weight is a table of classes.
func (all joints) haveTable(name string) bool {
	return slices.ContainsFunc(all, func(j joint) bool { return j.table == name })
}

// silent says whether a weight is of a layer that may begin at zero.
func (all joints) silent(name string) bool {
	return slices.ContainsFunc(all, func(j joint) bool { return j.biases != "" && path.Dir(name) == path.Dir(j.numbers) })
}

// inherit gives a joint's table the rows of the parent's, and its biases, which are the
// parent's, what the parent adds where there is no condition and the network cannot.
func (j joint) inherit(state nn.State, parent Parent, classes []string) error {
	table, has := state[j.table]
	old, had := parent.Weights[j.table]
	like := table
	if !has {
		like = state[j.biases]
	}
	if n := len(like.Shape); n > 0 && had && (len(old.Shape) != 2 || old.Shape[1] != like.Shape[n-1] || old.DType != "Float32" || len(old.Data) != 4*old.Shape[0]*old.Shape[1]) {
		return fmt.Errorf("tensor %q: found %s %v in the weights to start from, expected Float32 rows of %d values", j.table, old.DType, old.Shape, like.Shape[n-1])
	}
	same := has && had && slices.Equal(parent.Classes, classes) && slices.Equal(table.Shape, old.Shape)
	if j.biases == "" {
		if has && !same {
			state[j.table] = balanced(table, old, classes, parent.Classes)
		}
		return nil
	}
	biases := state[j.biases].Values()
	none := make([]float32, len(biases)) // what the parent adds for no class
	if had {
		none = rowOf(old, len(parent.Classes))
	}
	switch {
	case same:
	case has && table.Shape[0] > len(classes):
		state[j.table] = fromRows(table, old, classes, parent.Classes, nil)
	case has: // without a row for no class, which adds nothing
		state[j.table] = fromRows(table, old, classes, parent.Classes, none)
		add(biases, none)
	default:
		add(biases, none)
	}
	if _, has := state[j.numbers]; !has {
		if b := parent.Weights[j.numbers]; b.DType == "Float32" && len(b.Data) == 4*len(biases) {
			add(biases, b.Values())
		}
	}
	state[j.biases] = nn.Floats(state[j.biases].Shape, biases)
	return nil
}

func add(to, values []float32) {
	for i, v := range values {
		to[i] += v
	}
}

// rowOf is a row of a table, or zeros where it has none.
func rowOf(table nn.Tensor, row int) []float32 {
	values, width := table.Values(), table.Shape[1]
	if row >= table.Shape[0] {
		return make([]float32, width)
	}
	return values[row*width : (row+1)*width]
}

// fromRows is a table like another, whose rows are those of the parent's table for
// classes that both know by name, and for all else that for no class, less what is added
// elsewhere. All are zeros if the parent has no table.
func fromRows(like, old nn.Tensor, classes, others []string, less []float32) nn.Tensor {
	var values []float32
	for i := range like.Shape[0] {
		row := make([]float32, like.Shape[1])
		if old.Data != nil {
			add(row, rowOf(old, rowFor(i, classes, others)))
		}
		for k, v := range less {
			row[k] -= v
		}
		values = append(values, row...)
	}
	return nn.Floats(like.Shape, values)
}

// rowFor is the row of the parent's table for row i of one of classes.
func rowFor(i int, classes, others []string) int {
	if i < len(classes) {
		if from := slices.Index(others, classes[i]); from >= 0 {
			return from
		}
	}
	return len(others)
}

// balanced is a table of an EDM2, whose columns are used with mean square 1. Rows of
// classes that the parent does not know have the signs of that for no class, and the size
// that leaves the columns their mean square, and so the other rows what they were, unless
// the table has fewer classes. If the parent has no table, the row for no class begins at
// zero.
func balanced(table, old nn.Tensor, classes, others []string) nn.Tensor {
	rows, width := table.Shape[0], table.Shape[1]
	if old.Data == nil {
		values := table.Values()
		clear(values[(rows-1)*width:])
		return nn.Floats(table.Shape, values)
	}
	values := fromRows(table, old, classes, others, nil).Values()
	was := old.Values()
	for k := range width {
		var square float64
		for i := k; i < len(was); i += width {
			square += float64(was[i]) * float64(was[i])
		}
		left := square / float64(old.Shape[0]) * float64(rows)
		var unknown []int
		for i := range rows {
			if v := float64(values[i*width+k]); i < rows-1 && rowFor(i, classes, others) == len(others) {
				unknown = append(unknown, i)
			} else {
				left -= v * v
			}
		}
		for _, i := range unknown {
			size := math.Sqrt(max(0, left) / float64(len(unknown)))
			values[i*width+k] = float32(math.Copysign(size, float64(values[i*width+k])))
		}
	}
	return nn.Floats(table.Shape, values)
}
