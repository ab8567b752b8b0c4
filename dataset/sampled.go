package dataset

import (
	"encoding/json"
	"fmt"
	"io"

	"drift"
	"drift/internal/parallel"
	"drift/internal/pngtext"
)

// RecipeKeyword is the name of the text in which a picture that drift sampled says how it
// was made, right behind the header of its file. "class" in it is what was asked for.
const RecipeKeyword = "drift"

// recipeBytes is how far into a file a recipe is looked for.
const recipeBytes = 64 << 10

// sampled are those of loose pictures that options ask for, and their classes if they are
// pictures that drift sampled: unless all of them say what was asked for, there is a note instead.
func sampled(files []pictureFile, o Options) (few []pictureFile, classes, notes []string) {
	if len(files) == 0 || sampledClass(files[0]) == "" {
		return files, nil, nil
	}
	for _, i := range drift.Evenly(len(files), o.N) {
		few = append(few, files[i])
	}
	classes = make([]string, len(few))
	parallel.Blocks(len(few), perPicture, func(lo, hi int) {
		for i := lo; i < hi && o.stopped() == nil; i++ {
			classes[i] = sampledClass(few[i])
		}
	})
	for i, class := range classes {
		if class == "" {
			return few, nil, []string{fmt.Sprintf("classes: %s does not say what was asked for, as others do: opened without classes", few[i].path)}
		}
	}
	return few, classes, nil
}

// sampledClass is the class in the recipe that a picture holds, if it holds one.
func sampledClass(file pictureFile) string {
	r, err := file.open()
	if err != nil {
		return ""
	}
	defer r.Close()
	head, err := io.ReadAll(io.LimitReader(r, recipeBytes))
	if err != nil {
		return ""
	}
	text, ok, _ := pngtext.Get(head, RecipeKeyword) // where the file is cut does not matter
	var recipe struct {
		Class string `json:"class"`
	}
	if !ok || json.Unmarshal([]byte(text), &recipe) != nil || len(recipe.Class) > maxClassName {
		return ""
	}
	return recipe.Class
}
