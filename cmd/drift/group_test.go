package main

import (
	"encoding/json"
	"fmt"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/render"
)

// bars writes n pictures of 16×16 pixels of a class: a bar that rises from left to right,
// or every third time an upright one, of any brightness.
func bars(t *testing.T, dir, class string, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(4, 5))
	dir = filepath.Join(dir, "bars", class)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		dark, at, kind := uint8(r.IntN(100)), r.IntN(2), "rising"
		if i%3 == 2 {
			kind = "upright"
		}
		writeTestPNG(t, filepath.Join(dir, fmt.Sprintf("%s-%03d.png", kind, i)), 16, 16, func(x, y int) uint8 {
			if kind == "upright" && (x+at)/2 == 4 || kind == "rising" && (x+y+at)/2 == 7 {
				return dark + 100
			}
			return dark
		})
	}
}

// Pictures of one class are sorted by their shape, and mirrored ones find the group that is
// theirs; what was written is a data set whose classes are the groups.
func TestDataGroup(t *testing.T) {
	dir := t.TempDir()
	bars(t, dir, "thin bars", 60)
	bars(t, dir, "few", 9)
	group := func(args ...string) (result struct {
		Pictures int
		Groups   []struct {
			Name, Class string
			Pictures    int
		}
		Files []string
	}) {
		t.Helper()
		lines := strings.Split(strings.TrimSpace(mustDrift(t, dir, append([]string{"data", "group", "bars", "--json"}, args...)...)), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &result); err != nil {
			t.Fatal(err)
		}
		return result
	}

	found := group("--groups", "2", "--each", "10", "--out", "two", "--sheet", "two.png")
	names := []string{}
	for _, g := range found.Groups {
		names = append(names, fmt.Sprint(g.Name, " ", g.Class, " ", g.Pictures))
	}
	if want := []string{"few-00 few 9", "thin-bars-00 thin bars 40", "thin-bars-01 thin bars 20"}; !slices.Equal(names, want) || found.Pictures != 69 {
		t.Fatalf("found %q of %d pictures, expected %q", names, found.Pictures, want)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "two", "*", "*.png")); err != nil || len(files) != 69 {
		t.Errorf("found %d files, %v", len(files), err)
	}
	if f, err := os.Open(filepath.Join(dir, "two.png")); err != nil {
		t.Error(err)
	} else if _, err := png.DecodeConfig(f); err != nil {
		t.Error(err)
	}
	if out := mustDrift(t, dir, "data", "check", "two"); !strings.Contains(strings.Join(strings.Fields(out), " "), "thin-bars-01 20") {
		t.Errorf("the folder is read as\n%s", out)
	}

	// Falling bars are a third shape, of as many as rise.
	found = group("--groups", "3", "--each", "10", "--mirror", "--out", "three/")
	var sizes []int
	for _, g := range found.Groups {
		if g.Class == "thin bars" {
			sizes = append(sizes, g.Pictures)
		}
	}
	if !slices.Equal(sizes, []int{40, 40, 40}) {
		t.Errorf("with mirrored ones: found groups of %v, expected 40 that rise, fall and stand", sizes)
	}

	for says, args := range map[string][]string{
		"expected an empty or a new one":    {"bars", "--out", "two"},
		"found points, expected pictures":   {"dogcat", "--out", "new"},
		"groups: found 0":                   {"bars", "--groups", "0", "--out", "new"},
		"expected one of dogcat":            {"none", "--out", "new"},
		"expected a file that ends in .png": {"bars", "--out", "new", "--sheet", "sheet.gif"},
		"two.png":                           {"bars", "--out", "new", "--sheet", "two.png"},
		`required flag(s) "out"`:            {"bars"},
		"in the folder of the pictures":     {"bars", "--out", "bars/groups"},
		"--sheet: found bars/thin.png, which lies in the folder of the pictures": {"bars", "--out", "new", "--sheet", "bars/thin.png"},
		"which lies in the folder of the gr":                                     {"bars", "--out", "new", "--sheet", "new/sheet.png"},
		"--out: found nothing":                                                   {"bars", "--out", ""},
	} {
		if _, errs, code := driftOn(t, dir, append([]string{"data", "group"}, args...)...); code == 0 || !strings.Contains(errs, says) {
			t.Errorf("%q: exit code %d, %s", args, code, errs)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "new*")); err != nil || len(left) > 0 {
		t.Errorf("what was refused left %q, %v", left, err)
	}

	// An empty folder is filled where it is, by whatever name or link.
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("empty", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	mustDrift(t, filepath.Join(dir, "empty"), "data", "group", "../bars", "--out", ".")
	if files, err := filepath.Glob(filepath.Join(dir, "empty", "*", "*.png")); err != nil || len(files) != 69 {
		t.Errorf("found %d files in the folder, %v", len(files), err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "empty")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	mustDrift(t, dir, "data", "group", "bars", "--out", "link")
	if files, err := os.ReadDir(filepath.Join(dir, "empty")); err != nil || len(files) < 2 {
		t.Errorf("found %v behind the link, %v", files, err)
	}

	// What has no classes has groups without names, and what differs in case alone has its own.
	mustDrift(t, dir, "data", "group", "bars/thin bars", "--groups", "2", "--out", "bare", "--each", "20")
	if err := os.Rename(filepath.Join(dir, "bars", "few"), filepath.Join(dir, "bars", "Thin Bars")); err != nil {
		t.Fatal(err)
	}
	mustDrift(t, dir, "data", "group", "bars", "--each", "1000", "--out", "cases")
	for _, folder := range []string{"bare/00", "bare/01", "cases/Thin-Bars-00", "cases/thin-bars--00"} {
		if files, err := filepath.Glob(filepath.Join(dir, folder, "*.png")); err != nil || len(files) == 0 {
			t.Errorf("%s: found no pictures, %v", folder, err)
		}
	}
}

// Of more groups than a sheet has room for it shows the largest of every class.
func TestLargestGroups(t *testing.T) {
	var groups []grouped
	for _, name := range []string{"a0", "a1", "a2", "b0", "c0", "c1"} {
		groups = append(groups, grouped{Name: name, Class: name[:1]})
	}
	for most, want := range map[int]string{1: "a0", 3: "a0 b0 c0", 4: "a0 a1 b0 c0", 5: "a0 a1 b0 c0 c1", 9: "a0 a1 a2 b0 c0 c1"} {
		var names []string
		for _, g := range largest(groups, most) {
			names = append(names, g.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%d groups: found %s, expected %s", most, got, want)
		}
	}
}

// A sheet has room for what sheetFits says: all of two hundred groups of small pictures, and
// some of large ones.
func TestGroupSheetFits(t *testing.T) {
	for _, c := range []struct{ shape, fits []int }{
		{[]int{32, 32, 3}, []int{12, 200}}, {[]int{128, 128, 3}, []int{12, 59}}, {[]int{1000, 700, 3}, []int{5, 7}},
	} {
		each, groups, err := sheetFits(c.shape)
		if err != nil || each != c.fits[0] || groups != c.fits[1] {
			t.Errorf("pictures of %v: found room for %d of %d groups, %v, expected %v", c.shape, each, groups, err, c.fits)
			continue
		}
		shown := make([]render.PictureGroup, groups)
		for i := range shown {
			shown[i] = render.PictureGroup{Title: "a class of a long name-00: 1234", X: drift.NewBatch(each, c.shape...)}
		}
		if _, err := render.PictureGroups(shown, each, 0, 255); err != nil {
			t.Errorf("pictures of %v: %v", c.shape, err)
		}
	}
	if _, _, err := sheetFits([]int{9000, 9000, 3}); err == nil {
		t.Error("pictures of 9000×9000: found room on a sheet, expected none")
	}
}
