package train

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"drift"
	"drift/nn"
)

func floats(t nn.Tensor) []float64 {
	var all []float64
	for i := 0; i < len(t.Data); i += 4 {
		all = append(all, float64(math.Float32frombits(binary.LittleEndian.Uint32(t.Data[i:]))))
	}
	return all
}

// Four batches of 8 make the step of one batch of 32, up to rounding.
func TestAccumulatedStepsAreThoseOfLargeBatches(t *testing.T) {
	whole, parts := small(6), small(6)
	parts.Batch, parts.Accumulate = 8, 4
	a, b := newTrainer(t, whole, hills(50)), newTrainer(t, parts, hills(50))
	for range 6 {
		if x, y := advance(t, a, 1), advance(t, b, 1); math.Abs(x-y) > 1e-5 {
			t.Errorf("loss of step %d: found %v, expected %v", a.Step(), y, x)
		}
	}
	one, four := state(t, a), state(t, b)
	if len(one) != len(four) {
		t.Errorf("found a state of %d tensors, expected %d", len(four), len(one))
	}
	for _, name := range []string{"/model/in/weights", "/ema/model/out/weights", "/model/embed/class"} {
		x, y := floats(one[name]), floats(four[name])
		for i := range x {
			if math.Abs(x[i]-y[i]) > 2e-5 {
				t.Fatalf("%s at %d: found %v, expected %v", name, i, y[i], x[i])
			}
		}
	}
}

// What the caller gave to draw with may panic, also where samples are drawn in parallel.
func TestPanicsOfDrawingAreErrors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	data := Data{X: drift.RowsOf(drift.NewBatch(8, 1<<10))}
	data.Augment = &Augment{Draw: func([]float64, *rand.Rand) func([]float64) { panic("no such picture") }}
	for _, err := range newTrainer(t, small(2), data).Run(t.Context()) {
		if err == nil || !strings.Contains(err.Error(), "drawing samples: no such picture") {
			t.Errorf("found error %v, expected that of the draw", err)
		}
	}
}

// everything is a configuration in which all that can be part of a state is.
func everything(steps int) (Config, Data) {
	c := small(steps)
	c.Batch, c.Accumulate, c.EMALengths, c.Uncertainty = 8, 3, []float64{0.05, 0.1}, true
	d := hills(50)
	d.Vectors = drift.NewBatch(50, 3)
	drift.NewNoise(4, "vectors", 0).Normal(d.Vectors)
	d.Rows = []int{3, 1, 4, 15, 9, 26, 5, 35, 8, 49, 7, 32}
	d.Augment = &Augment{Labels: 1, Draw: func(label []float64, r *rand.Rand) func([]float64) {
		if label[0] = r.Float64(); label[0] < 0.5 {
			return nil
		}
		return func(x []float64) { x[0] = -x[0] }
	}}
	d.Scale = func(dst, row []float64) {
		for i, v := range row {
			dst[i] = v/2 - 1
		}
	}
	return c, d
}

func TestResumeWithEverythingIsBitExact(t *testing.T) {
	c, data := everything(30)
	straight, broken := newTrainer(t, c, data), newTrainer(t, c, data)
	advance(t, straight, 30)
	for _, steps := range []int{1, 9, 20} {
		advance(t, broken, steps)
		saved := state(t, broken)
		broken = newTrainer(t, c, data)
		if err := broken.Restore(saved); err != nil {
			t.Fatal(err)
		}
	}
	a, b := state(t, straight), state(t, broken)
	if !reflect.DeepEqual(a, b) {
		t.Error("a resumed run ends with other bytes than the straight run")
	}
	for _, name := range []string{"/power_1/model/in/weights", "/uncertainty/line/weights"} {
		if _, ok := a[name]; !ok {
			t.Errorf("found no tensor %s in %v", name, a.Names())
		}
	}
	if _, ok := a["/ema/uncertainty/line/weights"]; ok {
		t.Error("the uncertainty is averaged, expected it to be of use in training only")
	}
}

// A draw takes the rows that are learnt from, standardised, changed and with everything
// that is known of them; what was changed is told even where the condition is dropped. With
// DropApart a share is dropped together and so is, of the rest, the class, and the numbers;
// without it they are told or dropped together.
func TestDrawsSayWhatWasDone(t *testing.T) {
	const n, p = 100 * 24, 0.3
	for _, apart := range []bool{true, false} {
		told := countDraws(t, apart, p)
		want := [2][2]float64{{p, 0}, {0, 1 - p}}
		if apart {
			want = [2][2]float64{{p + (1-p)*p*p, (1 - p) * p * (1 - p)}, {(1 - p) * p * (1 - p), (1 - p) * (1 - p) * (1 - p)}}
		}
		for class := range 2 {
			for numbers := range 2 {
				if got := float64(told[class][numbers]) / n; math.Abs(got-want[class][numbers]) > 0.04 || want[class][numbers] == 0 && got != 0 {
					t.Errorf("apart %v: found a share of %.3f with class told %d and numbers told %d, expected %.3f", apart, got, class, numbers, want[class][numbers])
				}
			}
		}
	}
}

func countDraws(t *testing.T, apart bool, dropout float64) [2][2]int {
	c, data := everything(30)
	c.LabelDropout, c.DropApart = dropout, apart
	trainer := newTrainer(t, c, data)
	var told [2][2]int // by whether the class is, and whether the numbers are
	for step := range 100 {
		for k, e := range trainer.draw(step).parts {
			for i := range c.Batch {
				draw := step*c.Seen() + k*c.Batch + i
				row := data.Rows[trainer.draws.order(draw)]
				vector := e.Vector[i*5 : (i+1)*5] // whether numbers are told, three of them, one for the change
				label := make([]float64, 1)
				change := data.Augment.Draw(label, drift.Rand(5, "train augment", uint64(draw)))
				if vector[4] != float32(label[0]) {
					t.Fatalf("draw %d: found %v said of a change by %v", draw, vector[4], label[0])
				}
				x := []float64{0, 0}
				data.Scale(x, data.X.Row(row))
				if change != nil {
					change(x)
				}
				// target = onClean·x_0 + onNoise·ε and X = in·(Alpha·x_0 + Sigma·ε) give x_0 back.
				at := e.levels[i]
				_, _, in, _ := trainer.task.Predict.Precond(at)
				onClean, onNoise := trainer.task.Predict.Target(at)
				for j := range 2 {
					noisy, target := float64(e.X[2*i+j])/in, float64(e.target[2*i+j])
					ε := (target - onClean*noisy/at.Alpha) / (onNoise - onClean*at.Sigma/at.Alpha)
					if got := (noisy - at.Sigma*ε) / at.Alpha; at.Ratio() < 3 && math.Abs(got-x[j]) > 1e-4 {
						t.Fatalf("draw %d: found sample %v, expected %v", draw, got, x[j])
					}
				}
				class, numbers := 0, 0
				if e.Class[i] != 2 {
					class = 1
				}
				if vector[0] != 0 {
					numbers = 1
				}
				told[class][numbers]++
				if want := data.Labels[row]; class == 1 && int(e.Class[i]) != want {
					t.Fatalf("draw %d: found class %d, expected %d", draw, e.Class[i], want)
				}
				for j, v := range data.Vectors.Row(row) {
					if want := float32(v) * float32(numbers); vector[1+j] != want || vector[0] != float32(numbers) {
						t.Fatalf("draw %d: found numbers %v, expected %v at %d", draw, vector, want, j)
					}
				}
			}
		}
	}
	return told
}

// Enlarging a shrunk picture keeps a constant and, within the borders, a slope; and
// mirroring before or after is the same.
func TestUpscaled(t *testing.T) {
	shape := []int{4, 8, 2}
	x, mirrored := make([]float64, 64), make([]float64, 64)
	for i := range 4 {
		for j := range 8 {
			x[(i*8+j)*2], x[(i*8+j)*2+1] = 3, float64(j)+10*float64(i)
			mirrored[(i*8+7-j)*2], mirrored[(i*8+7-j)*2+1] = 3, x[(i*8+j)*2+1]
		}
	}
	y, z := make([]float64, 64), make([]float64, 64)
	upscaled(y, x, shape, 2)
	upscaled(z, mirrored, shape, 2)
	for i := range 4 {
		for j := range 8 {
			at := (i*8 + j) * 2
			if y[at] != 3 || i > 0 && i < 3 && j > 0 && j < 7 && math.Abs(y[at+1]-x[at+1]) > 1e-12 {
				t.Errorf("pixel %d, %d: found %v, expected %v", i, j, y[at:at+2], x[at:at+2])
			}
			if math.Abs(y[at+1]-z[(i*8+7-j)*2+1]) > 1e-12 {
				t.Errorf("pixel %d, %d: mirroring before gives %v, after %v", i, j, z[(i*8+7-j)*2+1], y[at+1])
			}
		}
	}
	b := &drift.Batch{Data: x, N: 1, Shape: shape}
	if got := Enlarge(Shrink(b, 2), 2); !reflect.DeepEqual(got.Data, y) {
		t.Error("Shrink and Enlarge make another picture than training sees")
	}
	for _, k := range []int{1, 3, 8, -2} {
		if CheckUpscale(shape, k) == nil {
			t.Errorf("factor %d: found no error", k)
		}
	}
	if CheckUpscale([]int{4}, 2) == nil {
		t.Error("points: found no error")
	}
}

// A class table keeps the rows of classes that both runs know.
func TestStartFromKeepsClassesByName(t *testing.T) {
	old := hills(64)
	first := newTrainer(t, small(20), old)
	advance(t, first, 20)
	parent := Parent{Averaged(state(t, first)), []string{"dog", "cat"}}
	more := hills(64)
	more.Classes = 3
	second := newTrainer(t, small(20), more)
	c, err := second.StartFrom(parent, []string{"bird", "dog", "cat"})
	if err != nil || !reflect.DeepEqual(c.Fresh, []string{"/model/embed/class"}) || c.Dropped != nil {
		t.Fatalf("found %+v and error %v, expected the class table begun anew", c, err)
	}
	was, is := floats(parent.Weights["/model/embed/class"]), floats(state(t, second)["/ema/model/embed/class"])
	if !reflect.DeepEqual(was[:32], is[16:48]) || !reflect.DeepEqual(was[32:], is[48:]) {
		t.Error("rows of dog, cat and no class are not those of the parent")
	}
	none := hills(64)
	none.Classes, none.Labels = 0, nil
	if c, err := newTrainer(t, small(20), none).StartFrom(parent, nil); err != nil || c.Fresh != nil || !reflect.DeepEqual(c.Dropped, []string{"/model/embed/class"}) {
		t.Errorf("without classes: found %+v and error %v, expected the class table left out", c, err)
	}
	wide := newTrainer(t, small(20), Data{X: drift.RowsOf(drift.NewBatch(4, 3))})
	if _, err := wide.StartFrom(parent, nil); err == nil {
		t.Error("samples of three values: found no error")
	}
}

// The frequencies of a "fourier" embedding are drawn and not learnt: nothing moves them,
// not even weight decay, and every average holds them as they are.
func TestFrequenciesStay(t *testing.T) {
	net := familyOf["U-Net"](told{}).(nn.UNet2D)
	net.TimeEmbedding = "fourier"
	trainer := begun(t, net, told{})
	before := state(t, trainer)
	trainer.cfg.Steps = 3
	scale, err := drift.NoiseScaleByName("timestep")
	if err != nil {
		t.Fatal(err)
	}
	trainer.draws.task.Predict = trainer.task.Predict.Telling(scale, trainer.task.Process) // such a network takes its logarithm
	if trainer.cfg.WeightDecay == 0 {
		t.Fatal("found no weight decay: the test sees nothing")
	}
	advance(t, trainer, 3)
	after := state(t, trainer)
	const path = "/model/time_proj/weight"
	for _, name := range []string{path, emaPrefix + path, powerName(0) + path} {
		if !reflect.DeepEqual(floats(after[name]), floats(before[path])) {
			t.Errorf("%s: found %v, expected %v", name, floats(after[name]), floats(before[path]))
		}
	}
	if _, err := trainer.Model(); err != nil {
		t.Error(err)
	}
	for _, moment := range moments { // as states have that were written when nothing but the optimiser's decay moved them
		after[adamPrefix+path+moment] = after[path]
	}
	if err := begun(t, net, told{}).Restore(after); err != nil {
		t.Error(err)
	}
}

func BenchmarkDraw(b *testing.B) {
	engine, err := nn.Engine()
	if err != nil {
		b.Fatal(err)
	}
	p, _ := drift.ProcessByName("vp")
	k, _ := drift.PredictionByName("v")
	c := Default()
	c.Batch = 64
	data := Data{X: drift.RowsOf(drift.NewBatch(128, 32, 32, 3)), Scale: func(dst, row []float64) {
		for i, v := range row {
			dst[i] = (v - 127) / 60
		}
	}}
	trainer, err := New(engine, Task{Process: p, Predict: k, Network: nn.MLP{Width: 8, Blocks: 1}}, c, data)
	if err != nil {
		b.Fatal(err)
	}
	step := 0
	for b.Loop() {
		trainer.draw(step)
		step++
	}
}

// Values that are computed again for gradients change nothing but memory and time.
func TestRecomputedStepsAreTheSame(t *testing.T) {
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := drift.ProcessByName("vp")
	k, _ := drift.PredictionByName("v")
	data := Data{X: drift.RowsOf(drift.NewBatch(20, 8, 8, 1))}
	drift.NewNoise(1, "pictures", 0).Normal(data.X.Batch())
	unet := nn.DefaultUNet2D()
	unet.InChannels, unet.OutChannels, unet.BlockChannels, unet.LayersPerBlock = 1, 1, []int{8, 16}, 1
	unet.DownBlocks, unet.UpBlocks = []string{"DownBlock2D", "AttnDownBlock2D"}, []string{"AttnUpBlock2D", "UpBlock2D"}
	unet.NormGroups = 4
	for name, net := range map[string]nn.Network{
		"U-Net": unet,
		"EDM2":  nn.EDM2{Channels: []int{8, 8}, Blocks: 1, Attend: []int{1}, HeadDim: 8},
	} {
		var states []nn.State
		for _, again := range []bool{false, true} {
			c := small(3)
			c.Batch, c.Recompute = 4, again
			trainer, err := New(engine, Task{Process: p, Predict: k, Network: net, Seed: 2}, c, data)
			if err != nil {
				t.Fatal(err)
			}
			advance(t, trainer, 3)
			states = append(states, state(t, trainer))
		}
		for weight, a := range states[0] {
			if !strings.HasPrefix(weight, weights) {
				continue
			}
			x, y := floats(a), floats(states[1][weight])
			for i := range x {
				if math.Abs(x[i]-y[i]) > 1e-5 {
					t.Fatalf("%s: %s at %d: found %v, expected %v", name, weight, i, y[i], x[i])
				}
			}
		}
	}
}
