package run

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"drift/dataset"
	"drift/internal/pngtext"
)

// Sample i depends on its index alone: not on how many there are, nor on who is asked
// for beside it.
func TestSamplesByIndex(t *testing.T) {
	m := tinyModel(t, tiny(30))
	r := DefaultRequest()
	r.N, r.Steps, r.Solver, r.Seed, r.Batch = 7, 3, "ddpm", 3, 2
	all := sampled(t, m, r)
	r.First, r.N = 4, 2
	if part := sampled(t, m, r); !slices.Equal(part.Data, all.Slice(4, 6).Data) {
		t.Errorf("samples 4 and 5 alone: found %v, want %v", part.Data, all.Slice(4, 6).Data)
	}
	r.First, r.EachClass = 3, 2
	each, err := m.Sample(t.Context(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{1, 0, 1, 0}; !slices.Equal(each.Labels, want) {
		t.Errorf("each class from index 3: found labels %v, want %v", each.Labels, want)
	}
}

func TestRecipeComesBack(t *testing.T) {
	m := tinyModel(t, tiny(30))
	r := DefaultRequest()
	r.Seed, r.First, r.N, r.Guidance, r.Clip = 1<<63+1, 5, 9, 2.5, []float64{-1, 0.1}
	recipe := m.Recipe(r)
	var plain, file bytes.Buffer
	if err := png.Encode(&plain, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	if err := recipe.WriteInto(&file, plain.Bytes()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "p.png")
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if found, err := ReadRecipe(path); err != nil || !reflect.DeepEqual(found, recipe) {
		t.Errorf("found %+v, %v, want %+v", found, err, recipe)
	}
	d, err := Open(m.Run)
	if err != nil {
		t.Fatal(err)
	}
	if _, c, err := d.Load(recipe.Checkpoint); err != nil || c.Path != m.From.Path {
		t.Errorf("weights by hash: found %v, %v, want %s", c, err, m.From.Path)
	}
	if _, _, err := d.Load("sha256:00"); err == nil || !strings.Contains(err.Error(), "found no checkpoint with hash 00") {
		t.Errorf("weights that are not there: %v", err)
	}
	one := recipe.Of(&Samples{Labels: []int{0, 1}}, 1, []string{"dog", "cat"})
	if one.First != 6 || one.N != 1 || one.Class != "cat" || one.Seed != r.Seed {
		t.Errorf("sample 1 of two: found %+v", one)
	}
	var sampled bytes.Buffer
	if err := one.WriteInto(&sampled, plain.Bytes()); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.png"), sampled.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if set, err := dataset.Open(folder, dataset.Options{}); err != nil || !slices.Equal(set.Classes, []string{"cat"}) {
		t.Errorf("opened again: found %+v, %v, expected a picture of a cat", set, err)
	}
	for text, want := range map[string]string{
		`{"run": "r"}`: "expected a folder and sha256:",
		`{"run": "r", "checkpoint": "sha256:1", "colour": 3}`:  `unknown field "colour"`,
		`{"run": "r", "checkpoint": "sha256:1", "n": 9999999}`: "expected at most",
		`[`: "does not understand",
	} {
		file, err := pngtext.Put(plain.Bytes(), dataset.RecipeKeyword, text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseRecipe(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: found error %v, want %q", text, err, want)
		}
	}
}
