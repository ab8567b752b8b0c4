package bench

import (
	"context"
	"strings"

	"drift"
	"drift/nn"
	"drift/solver"

	"github.com/gomlx/compute"
)

// SampleSteps is how many steps a walk of a benchmark takes.
const SampleSteps = 20

// Sampler is a function that makes all samples of a workload, as drift samples a run:
// by DPM-Solver++(2M) on the variance-preserving process.
func (g *Graphs) Sampler(engine compute.Backend, w Workload) (func(context.Context) error, error) {
	all, err := nn.Save(g.store)
	if err != nil {
		return nil, err
	}
	weights := nn.State{}
	for name, t := range all {
		if strings.HasPrefix(name, nn.Scope+"/") {
			weights[name] = t
		}
	}
	p, err := drift.ProcessByName("vp")
	if err != nil {
		return nil, err
	}
	predict, err := drift.PredictionByName("v")
	if err != nil {
		return nil, err
	}
	levels, err := drift.Grid(p, SampleSteps)
	if err != nil {
		return nil, err
	}
	m, err := nn.NewModel(engine, w.Network, predict, nn.Signature{Shape: w.Shape}, weights)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		s := drift.Sampler{Process: p, Denoiser: m.Denoiser(nil), Solver: solver.DPMSolverPP2M(), Levels: levels, Noise: drift.NewNoise(1, "bench walk", 0)}
		return s.Sample(ctx, drift.NewBatch(w.Sampled, w.Shape...))
	}, nil
}
