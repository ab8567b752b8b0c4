package program

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// Profile collects how long the steps of programs take. It is safe for concurrent
// use.
type Profile struct {
	mu     sync.Mutex
	began  time.Time
	events []event
}

// event is one run of a step.
type event struct {
	step        *cost
	start, took time.Duration
}

// cost is what a step does, once.
type cost struct {
	kind  string // such as "Conv"
	name  string
	flops float64 // of products and convolutions
	bytes int     // read and written, at least
}

// mostEvents bounds the memory of a profile; what comes later is not recorded.
const mostEvents = 1 << 20

// NewProfile begins an empty profile.
func NewProfile() *Profile { return &Profile{began: time.Now()} }

func (p *Profile) add(c *cost, start time.Time) {
	took := time.Since(start)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.events) < mostEvents {
		p.events = append(p.events, event{c, start.Sub(p.began), took})
	}
}

// line is all runs of the steps of one name.
type line struct {
	*cost
	runs int
	took time.Duration
}

// WriteTable lists steps by the time they took in all, with GFLOP/s and GB/s: first
// the kinds of steps, then up to limit single ones.
func (p *Profile) WriteTable(w io.Writer, limit int) error {
	p.mu.Lock()
	events := slices.Clone(p.events)
	p.mu.Unlock()
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, single := range []bool{false, true} {
		fmt.Fprintln(t, "ms\tshare\truns\tGFLOP/s\tGB/s\t step\t")
		lines := map[string]*line{}
		var all time.Duration
		for _, e := range events {
			key := e.step.kind
			if single {
				key = e.step.name
			}
			l := lines[key]
			if l == nil {
				l = &line{cost: &cost{kind: e.step.kind, name: key}}
				lines[key] = l
			}
			l.runs++
			l.took += e.took
			l.flops += e.step.flops
			l.bytes += e.step.bytes
			all += e.took
		}
		sorted := make([]*line, 0, len(lines))
		for _, l := range lines {
			sorted = append(sorted, l)
		}
		slices.SortFunc(sorted, func(a, b *line) int { return int(b.took - a.took) })
		for _, l := range sorted[:min(limit, len(sorted))] {
			s := l.took.Seconds()
			name := []rune(l.name)
			if len(name) > 150 {
				name = append(name[:149], '…')
			}
			fmt.Fprintf(t, "%.2f\t%.1f%%\t%d\t%.1f\t%.1f\t %s\t\n", 1e3*s, 100*s/all.Seconds(), l.runs, l.flops/s/1e9, float64(l.bytes)/s/1e9, string(name))
		}
		fmt.Fprintln(t, "\t\t\t\t\t\t")
	}
	return t.Flush()
}

// WriteChrome writes the profile as a trace that Chrome and Perfetto show.
func (p *Profile) WriteChrome(w io.Writer) error {
	type entry struct {
		Name  string  `json:"name"`
		Kind  string  `json:"cat"`
		Phase string  `json:"ph"`
		Start float64 `json:"ts"`
		Took  float64 `json:"dur"`
		PID   int     `json:"pid"`
		TID   int     `json:"tid"`
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]entry, 0, len(p.events))
	events := slices.Clone(p.events)
	slices.SortStableFunc(events, func(a, b event) int { return int(a.start - b.start) })
	var ends []time.Duration // of rows: steps of runs at the same time lie below one another
	for _, e := range events {
		row := slices.IndexFunc(ends, func(end time.Duration) bool { return end <= e.start })
		if row < 0 {
			row, ends = len(ends), append(ends, 0)
		}
		ends[row] = e.start + e.took
		all = append(all, entry{e.step.name, e.step.kind, "X", float64(e.start.Nanoseconds()) / 1e3, float64(e.took.Nanoseconds()) / 1e3, 1, 1 + row})
	}
	return json.NewEncoder(w).Encode(map[string]any{"traceEvents": all})
}
