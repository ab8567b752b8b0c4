package near

import (
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	names := []string{"ddim", "heun", "heun-churn", "dpm++2m", "unipc-2"}
	for name, want := range map[string]string{
		"heun": "heun", "huen": "heun", "HEUN": "heun", "heunchurn": "heun-churn", "dpm2m": "dpm++2m", "unipc": "unipc-2",
		"flowers": "", "": "", "x": "", strings.Repeat("z", 1000): "",
	} {
		if got := Word(name, names); got != want {
			t.Errorf("%q: found %q, expected %q", name, got, want)
		}
	}
	if got := Word("7", []string{"1", "2"}); got != "" {
		t.Errorf("7: found %q, but nothing of it would be left", got)
	}
	if got := Word("a", nil); got != "" {
		t.Errorf("no names: found %q", got)
	}
}

// An edit counts once, from either side, and no way round is shorter.
func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abd", 1}, {"abc", "bc", 1}, {"abc", "xabc", 1}, {"ab", "ba", 2}, {"kitten", "sitting", 3}} {
		if got, back := edits(c.a, c.b), edits(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("%q, %q: found %d and %d, expected %d", c.a, c.b, got, back, c.want)
		}
	}
}

func TestFind(t *testing.T) {
	all, same := []string{"dog", "cat"}, func(s string) string { return s }
	if got, err := Find("class", "cat", all, same); err != nil || got != "cat" {
		t.Errorf("found %q, %v", got, err)
	}
	_, err := Find("class", "dgo", all, same)
	if err == nil || err.Error() != `class: found "dgo" (did you mean dog?), expected one of ["dog" "cat"]` {
		t.Errorf("found error %v", err)
	}
	if _, err := Find("class", "bird", all, same); err == nil || strings.Contains(err.Error(), "did you mean") {
		t.Errorf("found error %v", err)
	}
}
