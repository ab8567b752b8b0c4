package feature

import (
	"context"
	"fmt"
	"strings"

	"drift/dataset"

	"github.com/gomlx/compute"
)

// Kinds are the names of extractors that Choose knows besides files.
var Kinds = []string{"classifier", "random"}

// Choose is the extractor of a name: "classifier" ([Open]), "random" ([Untrained]), or the path
// of an ONNX file ([OpenONNX]). Without a name it is the classifier where there are classes, and
// else random.
func Choose(ctx context.Context, engine compute.Backend, name string, set *dataset.Set, o ONNXOptions, watch Watch) (Extractor, error) {
	if name == "" {
		if name = Kinds[0]; len(set.Classes) < 2 {
			name = Kinds[1]
		}
	}
	switch {
	case name == Kinds[0]:
		return Open(ctx, engine, set, watch)
	case name == Kinds[1]:
		return Untrained(ctx, engine, set)
	case strings.HasSuffix(strings.ToLower(name), ".onnx"):
		return OpenONNX(engine, name, set.X.Shape, o)
	}
	return nil, fmt.Errorf("features: found %q, expected %q, %q or the path of a file that ends in .onnx", name, Kinds[0], Kinds[1])
}
