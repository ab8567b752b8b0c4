package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"drift"
	"drift/dataset"
	"drift/internal/pngtext"
	"drift/internal/safefile"
)

// Recipe says how samples were made. With the run that it names it makes them again:
// the same bytes on the same engine and machine.
type Recipe struct {
	Drift        string `json:"drift"`                          // version
	Run          string `json:"run"`                            // folder of the run, as it was named
	Checkpoint   string `json:"checkpoint"`                     // its weights, as [Dir.Load] finds them by their hash
	Worse        string `json:"autoguide,omitempty"`            // folder of the run that it was guided away from
	WorseWeights string `json:"autoguide_checkpoint,omitempty"` // and its weights
	Edit         string `json:"edit,omitempty"`                 // the command, if it was made of another picture
	SmallSHA256  string `json:"small_sha256,omitempty"`         // of the small pictures that it was made larger of, as [SmallSum] has it
	Request             // what was asked for
}

// maxRecipe bounds the text of a recipe, in bytes, and mostInRecipe its samples.
const maxRecipe, mostInRecipe = 1 << 20, 1 << 20

// Recipe is that of what the model makes of a request.
func (m *Model) Recipe(r Request) Recipe {
	recipe := Recipe{Drift: Version, Run: m.Run, Checkpoint: m.From.name(), Request: r}
	if r.Worse != nil {
		recipe.Worse, recipe.WorseWeights = r.Worse.Run, r.Worse.From.name()
	}
	if r.Small != nil {
		recipe.SmallSHA256 = SmallSum(r.Small)
	}
	return recipe
}

// Of is the recipe of sample i of s alone, which were made by the whole one.
func (c Recipe) Of(s *Samples, i int, classes []string) Recipe {
	c.First, c.N, c.EachClass, c.Class, c.Labels = c.First+i, 1, 0, "", nil
	if c.Small != nil {
		c.Small = c.Small.Slice(i%c.Small.N, i%c.Small.N+1) // there is one for each, or one for all
		c.SmallSHA256 = SmallSum(c.Small)
	}
	if s.Labels == nil {
		return c
	}
	if s.Labels[i] < 0 { // of no class
		c.Labels = []int{-1}
		return c
	}
	if name := classes[s.Labels[i]]; name != "" {
		c.Class = name
	} else {
		c.Labels = []int{s.Labels[i]}
	}
	return c
}

// SmallSum is a SHA-256 in hex over small pictures: their number, shape and pixels.
func SmallSum(x *drift.Batch) string {
	return (&dataset.Set{X: drift.RowsOf(x)}).SHA256()
}

// CheckSmall is an error unless the small pictures of a request are those of the recipe.
func (c Recipe) CheckSmall(r Request) error {
	switch {
	case c.SmallSHA256 == "":
		return nil
	case r.Small == nil:
		return fmt.Errorf("small pictures: found none, expected those that the picture was made larger of, with the hash %s", c.SmallSHA256)
	}
	if sum := SmallSum(r.Small); sum != c.SmallSHA256 {
		return fmt.Errorf("small pictures: found others, with the hash %s, expected those that the picture was made larger of, with the hash %s", sum, c.SmallSHA256)
	}
	return nil
}

// WriteInto writes a PNG file with the recipe in it.
func (c Recipe) WriteInto(w io.Writer, file []byte) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if len(text) > maxRecipe {
		return fmt.Errorf("recipe: found %d bytes, expected at most %d", len(text), maxRecipe)
	}
	if file, err = pngtext.Put(file, dataset.RecipeKeyword, string(text)); err != nil {
		return err
	}
	_, err = w.Write(file)
	return err
}

// ReadRecipe reads the recipe that a PNG file holds.
func ReadRecipe(path string) (Recipe, error) {
	file, err := safefile.Read(path, 1<<30)
	if err != nil {
		return Recipe{}, err
	}
	c, err := parseRecipe(file)
	if err != nil {
		return Recipe{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func parseRecipe(file []byte) (Recipe, error) {
	text, ok, err := pngtext.Get(file, dataset.RecipeKeyword)
	switch {
	case err != nil:
		return Recipe{}, err
	case !ok:
		return Recipe{}, fmt.Errorf("found no text %q, expected a picture that drift sampled: other programs may have dropped it", dataset.RecipeKeyword)
	case len(text) > maxRecipe:
		return Recipe{}, fmt.Errorf("recipe: found %d bytes, expected at most %d", len(text), maxRecipe)
	}
	c := Recipe{Request: DefaultRequest()}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Recipe{}, fmt.Errorf("recipe: found %.80q, which drift %s does not understand: %w", text, Version, err)
	}
	if c.Run == "" || !strings.HasPrefix(c.Checkpoint, byHash) && !(strings.HasPrefix(c.Checkpoint, byLength) && strings.Contains(c.Checkpoint, lengthHash)) {
		return Recipe{}, fmt.Errorf("recipe: found run %q and checkpoint %q, expected a folder and %s…", c.Run, c.Checkpoint, byHash)
	}
	if slices.ContainsFunc(c.Labels, func(l int) bool { return l < -1 }) {
		return Recipe{}, fmt.Errorf("recipe: found labels %v, expected none below -1", c.Labels[:min(len(c.Labels), 20)])
	}
	if c.N > mostInRecipe || c.EachClass > mostInRecipe {
		return Recipe{}, fmt.Errorf("recipe: found %d samples, expected at most %d in a picture", max(c.N, c.EachClass), mostInRecipe)
	}
	return c, nil
}
