package dataset

import (
	"math"
	"slices"
	"testing"
)

func open(t testing.TB, name string, o Options) *Set {
	t.Helper()
	s, err := Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryListedSetOpens(t *testing.T) {
	for _, info := range List() {
		if info.About == "" || info.Source == "" {
			t.Errorf("%s: nothing said about it", info.Name)
		}
		if _, _, remote := remoteNamed(info.Name); remote {
			continue // has to be brought first
		}
		s := open(t, info.Name, Options{N: 500, Seed: 3})
		if s.Name != info.Name || s.X.N != 500 || len(s.X.Batch().Data) != 500*s.X.Dim() {
			t.Errorf("%s: %q with %d samples", info.Name, s.Name, s.X.N)
		}
		if err := s.X.Batch().Finite(); err != nil {
			t.Errorf("%s: %v", info.Name, err)
		}
		if s.Image() == (s.Columns != nil) || !s.Image() && len(s.Columns) != s.X.Dim() {
			t.Errorf("%s: columns %q for shape %v", info.Name, s.Columns, s.X.Shape)
		}
		if (s.Classes == nil) != (s.Labels == nil) {
			t.Errorf("%s: %d classes but %d labels", info.Name, len(s.Classes), len(s.Labels))
		}
		seen := make([]bool, len(s.Classes))
		for _, l := range s.Labels {
			seen[l] = true
		}
		if slices.Contains(seen, false) {
			t.Errorf("%s: a class has no samples", info.Name)
		}
		if _, err := Fit(s); err != nil {
			t.Error(err)
		}
		again := open(t, info.Name, Options{N: 500, Seed: 3})
		shorter := open(t, info.Name, Options{N: 100, Seed: 3})
		if !slices.Equal(s.X.Batch().Data, again.X.Batch().Data) || !slices.Equal(s.X.Batch().Data[:len(shorter.X.Batch().Data)], shorter.X.Batch().Data) {
			t.Errorf("%s: samples depend on more than the seed and their index", info.Name)
		}
		if other := open(t, info.Name, Options{N: 500, Seed: 4}); info.Name != "digits" && slices.Equal(s.X.Batch().Data, other.X.Batch().Data) {
			t.Errorf("%s: another seed gave the same samples", info.Name)
		}
	}
}

func TestToysHaveTheirOwnSize(t *testing.T) {
	for _, name := range []string{"dogcat", "rings"} {
		if n := open(t, name, Options{}).X.N; n != 20_000 {
			t.Errorf("%s: %d samples", name, n)
		}
	}
}

func TestDogcat(t *testing.T) {
	s := open(t, "dogcat", Options{N: 4000, Std: 2})
	mean, square := [2][2]float64{}, [2]float64{}
	count := [2]float64{}
	for i, l := range s.Labels {
		count[l]++
		mean[l][0] += s.X.Row(i)[0]
		mean[l][1] += s.X.Row(i)[1]
	}
	for i, l := range s.Labels {
		square[l] += math.Pow(s.X.Row(i)[0]-mean[l][0]/count[l], 2) / count[l]
	}
	for l, want := range [2][2]float64{{10, 20}, {5, 25}} {
		if math.Abs(mean[l][0]/count[l]-want[0]) > 0.25 || math.Abs(mean[l][1]/count[l]-want[1]) > 0.25 || math.Abs(square[l]-4) > 0.5 {
			t.Errorf("%s: mean %v/%v, variance %v", s.Classes[l], mean[l], count[l], square[l])
		}
	}
	if s.Truth == nil || s.Truth.Classes() != 2 {
		t.Error("the truth is not known")
	}
}

// Every sample must lie on the shape that its class promises, to within five
// standard deviations of the blur, and the shape must be covered.
func TestShapes(t *testing.T) {
	far := map[string]func(x, y float64, class int) float64{
		"moons": func(x, y float64, class int) float64 {
			if class == 1 {
				x, y = 1-x, 0.5-y
			}
			return max(math.Abs(math.Hypot(x, y)-1), -y-0.1) / 0.05
		},
		"rings": func(x, y float64, class int) float64 {
			return math.Abs(math.Hypot(x, y)-0.75*float64(class+1)) / 0.08
		},
		"swissroll": func(x, y float64, _ int) float64 {
			best := math.Inf(1)
			for t := 1.5 * math.Pi; t <= 4.5*math.Pi; t += 0.01 {
				best = min(best, math.Hypot(t*math.Cos(t)/5-x, t*math.Sin(t)/5-y))
			}
			return best / 0.1
		},
		"spiral": func(x, y float64, class int) float64 {
			best, side := math.Inf(1), float64(1-2*class)
			for t := 0.0; t <= 3*math.Pi; t += 0.01 {
				best = min(best, math.Hypot(-side*t*math.Cos(t)/3-x, side*t*math.Sin(t)/3-y))
			}
			return best / 0.1
		},
		"pinwheel": func(x, y float64, class int) float64 {
			out := math.Hypot(x, y) / 2 // but for the width of the blade
			turn := math.Atan2(y, x) - 2*math.Pi*float64(class)/5 - 0.25*math.Exp(out)
			return math.Abs(out*math.Sin(turn)) / 0.15
		},
		"checkerboard": func(x, y float64, _ int) float64 {
			i, j := math.Floor(x/2), math.Floor(y/2)
			if math.Abs(i+0.5) > 2 || math.Abs(j+0.5) > 2 || math.Mod(i+j, 2) != 0 {
				return math.Inf(1)
			}
			return 0
		},
	}
	for name, distance := range far {
		s := open(t, name, Options{N: 3000, Seed: 1})
		worst, mean, class := 0.0, 0.0, 0
		for i := range s.X.N {
			if s.Labels != nil {
				class = s.Labels[i]
			}
			d := distance(s.X.Row(i)[0], s.X.Row(i)[1], class)
			worst, mean = max(worst, d), mean+d/float64(s.X.N)
		}
		if mean > 1 { // √(2/π) for a blur of the right width
			t.Errorf("%s: samples lie %.2f standard deviations away on average", name, mean)
		}
		if worst > 5 {
			t.Errorf("%s: a sample lies %.1f standard deviations away", name, worst)
		}
	}
}

func TestShapesAreCovered(t *testing.T) {
	seen := map[[2]float64]int{}
	s := open(t, "checkerboard", Options{N: 4000})
	for i := range s.X.N {
		seen[[2]float64{math.Floor(s.X.Row(i)[0] / 2), math.Floor(s.X.Row(i)[1] / 2)}]++
	}
	if len(seen) != 8 {
		t.Errorf("checkerboard: %d squares hold samples, want 8", len(seen))
	}
	for square, n := range seen {
		if n < 400 || n > 600 {
			t.Errorf("checkerboard: square %v holds %d of 4000 samples, want about 500", square, n)
		}
	}
	for _, name := range []string{"moons", "rings", "spiral", "pinwheel"} {
		s := open(t, name, Options{N: 4000})
		count := make([]int, len(s.Classes))
		for _, l := range s.Labels {
			count[l]++
		}
		fair := 4000 / len(count)
		if slices.Min(count) < fair-200 || slices.Max(count) > fair+200 {
			t.Errorf("%s: classes of %v samples, want about %d each", name, count, fair)
		}
	}
	s = open(t, "swissroll", Options{N: 4000})
	if reach := slices.Max(s.X.Batch().Data); reach < 2.4 || reach > 3.2 {
		t.Errorf("swissroll reaches %v, want about 2.8", reach)
	}
}

func TestDigits(t *testing.T) {
	s := open(t, "digits", Options{})
	if s.X.N != 1797 || !slices.Equal(s.X.Shape, []int{8, 8, 1}) || s.Min != 0 || s.Max != 16 || !s.Image() {
		t.Fatalf("%d of %v, %v to %v", s.X.N, s.X.Shape, s.Min, s.Max)
	}
	if !slices.Equal(s.Classes, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}) || !slices.Equal(s.Labels[:4], []int{0, 1, 2, 3}) {
		t.Errorf("classes %q, labels %v", s.Classes, s.Labels[:4])
	}
	if slices.Min(s.X.Batch().Data) != 0 || slices.Max(s.X.Batch().Data) != 16 || !slices.Equal(s.X.Row(0)[:8], []float64{0, 0, 5, 13, 9, 1, 0, 0}) {
		t.Errorf("the pixels are not those of the file: %v", s.X.Row(0))
	}
	count := make([]int, 10)
	for _, l := range s.Labels {
		count[l]++
	}
	if !slices.Equal(count, []int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}) {
		t.Errorf("classes of %v samples", count)
	}
	if n := open(t, "digits", Options{N: 5000}).X.N; n != 1797 {
		t.Errorf("asked for more than there are: %d", n)
	}
	c, err := Fit(s)
	if err != nil || len(c.Mean) != 1 || math.Abs(c.Mean[0]-4.884165) > 1e-5 || math.Abs(c.Std[0]-6.016788) > 1e-5 {
		t.Errorf("scale %v, %v", c, err)
	}
}
