package cpu

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drift/backend/cpu/internal/isa"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldens compares what the passes make of a few graphs with what they made of them
// when somebody last looked, as DRIFT_CPU_DUMP leaves it. go test -run TestGoldens -update
// writes them anew.
func TestGoldens(t *testing.T) {
	folder := t.TempDir()
	t.Setenv(DumpEnv, filepath.Join(folder, "dumps"))
	b := newBackend(t, "threads=1")
	input := func(g *graph.Graph, name string, dims ...int) *graph.Node {
		return graph.Parameter(g, name, shapes.Make(dtypes.Float32, dims...))
	}
	for name, f := range map[string]func(g *graph.Graph) []*graph.Node{
		"conv": func(g *graph.Graph) []*graph.Node {
			x, w := input(g, "x", 2, 8, 8, 4), input(g, "w", 3, 3, 4, 8)
			y := graph.Convolve(x, w).Strides(2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done()
			h := graph.Reshape(y, 2, 16, 4, 2)
			h = graph.Sub(h, graph.ReduceAndKeep(h, graph.ReduceMean, 1, 3))
			v := graph.ReduceAndKeep(graph.Square(h), graph.ReduceMean, 1, 3)
			h = silu(graph.Div(h, graph.Sqrt(graph.AddScalar(v, 1e-5))))
			loss := graph.ReduceAllSum(graph.Square(h))
			return append([]*graph.Node{loss}, graph.Gradient(loss, x, w)...)
		},
		"dense": func(g *graph.Graph) []*graph.Node {
			x, w := input(g, "x", 8, 5), input(g, "w", 5, 3)
			y := graph.MatMul(x, w)
			return graph.Gradient(graph.ReduceAllSum(graph.Square(y)), x, w)
		},
		"attention": func(g *graph.Graph) []*graph.Node {
			q, k, v := input(g, "q", 2, 6, 2, 4), input(g, "k", 2, 6, 2, 4), input(g, "v", 2, 6, 2, 4)
			a := graph.Softmax(graph.MulScalar(graph.Einsum("bthc,bshc->bhts", q, k), .5), -1)
			return []*graph.Node{graph.Einsum("bhts,bshc->bthc", a, v)}
		},
		"adam": func(g *graph.Graph) []*graph.Node {
			w, m, v, d, t := input(g, "w", 30), input(g, "m", 30), input(g, "v", 30), input(g, "gradient", 30), input(g, "t")
			m = graph.Add(graph.MulScalar(m, .9), graph.MulScalar(d, .1))
			v = graph.Add(graph.MulScalar(v, .999), graph.MulScalar(graph.Square(d), .001))
			debias := func(beta float64) *graph.Node {
				return graph.Reciprocal(graph.OneMinus(graph.Pow(graph.Scalar(g, dtypes.Float32, beta), t)))
			}
			step := graph.Div(graph.Mul(m, debias(.9)), graph.AddScalar(graph.Sqrt(graph.Mul(v, debias(.999))), 1e-7))
			return []*graph.Node{graph.Sub(w, graph.MulScalar(step, 1e-3)), m, v}
		},
		"onehot": func(g *graph.Graph) []*graph.Node {
			label := graph.Parameter(g, "label", shapes.Make(dtypes.Int32, 6))
			return []*graph.Node{graph.MatMul(graph.OneHot(label, 10, dtypes.Float32), input(g, "table", 10, 4))}
		},
	} {
		g := graph.NewGraph(b, name)
		if err := g.Compile(f(g)...); err != nil {
			t.Fatal(err)
		}
		found := dumpOf(t, filepath.Join(folder, "dumps"), name)
		file := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(found), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		a, b := lines(found), lines(string(want))
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || a[i] != b[i] {
				t.Errorf("%s: line %d differs; run with -update if it should\n%s", file, i+1, found)
				break
			}
		}
	}
}

// dumpOf is the dump of a computation.
func dumpOf(t *testing.T, folder, name string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*-"+name+".txt"))
	if err != nil || len(files) != 1 {
		t.Fatalf("found %q and %v, expected one dump of %s", files, err, name)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lines are those of a dump, but for the plan where workspaces are those of other kernels
// than the files were written with.
func lines(text string) []string {
	if set, _ := isa.Best(); set != isa.AVX2 {
		before, after, _ := strings.Cut(text, "== planned\n")
		_, after, _ = strings.Cut(after, "== steps\n")
		text = before + after
	}
	return strings.Split(text, "\n")
}
