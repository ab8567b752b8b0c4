package dataset

import (
	"encoding/json"
	"slices"

	"drift/internal/parallel"
	"drift/internal/pngtext"
)

// sampledClasses are what pictures that drift sampled say was asked for, or nil unless all
// of them say so.
func sampledClasses(files []pictureFile) []string {
	if len(files) == 0 || sampledClass(files[0]) == "" {
		return nil
	}
	classes := make([]string, len(files))
	parallel.Blocks(len(files), perPicture, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			classes[i] = sampledClass(files[i])
		}
	})
	if slices.Contains(classes, "") {
		return nil
	}
	return classes
}

// sampledClass is the class in the recipe that a picture holds, if it holds one.
func sampledClass(file pictureFile) string {
	data, err := file.content()
	if err != nil {
		return ""
	}
	text, ok, err := pngtext.Get(data, pngtext.Recipe)
	if err != nil || !ok {
		return ""
	}
	var recipe struct {
		Class string `json:"class"`
	}
	if json.Unmarshal([]byte(text), &recipe) != nil {
		return ""
	}
	return recipe.Class
}
