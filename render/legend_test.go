package render

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A legend names the classes that occur, as many as fit, and says how many do not.
func TestLegendNamesWhatFits(t *testing.T) {
	var classes []string
	for i := range 30 {
		classes = append(classes, fmt.Sprintf("class %d", i))
	}
	draw := func(classes []string, from, x float64) string {
		d := newDrawing(700, 40, func(c canvas) { legend(c, classes, from, x, 20) })
		var out strings.Builder
		if err := d.SVG(&out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	all := draw(classes, 0, 690)
	if !strings.Contains(all, ">class 0<") || strings.Contains(all, ">class 29<") || !strings.Contains(all, "more<") {
		t.Errorf("30 classes: found %s", all)
	}
	few := draw(occurring(classes, []int{3, 3, 8}), 0, 690)
	for _, name := range classes {
		if want := name == "class 3" || name == "class 8"; strings.Contains(few, ">"+name+"<") != want {
			t.Errorf("%s: named is %v, expected %v", name, !want, want)
		}
	}
	if strings.Contains(few, "more") {
		t.Error("two classes: some do not fit")
	}
	if got := draw(classes, 650, 690); strings.Contains(got, "class") {
		t.Errorf("no room: found %s", got)
	}
	if got := occurring([]string{"a", "b"}, []int{1, -1, 7}); !slices.Equal(got, []string{"", "b"}) {
		t.Errorf("occurring: found %q", got)
	}
}
