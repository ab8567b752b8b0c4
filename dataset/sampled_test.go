package dataset

import (
	"slices"
	"strings"
	"testing"

	"drift/internal/pngtext"
)

// Pictures that drift sampled know their classes, unless one of them does not, or a folder
// or a table says otherwise.
func TestSampledPicturesKnowTheirClasses(t *testing.T) {
	asked := func(text string) string {
		file, err := pngtext.Put([]byte(grey(3)), RecipeKeyword, text)
		if err != nil {
			t.Fatal(err)
		}
		return string(file)
	}
	boot, bag := asked(`{"run": "r", "class": "ankle boot"}`), asked(`{"class": "bag"}`)
	s := open(t, folder(t, map[string]string{"0-ankle-boot.png": boot, "1-bag.png": bag, "2-ankle-boot.png": boot}), Options{})
	if !slices.Equal(s.Classes, []string{"ankle boot", "bag"}) || !slices.Equal(s.Labels, []int{0, 1, 0}) {
		t.Errorf("found classes %q and labels %v", s.Classes, s.Labels)
	}
	if s := open(t, folder(t, map[string]string{"0.png": boot, "1.png": "no picture", "2.png": boot}), Options{}); s.X.N != 2 || s.Classes != nil || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "1.png does not say") {
		t.Errorf("one damaged: found %d samples of classes %q with notes %q", s.X.N, s.Classes, s.Notes)
	}
	if s := open(t, folder(t, map[string]string{"0.png": boot, "1.png": bag, "2.png": boot, "3.png": grey(9)}), Options{N: 3}); s.X.N != 3 || !slices.Equal(s.Classes, []string{"ankle boot", "bag"}) {
		t.Errorf("the first three: found %d samples of classes %q", s.X.N, s.Classes)
	}
	for name, files := range map[string]map[string]string{
		"one without": {"a.png": boot, "b.png": grey(5)},
		"none":        {"a.png": grey(5), "b.png": boot},
		"not JSON":    {"a.png": asked("class"), "b.png": boot},
		"too long":    {"a.png": asked(`{"class": "` + strings.Repeat("x", 2000) + `"}`), "b.png": boot},
		"no class":    {"a.png": asked(`{"class": ""}`), "b.png": boot},
	} {
		if s := open(t, folder(t, files), Options{}); s.Classes != nil || s.X.N != 2 {
			t.Errorf("%s: found %d samples of classes %q, expected 2 without", name, s.X.N, s.Classes)
		}
	}
	if s := open(t, folder(t, map[string]string{"x/a.png": boot, "y/b.png": bag}), Options{}); !slices.Equal(s.Classes, []string{"x", "y"}) {
		t.Errorf("in folders: found classes %q", s.Classes)
	}
	if s := open(t, folder(t, map[string]string{"a.png": boot, "b.png": bag, "labels.csv": "file,class\na.png,p\nb.png,q\n"}), Options{}); !slices.Equal(s.Classes, []string{"p", "q"}) {
		t.Errorf("beside a table: found classes %q", s.Classes)
	}
}
