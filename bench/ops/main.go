// Command ops lists what a training step asks of a GoMLX backend: how many ops of each
// kind, and the distinct forms of each, most frequent first.
//
//	go run ./bench/ops [-shapes] [NAME...]
//
// NAME is a workload of drift bench, or dogcat: drift's own training step on points.
// Axes are shown as 1 or n, with -shapes in full. "Live" are the ops that a variable's
// new value depends on.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"drift"
	"drift/bench"
	"drift/nn"
	"drift/train"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

func main() {
	shapes := flag.Bool("shapes", false, "show shapes in full")
	flag.Parse()
	names, write := flag.Args(), pattern
	if len(names) == 0 {
		names = []string{"mlp_b512", "unet64_b16", "dogcat"}
	}
	if *shapes {
		write = func(form string) string { return form }
	}
	if err := list(os.Stdout, names, write); err != nil {
		fmt.Fprintln(os.Stderr, "ops:", err)
		os.Exit(1)
	}
}

func list(out io.Writer, names []string, write func(form string) string) error {
	engine, err := nn.Engine()
	if err != nil {
		return err
	}
	for _, name := range names {
		var seen seen
		if name == "dogcat" {
			err = seen.dogcat(engine)
		} else {
			err = seen.workload(engine, name)
		}
		if err != nil {
			return err
		}
		seen.print(out, name, write)
	}
	return nil
}

// seen is the graph of a step and the store of its variables, caught while it is built.
type seen struct {
	graph *graph.Graph
	store *model.Store
}

// watch catches the graph that a network is built in.
func (s *seen) watch(net nn.Network) nn.Network {
	return nn.NetworkFunc(func(scope *model.Scope, in nn.Input) *graph.Node {
		s.graph, s.store = in.X.Graph(), scope.Store()
		return net.Forward(scope, in)
	})
}

func (s *seen) workload(engine compute.Backend, name string) error {
	w, err := bench.ByName(name)
	if err != nil {
		return err
	}
	w.Network = s.watch(w.Network)
	_, err = bench.Compile(engine, w) // the training step last
	return err
}

// dogcat is the step of `drift train` on points of two classes.
func (s *seen) dogcat(engine compute.Backend) error {
	process, err := drift.ProcessByName("vp")
	if err != nil {
		return err
	}
	predict, err := drift.PredictionByName("v")
	if err != nil {
		return err
	}
	net := nn.MLP{Width: 64, Blocks: 2, Classes: 2}
	data := train.Data{X: drift.RowsOf(drift.NewBatch(2, 2)), Labels: []int{0, 1}, Classes: 2}
	_, err = train.New(engine, train.Task{Process: process, Predict: predict, Network: s.watch(net)}, train.Default(), data)
	return err
}

// live are the ops that a variable's new value depends on; engines drop the others.
func (s *seen) live() map[*graph.Node]bool {
	live := map[*graph.Node]bool{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if !live[n] {
			live[n] = true
			for _, in := range n.Inputs() {
				visit(in)
			}
		}
	}
	for v := range s.store.IterVariables() {
		if v.ChangedInGraph(s.graph) {
			visit(v.NodeValue(s.graph))
		}
	}
	return live
}

var (
	input  = regexp.MustCompile(`\[#\d+\]|##?\d+`)
	shaped = regexp.MustCompile(`\((\w+)\)\[([\d, ]*)\]`)
)

// form is an op with the shapes of its inputs in the place of their numbers.
func (s *seen) form(n *graph.Node) string {
	if n.Type() == graph.NodeTypeParameter {
		return fmt.Sprintf("Parameter -> [%s]", n.Shape())
	}
	text := n.String()
	text = text[strings.Index(text, n.Type().String()):]
	text, _, _ = strings.Cut(text, " - mem")
	text = strings.ReplaceAll(text, ", config={AccumulatorDType:InvalidDType OutputDType:InvalidDType}", "")
	return input.ReplaceAllStringFunc(text, func(id string) string {
		at, _ := strconv.Atoi(strings.Trim(id, "[#]"))
		return s.graph.Nodes()[at].Shape().String()
	})
}

// pattern is a form in which each axis of a shape is only 1 or n.
func pattern(form string) string {
	return shaped.ReplaceAllStringFunc(form, func(shape string) string {
		part := shaped.FindStringSubmatch(shape)
		axes := strings.Split(part[2], ", ")
		for i, a := range axes {
			if a != "1" {
				axes[i] = "n"
			}
		}
		return fmt.Sprintf("(%s)[%s]", part[1], strings.Join(axes, ", "))
	})
}

func (s *seen) print(out io.Writer, name string, write func(form string) string) {
	live := s.live()
	sent, kept := map[string]int{}, map[string]int{}
	forms := map[string]map[string]int{}
	for _, n := range s.graph.Nodes() {
		kind := n.Type().String()
		sent[kind]++
		if live[n] {
			kept[kind]++
		}
		if forms[kind] == nil {
			forms[kind] = map[string]int{}
		}
		forms[kind][write(s.form(n))]++
	}
	fmt.Fprintf(out, "== %s: %d ops sent, %d live\n", name, len(s.graph.Nodes()), len(live))
	for _, kind := range byCount(sent) {
		fmt.Fprintf(out, "%6d sent %6d live  %s\n", sent[kind], kept[kind], kind)
	}
	for _, kind := range slices.Sorted(maps.Keys(forms)) {
		fmt.Fprintf(out, "-- %s: %d forms\n", kind, len(forms[kind]))
		for _, form := range byCount(forms[kind]) {
			fmt.Fprintf(out, "%6d  %s\n", forms[kind][form], form)
		}
	}
}

// byCount lists the keys, the most frequent first.
func byCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}
