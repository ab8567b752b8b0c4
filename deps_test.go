package drift_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// floors are the rooms of the house from the ground up. A package imports only
// packages on lower floors; those on one floor do not know each other.
var floors = [][]string{
	{
		"drift/backend/cpu",
		"drift/internal/hfparquet",
		"drift/internal/near",
		"drift/internal/onnxpools",
		"drift/internal/parallel",
		"drift/internal/pngtext",
		"drift/internal/safefile",
		"drift/internal/safetensors",
		"drift/picture",
	},
	{
		"drift",
		"drift/internal/tfevents",
		"drift/internal/fetch",
	},
	{
		"drift/solver",
		"drift/exact",
		"drift/nn",
		"drift/render",
		"drift/metric",
	},
	{
		"drift/dataset",
		"drift/shape",
		"drift/train",
		"drift/bench",
		"drift/edit",
		"drift/internal/tensorfile",
	},
	{
		"drift/distil",
		"drift/feature",
	},
	{
		"drift/run",
	},
	{
		"drift/figure",
		"drift/hub",
	},
	{
		"drift/demo",
		"drift/watch",
	},
	{
		"drift/cmd/drift",
		"drift/internal/checkdemo",
		"drift/bench/ops",
		"drift/bench/compare",
	},
}

// outside are the modules that a room may use beyond the standard library; other
// rooms may use none.
var outside = map[string][]string{
	"drift/bench": {
		"github.com/gomlx/",
	},
	"drift/bench/ops": {
		"github.com/gomlx/",
	},
	"drift/cmd/drift": {
		"github.com/spf13/",
		"github.com/schollz/progressbar/",
		"golang.org/x/term",
	},
	"drift/feature": {
		"github.com/gomlx/",
	},
	"drift/hub": {
		"github.com/gomlx/compute",
	},
	"drift/internal/hfparquet": {
		"github.com/parquet-go/",
		"github.com/andybalholm/brotli",
		"github.com/klauspost/compress/",
	},
	"drift/internal/onnxpools": {
		"google.golang.org/protobuf/encoding/protowire",
	},
	"drift/metric": {
		"gonum.org/v1/gonum/mat",
	},
	"drift/nn": {
		"github.com/gomlx/",
	},
	"drift/picture": {
		"golang.org/x/image/",
	},
	"drift/render": {
		"golang.org/x/image/",
		"gonum.org/v1/plot",
	},
	"drift/run": {
		"github.com/gomlx/compute",
		"github.com/pelletier/go-toml/",
		"golang.org/x/sys/",
	},
	"drift/shape": {
		"gonum.org/v1/gonum/mat",
	},
	"drift/train": {
		"github.com/gomlx/",
	},
	"drift/watch": {
		"github.com/gomlx/compute",
	},
}

func TestImportsOnlyGoDown(t *testing.T) {
	floor := map[string]int{}
	for i, rooms := range floors {
		for _, room := range rooms {
			floor[room] = i
		}
	}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		room := path.Join("drift", filepath.ToSlash(filepath.Dir(file)))
		if strings.HasPrefix(room, "drift/backend/cpu/") || strings.HasPrefix(room, "drift/examples/") {
			room = "" // rooms within rooms keep their own order
		}
		level, known := floor[room]
		if room != "" && !known {
			t.Errorf("%s: package %s has no floor in the house; give it one in deps_test.go", file, room)
		}
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range source.Imports {
			name := strings.Trim(spec.Path.Value, `"`)
			at, ours := floor[name]
			switch {
			case room == "":
			case ours && at >= level:
				t.Errorf("%s: imports %s, which is not below %s", file, name, room)
			case !ours && strings.Contains(strings.Split(name, "/")[0], "."):
				if !strings.HasPrefix(room, "drift/backend/") && !slices.ContainsFunc(outside[room], func(p string) bool { return strings.HasPrefix(name, p) }) {
					t.Errorf("%s: imports %s, which %s may not use", file, name, room)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, rooms := range floors {
		for _, room := range rooms {
			dir := "." + strings.TrimPrefix(room, "drift")
			entries, err := os.ReadDir(dir)
			if err != nil {
				continue // a room that is not built yet
			}
			said := false
			for _, e := range entries {
				if !strings.HasSuffix(e.Name(), ".go") {
					continue
				}
				source, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, parser.ParseComments|parser.PackageClauseOnly)
				if err != nil {
					t.Fatal(err)
				}
				said = said || source.Doc.Text() != ""
			}
			if !said {
				t.Errorf("%s: no package comment says what the room is for", room)
			}
		}
	}
}
