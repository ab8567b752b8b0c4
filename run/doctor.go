package run

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/nn"
	"drift/train"
)

// Verdict is what the doctor thinks of one thing.
type Verdict string

// Nonsense keeps a run from starting, unless Options.Force says to; a doubt is told.
const (
	Good     Verdict = "good"
	Doubt    Verdict = "doubt"
	Nonsense Verdict = "nonsense"
)

// Finding is one thing that the doctor looked at.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Text    string  `json:"text"` // what was found and, if it is not good, what to do
}

// Examine looks at a config and the data that it is to learn from before any time is
// spent on training: whether they fit together, and what will probably go wrong. It takes
// a moment. A nil set is opened as the config says; walk is how the run will be sampled,
// nil for as ever.
func (c Config) Examine(set *dataset.Set, walk *Manner) ([]Finding, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	learnt, _, data, err := prepare(c, set)
	if err != nil {
		return nil, err
	}
	c, few, err := c.resolved(data, nil)
	if err != nil {
		return nil, err
	}
	found, err := c.examine(learnt, data, walk)
	if err == nil && few != nil {
		found = append(found, Finding{"network", Doubt, few.Error() + ": classes without a row are alike; a run that was trained so goes on, a new one is refused"})
	}
	return found, err
}

func (c Config) examine(learnt train.Data, data Data, walk *Manner) ([]Finding, error) {
	x, m := some(learnt, 128), c.manifest(data)
	if walk != nil {
		m.Walk = walk
	}
	start, err := m.checkStart(x)
	if err != nil {
		return nil, err
	}
	found := []Finding{start, checkRange(x, learnt, data), c.checkEMA(), c.checkRate(), c.checkBatch(learnt), c.checkVisits(learnt, data)}
	if data.Classes != nil {
		found = append(found, checkClasses(learnt, data))
	}
	if data.Classes != nil || data.Numbers != nil {
		found = append(found, c.checkDropout(data))
	}
	if c.Holdout == 0 {
		found = append(found, Finding{"held-out", Doubt, "nothing is held out, so nobody will notice when the run begins to learn its samples by heart; holdout = 0.05 is usual"})
	}
	return found, nil
}

// refused is the error of a run that makes no sense, and the doubts about one that may.
func refused(found []Finding) (doubts []string, err error) {
	var nonsense []string
	for _, f := range found {
		switch f.Verdict {
		case Doubt:
			doubts = append(doubts, f.Check+": "+f.Text)
		case Nonsense:
			nonsense = append(nonsense, f.Check+": "+f.Text)
		}
	}
	if nonsense != nil {
		return doubts, fmt.Errorf("%s (--force trains anyway)", strings.Join(nonsense, "; "))
	}
	return doubts, nil
}

// some is at most n samples of the data, spread evenly, standardised.
func some(d train.Data, n int) *drift.Batch {
	d.Upscale, d.Pictures = 0, nil
	x, _ := d.Spread(n)
	return x
}

// checkStart asks whether sampling starts where training ends: what samples are at the
// first level of the run's grid, which may lie before the last of its process, is to be
// Gaussian.
func (m Manifest) checkStart(x *drift.Batch) (f Finding, err error) {
	p, err := m.Path()
	if err != nil {
		return f, err
	}
	r := m.Request(DefaultRequest())
	grid, err := drift.SpacingByName(r.Grid)
	if err != nil {
		return f, err
	}
	levels, err := grid.Levels(p, r.Steps)
	if err != nil {
		return f, err
	}
	at, where, advice := levels[0], "its noisiest samples", "use a process with more noise at its end: cosine, vp or edm"
	if at != p.Last() {
		where = fmt.Sprintf("the samples where grid %q of %d steps begins, at Sigma/Alpha %.3g", grid.Name, r.Steps, at.Ratio())
		if total, _ := exact.SpreadKL(x, p.Last()); total <= mostNats {
			advice = "sample with a grid that begins at the last level, such as --grid karras or trailing"
		}
	}
	total, strongest := exact.SpreadKL(x, at)
	text := fmt.Sprintf("%s leaves %.2g nats of the data in %s (KL from the noise that sampling starts with), %.2g of them along the direction in which the data spread most", p.Name, total, where, strongest)
	if total > mostNats {
		return Finding{"start", Doubt, text + ": samples will have the wrong brightness or place; " + advice}, nil
	}
	return Finding{"start", Good, text}, nil
}

// mostNats is how many nats of the data may be left where sampling starts.
const mostNats = 0.5

// checkRange asks whether the samples use the range that they are thought to have.
func checkRange(x *drift.Batch, learnt train.Data, data Data) Finding {
	if !data.Image() {
		x, worst, at := some(learnt, 1<<14), 0.0, 0
		for i, v := range x.Data {
			if math.Abs(v) > worst {
				worst, at = math.Abs(v), i%x.Dim()
			}
		}
		name := fmt.Sprintf("column %d", at+1)
		if at < len(data.Columns) {
			name = fmt.Sprintf("column %q", data.Columns[at])
		}
		if worst > 8 {
			return Finding{"range", Doubt, fmt.Sprintf("%s has values %.0f standard deviations from its mean: remove outliers, or take the logarithm of a column that spans magnitudes", name, worst)}
		}
		return Finding{"range", Good, fmt.Sprintf("values are at most %.1f standard deviations from the mean of their column", worst)}
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for i := range x.N {
		for _, v := range learnt.X.Row(learnt.Row(i * learnt.Len() / x.N)) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	text := fmt.Sprintf("pixels from %g to %g of %g to %g, mean %.3g, standard deviation %.3g", lo, hi, data.Range[0], data.Range[1], data.Scale.Mean[0], data.Scale.Std[0])
	switch width := data.Range[1] - data.Range[0]; {
	case lo < data.Range[0] || hi > data.Range[1]:
		return Finding{"range", Nonsense, text + ": pixels lie outside of what they are said to be"}
	case hi-lo < width/4:
		return Finding{"range", Doubt, text + ": a small part of the range; are they scaled as they should be?"}
	}
	return Finding{"range", Good, text}
}

// checkEMA compares how many steps the averaged weights remember with how many there are.
func (c Config) checkEMA() Finding {
	t := c.Train
	reach := 1 / (1 - t.DecayAt(t.Steps))
	text := fmt.Sprintf("averaged weights remember about %.0f of %d steps", reach, t.Steps)
	switch {
	case t.Steps < 1000:
		return Finding{"average", Good, text}
	case reach < float64(t.Steps)/1000:
		return Finding{"average", Doubt, text + fmt.Sprintf(": too few to smooth them; train.ema = %.4g remembers a hundredth", 1-100/float64(t.Steps))}
	}
	return Finding{"average", Good, text}
}

// checkRate compares the learning rate with what networks of its kind bear.
func (c Config) checkRate() Finding {
	t, usual := c.Train, [2]float64{1e-4, 5e-3}
	if c.Network.Kind != "mlp" {
		usual = [2]float64{5e-5, 2e-3}
	}
	text := fmt.Sprintf("peak learning rate %g after %d steps of warm-up, usual %g to %g", t.Rate, min(t.Warmup, t.Steps/4), usual[0], usual[1])
	switch {
	case t.Rate >= 0.5:
		return Finding{"rate", Nonsense, text + ": training would diverge"}
	case t.Rate > 2*usual[1] || t.Rate < usual[0]/2:
		return Finding{"rate", Doubt, text}
	}
	return Finding{"rate", Good, text}
}

// checkBatch compares a step with the data.
func (c Config) checkBatch(learnt train.Data) Finding {
	seen, n := c.Train.Seen(), learnt.Len()
	text := fmt.Sprintf("%d samples a step, of %d", seen, n)
	if seen > n {
		return Finding{"batch", Doubt, text + ": a step sees some of them more than once; a smaller batch gives more steps in the same time"}
	}
	return Finding{"batch", Good, text}
}

// checkVisits asks how often a run comes by each sample.
func (c Config) checkVisits(learnt train.Data, data Data) Finding {
	visits := float64(c.Train.Steps) * float64(c.Train.Seen()) / float64(learnt.Len())
	text := fmt.Sprintf("each sample is seen %.3g times", visits)
	switch {
	case visits < 1:
		return Finding{"visits", Doubt, text + ": some never; train for more steps"}
	case data.Image() && visits > 1000 && learnt.Len() < 5000:
		more := "; --augment 0.12 makes more of them"
		if c.Augment > 0 {
			more = ""
		}
		return Finding{"visits", Doubt, text + ": samples may become copies of them, which `drift eval` shows; train for fewer steps or find more pictures" + more}
	}
	return Finding{"visits", Good, text}
}

// checkClasses asks whether every class has enough samples to be learnt.
func checkClasses(learnt train.Data, data Data) Finding {
	count := make([]int, len(data.Classes))
	for i := range learnt.Len() {
		if l := learnt.Labels[learnt.Row(i)]; l >= 0 {
			count[l]++
		}
	}
	var few []string
	for k, n := range count {
		if n < 20 {
			few = append(few, fmt.Sprintf("%q (%d)", data.Classes[k], n))
		}
	}
	text := fmt.Sprintf("%d classes of %d to %d samples", len(count), slices.Min(count), slices.Max(count))
	if len(count) == 1 {
		text = fmt.Sprintf("one class of %d samples", count[0])
	}
	switch {
	case len(count) > 10 && 2*len(count) > learnt.Len():
		return Finding{"classes", Nonsense, text + ": nearly a class for each sample; are they names or numbers? Leave the labels out"}
	case few != nil:
		return Finding{"classes", Doubt, fmt.Sprintf("%s: fewer than 20 for %s%s; join them or find more", text, strings.Join(few[:min(3, len(few))], ", "), andMore(len(few)-3))}
	case len(count) == 1:
		return Finding{"classes", Doubt, text + ": it says nothing"}
	}
	return Finding{"classes", Good, text}
}

func andMore(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// checkDropout asks whether the run can be guided later.
func (c Config) checkDropout(data Data) Finding {
	share := c.Train.LabelDropout
	text := fmt.Sprintf("%.0f %% of the samples are seen without their condition", 100*share)
	if data.both() && c.Train.DropApart {
		text += ", and as many of the others without class, and without numbers"
	}
	switch {
	case share == 1:
		return Finding{"guidance", Nonsense, text + ": the network is never told what it is to make"}
	case share == 0:
		return Finding{"guidance", Doubt, text + ": the run cannot be guided then (sample --guidance); 0.1 to 0.2 is usual"}
	case share > 0.5:
		return Finding{"guidance", Doubt, text + ": 0.1 to 0.2 is usual"}
	}
	return Finding{"guidance", Good, text}
}

// Cost is what a run takes, as measured by a few of its steps.
type Cost struct {
	Each   time.Duration `json:"each_ns"`      // a step
	Fixed  time.Duration `json:"fixed_ns"`     // before the first: opening data, building graphs
	Whole  time.Duration `json:"whole_ns"`     // all steps, and what comes before them
	Memory uint64        `json:"memory_bytes"` // that the process holds after those steps
	Data   uint64        `json:"data_bytes"`   // of it the samples
	Step   uint64        `json:"step_bytes"`   // of it what steps take, as planned; 0 where the engine does not tell
	Weight int           `json:"weights"`      // numbers that the network learns
	Disk   uint64        `json:"disk_bytes"`   // that checkpoints and snapshots take at most
}

// Measure takes a few steps of a config's training, which are thrown away. It writes
// nothing.
func (c Config) Measure(ctx context.Context, set *dataset.Set) (cost Cost, err error) {
	const steps, enough = 12, 10 * time.Second
	began := time.Now()
	learnt, _, data, err := prepare(c, set)
	if err != nil {
		return cost, err
	}
	if c, _, err = c.resolved(data, nil); err != nil {
		return cost, err
	}
	task, err := c.manifest(data).task(nil)
	if err != nil {
		return cost, err
	}
	engine, err := nn.Engine()
	if err != nil {
		return cost, err
	}
	var teacher train.Parent
	if c.Distil != (Distil{}) {
		if teacher, err = c.Distil.learnFrom(engine, &task, data); err != nil {
			return cost, err
		}
	}
	work, err := nn.Cost(engine, task.Network, c.manifest(data).Signature())
	if err != nil {
		return cost, err
	}
	if err := c.bearable(work); err != nil {
		return cost, err
	}
	t, err := train.New(engine, task, c.Train, learnt)
	if err != nil {
		return cost, err
	}
	cost.Step = needs(t)
	if err := bearing(cost.Step); err != nil {
		return cost, err
	}
	defer lean(cost.Step)()
	if task.Goal != nil {
		if _, err := t.StartFrom(teacher, data.Classes); err != nil {
			return cost, err
		}
	}
	t.SetSteps(steps)
	var since time.Time
	for p, err := range t.Run(ctx) {
		if err != nil {
			return cost, err
		}
		if p.Step <= warm { // the first steps wait for caches
			since, cost.Fixed = time.Now(), time.Since(began)
			continue
		}
		cost.Each = time.Since(since) / time.Duration(p.Step-warm)
		if time.Since(began) > enough {
			break
		}
	}
	state, err := t.State()
	cost.Weight = int(train.Averaged(state).Bytes() / 4)
	cost.Disk = (keepLast + 1) * state.Bytes()
	if len(c.Train.EMALengths) > 0 {
		cost.Disk += uint64(c.Snapshots) * train.PowerOnly(state).Bytes()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	cost.Memory, cost.Data = m.Sys-m.HeapReleased, uint64(learnt.X.Bytes())
	cost.Whole = cost.Fixed + time.Duration(c.Train.Steps)*cost.Each
	return cost, err
}
