package distil

import (
	"math"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/exact"
	"drift/metric"
	"drift/nn"
	"drift/train"
)

// world is a mixture of two hills of two classes, standardised by nature, and a trainer's
// task on it.
type world struct {
	mixture *exact.Mixture
	data    train.Data
	task    train.Task
}

func newWorld(t testing.TB, process, predict string) world {
	t.Helper()
	m, err := exact.NewMixture(exact.Isotropic(0.5, []float64{-0.95, 0}, 0.3, 0), exact.Isotropic(0.5, []float64{0.95, 0}, 0.3, 1))
	if err != nil {
		t.Fatal(err)
	}
	p, err := drift.ProcessByName(process)
	if err != nil {
		t.Fatal(err)
	}
	k, err := drift.PredictionByName(predict)
	if err != nil {
		t.Fatal(err)
	}
	w := world{mixture: m, task: train.Task{Process: p, Predict: k, Network: nn.MLP{Width: 48, Blocks: 2, Classes: 2}, Seed: 3}}
	x, labels := m.Draw(2000, -1, 5, "data")
	w.data.X, w.data.Labels = drift.RowsOf(x), labels
	w.data.Classes = 2
	return w
}

// trained runs a training to its end.
func (w world) trained(t testing.TB, steps int, goal train.Goal, from *train.Trainer) *train.Trainer {
	t.Helper()
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	c := train.Default()
	c.Steps, c.Batch, c.Warmup = steps, 128, 20
	w.task.Goal = goal
	trainer, err := train.New(engine, w.task, c, w.data)
	if err != nil {
		t.Fatal(err)
	}
	if from != nil {
		state, err := from.State()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trainer.StartFrom(train.Parent{Weights: train.Averaged(state)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range trainer.Run(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return trainer
}

func modelOf(t testing.TB, trainer *train.Trainer) *nn.Model {
	t.Helper()
	m, err := trainer.Model()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A jump and its answer undo each other, and a jump into data is its answer.
func TestLandAndAnswer(t *testing.T) {
	p, err := drift.ProcessByName("flow")
	if err != nil {
		t.Fatal(err)
	}
	levels, err := Levels(p, 8)
	if err != nil {
		t.Fatal(err)
	}
	x, clean := drift.NewBatch(3, 4), drift.NewBatch(3, 4)
	drift.NewNoise(1, "x", 0).Normal(x)
	drift.NewNoise(1, "clean", 0).Normal(clean)
	from := []drift.Level{levels[0], levels[2], levels[7]}
	to := []drift.Level{levels[4], levels[3], levels[8]}
	y := land(x, clean, from, to)
	back := make([]float64, 4)
	for i := range 3 {
		answer(back, x.Row(i), y.Row(i), from[i], to[i])
		for j, v := range back {
			if math.Abs(v-clean.Row(i)[j]) > 1e-12 {
				t.Errorf("jump %d: found answer %v, want %v", i, v, clean.Row(i)[j])
			}
		}
	}
	if !slices.Equal(y.Row(2), clean.Row(2)) {
		t.Errorf("a jump into data: found %v, want %v", y.Row(2), clean.Row(2))
	}
}

// Levels of half as many jumps are every second one, for every process.
func TestLevelsNest(t *testing.T) {
	for _, p := range drift.Processes() {
		fine, err := Levels(p, 32)
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= 32; n *= 2 {
			levels, err := Levels(p, n)
			if err != nil {
				t.Fatal(err)
			}
			for i, at := range levels {
				if at != fine[i*32/n] {
					t.Errorf("%s, %d jumps: level %d is %v, want %v", p.Name, n, i, at, fine[i*32/n])
				}
			}
		}
	}
}

// Jumps of all lengths are drawn equally often and begin where walks have them.
func TestJumpsAreDrawnEvenly(t *testing.T) {
	w := newWorld(t, "vp", "v")
	g, err := New(w.task.Process, modelOf(t, w.trained(t, 1, nil, nil)), 1, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	count := map[int]int{}
	const n = 5000
	for k := range n {
		length := g.length(k)
		count[length]++
		_, u := math.Modf(float64(k) * math.Phi)
		at := g.Level(k, u)
		from, onGrid := g.index[at]
		if length > 0 && (!onGrid || from%length != 0 || from+length > 8) {
			t.Fatalf("draw %d: a jump over %d levels begins at %d", k, length, from)
		}
	}
	for _, length := range []int{0, 1, 2, 4, 8} {
		if share := float64(count[length]) / n; math.Abs(share-0.2) > 0.03 {
			t.Errorf("length %d: found a share of %.3f, want 0.2", length, share)
		}
	}
	if len(count) != 5 {
		t.Errorf("found lengths %v", count)
	}
}

// In one step a student comes as near to the data as its teacher in many, where the
// teacher itself fails; it still knows the teacher's denoiser; and it learns guidance.
func TestStudentJumps(t *testing.T) {
	for _, c := range []struct {
		process, predict string
		guidance         float64
	}{{"vp", "v", 1}, {"flow", "flow", 1}, {"edm", "edm", 2}} {
		if testing.Short() && c.process != "vp" {
			continue
		}
		w := newWorld(t, c.process, c.predict)
		first := w.trained(t, 500, nil, nil)
		teacher := modelOf(t, first)
		g, err := New(w.task.Process, teacher, c.guidance, 16, 1)
		if err != nil {
			t.Fatal(err)
		}
		student := modelOf(t, w.trained(t, 700, g, first))
		n := 1500
		labels := make([]int, n)
		for i := range labels {
			labels[i] = i%3 - 1
		}
		taught := drift.Guided(teacher.Denoiser(labels), teacher.Denoiser(nil), c.guidance)
		walk := func(d func(levels []drift.Level) drift.Denoiser, steps int) *drift.Batch {
			levels, err := Levels(w.task.Process, steps)
			if err != nil {
				t.Fatal(err)
			}
			x := drift.NewBatch(n, 2)
			s := drift.Sampler{Process: w.task.Process, Denoiser: d(levels), Levels: levels, Noise: drift.NewNoise(9, "walk", 0),
				Solver: func(_ drift.Process, d drift.Denoiser, _ *drift.Noise) drift.Step {
					return func(x *drift.Batch, from, to drift.Level) error {
						clean := x.Like()
						err := d.Denoise(clean, x, from)
						copy(x.Data, land(x, clean, slices.Repeat([]drift.Level{from}, n), slices.Repeat([]drift.Level{to}, n)).Data)
						return err
					}
				}}
			if err := s.Sample(t.Context(), x); err != nil {
				t.Fatal(err)
			}
			return x
		}
		plain := func([]drift.Level) drift.Denoiser { return taught }
		many := walk(plain, 128)
		alone := metric.SlicedWasserstein(walk(plain, 1), many, 32, 1)
		for _, steps := range []int{1, 2, 4, 16} {
			x := walk(func(levels []drift.Level) drift.Denoiser {
				return Denoiser(student, nn.Condition{Labels: labels}, levels)
			}, steps)
			off := metric.SlicedWasserstein(x, many, 32, 1)
			t.Logf("%s: %d steps: sliced Wasserstein %.4f to the teacher's 128; the teacher's 1 step: %.4f", c.process, steps, off, alone)
			if off > alone/4 {
				t.Errorf("%s, %d steps: found a sliced Wasserstein distance of %.4f to the teacher's many steps, want less than a quarter of %.4f", c.process, steps, off, alone)
			}
		}
		at := w.task.Process.At(0.4)
		x, a, b := many.Clone(), many.Like(), many.Like()
		for i := range x.Data {
			x.Data[i] *= at.Alpha
		}
		if err := taught.Denoise(a, x, at); err != nil {
			t.Fatal(err)
		}
		if err := Still(student, nn.Condition{Labels: labels}).Denoise(b, x, at); err != nil {
			t.Fatal(err)
		}
		var square float64
		for i := range a.Data {
			square += (a.Data[i] - b.Data[i]) * (a.Data[i] - b.Data[i]) / float64(len(a.Data))
		}
		if square > 0.02 {
			t.Errorf("%s: the student's denoiser differs from its teacher's by %.4f on average, want at most 0.02", c.process, square)
		}
	}
}

// Training a student is bit-exact, and goes on bit-exactly.
func TestStudentsResume(t *testing.T) {
	w := newWorld(t, "vp", "v")
	first := w.trained(t, 5, nil, nil)
	g, err := New(w.task.Process, modelOf(t, first), 1.5, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	straight, err := w.trained(t, 8, g, first).State()
	if err != nil {
		t.Fatal(err)
	}
	engine, _ := nn.Engine()
	c := train.Default()
	c.Steps, c.Batch, c.Warmup = 8, 128, 20
	w.task.Goal = g
	make := func() *train.Trainer {
		trainer, err := train.New(engine, w.task, c, w.data)
		if err != nil {
			t.Fatal(err)
		}
		return trainer
	}
	half := make()
	weights, _ := first.State()
	if _, err := half.StartFrom(train.Parent{Weights: train.Averaged(weights)}, nil); err != nil {
		t.Fatal(err)
	}
	for p, err := range half.Run(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Step == 3 {
			break
		}
	}
	saved, err := half.State()
	if err != nil {
		t.Fatal(err)
	}
	rest := make()
	if err := rest.Restore(saved); err != nil {
		t.Fatal(err)
	}
	for _, err := range rest.Run(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	resumed, err := rest.State()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range straight.Names() {
		if !slices.Equal(straight[name].Data, resumed[name].Data) {
			t.Fatalf("%s differs after going on", name)
		}
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, "vp", "v")
	m := modelOf(t, w.trained(t, 1, nil, nil))
	for _, n := range []int{0, 1, 3, 2048, -4} {
		if _, err := New(w.task.Process, m, 1, n, 1); err == nil || !strings.Contains(err.Error(), "expected a power of two") {
			t.Errorf("%d jumps: found error %v", n, err)
		}
	}
	g, err := New(w.task.Process, m, 1, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	student := modelOf(t, w.trained(t, 1, g, nil))
	x := drift.NewBatch(1, 2)
	levels, _ := Levels(w.task.Process, 2)
	if err := Denoiser(student, nn.Condition{}, levels).Denoise(x.Like(), x, w.task.Process.At(0.3)); err == nil || !strings.Contains(err.Error(), "not where a step begins") {
		t.Errorf("a question between levels: found error %v", err)
	}
}
