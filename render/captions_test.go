package render

import (
	"strings"
	"testing"

	"drift"
)

// Captions of small pictures stay within their column, whatever they say.
func TestCaptionsDoNotOverlap(t *testing.T) {
	for _, name := range []string{"", "a", "demihumanoids", strings.Repeat("W", 100), strings.Repeat("ö", 50)} {
		room := captionRoom(32, []string{"cat", name})
		got := fitted(name, captionSize, room)
		if w := textWidth(got, captionSize, false); w > room || room > widestCaption {
			t.Errorf("%q: found %q, %v wide, in %v", name, got, w, room)
		}
		if cut := strings.HasSuffix(got, "…"); cut != (textWidth(name, captionSize, false) > widestCaption) || !cut && got != name {
			t.Errorf("%q: found %q", name, got)
		}
	}
	x := drift.NewBatch(4, 32, 32, 1)
	short, err := Pictures(x, 4, 0, 255, []string{"a", "b", "c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	long, err := Pictures(x, 4, 0, 255, []string{"aberrations", "b", "c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := short.Bounds().Dx(), long.Bounds().Dx(); b <= a {
		t.Errorf("found a width of %d for long captions, expected more than %d", b, a)
	}
}
