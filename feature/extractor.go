package feature

import (
	"context"
	"fmt"
	"slices"

	"drift"
	"drift/nn"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Extractor turns pictures into features. It may be used from several goroutines at once.
type Extractor interface {
	// Features are those of pictures [height, width, channels] in the units of the data
	// set: as many samples of shape [Dim]. They depend on the picture alone, not on others
	// in the batch.
	Features(ctx context.Context, pictures *drift.Rows) (*drift.Batch, error)
	Dim() int
	Name() string // what it is, for people
	Hash() string // SHA-256 in hex of what it computes with: only features of equal hashes compare
}

// tile is how many pictures a network sees at once. A multiple of 48, as in drift/nn, so that
// no picture's bytes depend on its place.
const tile = 96

// network runs a graph on tiles of pictures, the last one padded.
type network struct {
	exec  *model.Exec
	shape []int // of a picture
	tile  int
	input func(picture []float64, into []float32) // of one picture; into has the size of the graph's input
	in    []int                                   // shape of the graph's input for one picture
	outs  []int                                   // values of each output for one picture
}

// run gives the graph's outputs for all pictures, each N × its size.
func (n *network) run(ctx context.Context, x *drift.Rows) ([]*drift.Batch, error) {
	if !slices.Equal(x.Shape, n.shape) {
		return nil, fmt.Errorf("pictures: found shape %v, expected %v", x.Shape, n.shape)
	}
	all := make([]*drift.Batch, len(n.outs))
	for i, size := range n.outs {
		all[i] = drift.NewBatch(x.N, size)
	}
	size := (&drift.Batch{Shape: n.in}).Dim()
	for lo := 0; lo < x.N; lo += n.tile {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hi, values := min(lo+n.tile, x.N), make([]float32, n.tile*size)
		for i := lo; i < hi; i++ {
			n.input(x.Row(i), values[(i-lo)*size:(i-lo+1)*size])
		}
		err := nn.Guard("network", func() error {
			outs, err := n.exec.Call(tensors.FromFlatDataAndDimensions(values, append([]int{n.tile}, n.in...)...))
			if err != nil {
				return err
			}
			for k, out := range outs {
				defer out.FinalizeAll()
				err := tensors.ConstFlatData(out, func(flat []float32) {
					for i := range all[k].Slice(lo, hi).Data {
						all[k].Data[lo*n.outs[k]+i] = float64(flat[i])
					}
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, out := range all {
		if err := out.Finite(); err != nil {
			return nil, fmt.Errorf("features: %w", err)
		}
	}
	return all, nil
}
