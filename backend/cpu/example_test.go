package cpu_test

import (
	"fmt"
	"os"

	_ "drift/backend/cpu"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// A program that uses GoMLX gets this backend by the import alone; GOMLX_BACKEND, which
// is otherwise set outside of it, chooses it.
func Example() {
	os.Setenv("GOMLX_BACKEND", "cpu")
	backend, err := compute.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Finalize()
	slope := graph.MustNewExec(backend, func(x *graph.Node) *graph.Node {
		y := graph.ReduceAllSum(graph.Square(graph.Convolve(graph.Reshape(x, 1, 5, 1), graph.Ones(x.Graph(), shapes.Make(dtypes.Float32, 3, 1, 1))).PadSame().Done()))
		return graph.Gradient(y, x)[0]
	})
	fmt.Println(backend.Name(), slope.MustCall1([]float32{1, 2, 3, 4, 5}).Value())
	// Output: cpu [18 36 54 60 42]
}
