package bench

import (
	"fmt"
	"strings"

	"drift"
	"drift/nn"
)

// Workload is a network and the batch that it is measured on.
type Workload struct {
	Name    string
	Network nn.Network
	Batch   int
	Shape   []int   // of one sample
	Noise   float64 // noise inputs are uniform in [0, Noise)
	Runs    int     // timed runs, of which the median counts
	Sampled int     // samples to make in [SampleSteps] steps of DPM-Solver++(2M); 0 for none
	Conv    bool    // has convolutions, in which GoMLX's own engine hangs or takes minutes a step
}

// Workloads are what drift, PyTorch and ONNX Runtime are compared on.
func Workloads() []Workload {
	return []Workload{
		{Name: "mlp_b512", Network: nn.Plain{Width: 128, Hidden: 4}, Batch: 512, Shape: []int{2}, Noise: 1, Runs: 50},
		sampled(unet(32), 64),
		unet(64),
	}
}

// sampled is a workload that also makes n samples.
func sampled(w Workload, n int) Workload { w.Sampled = n; return w }

// unet is a U-Net of so many base channels on pictures as large as CIFAR-10's, with attention
// at its second level.
func unet(base int) Workload {
	net := nn.DefaultUNet2D()
	net.BlockChannels, net.LayersPerBlock = []int{base, 2 * base, 2 * base}, 2
	net.DownBlocks = []string{"DownBlock2D", "AttnDownBlock2D", "DownBlock2D"}
	net.UpBlocks = []string{"UpBlock2D", "AttnUpBlock2D", "UpBlock2D"}
	net.NormGroups, net.HeadDim, net.FlipSinToCos = 8, nil, false
	return Workload{Name: fmt.Sprintf("unet%d_b16", base), Network: net, Batch: 16, Shape: []int{32, 32, 3}, Noise: 1000, Runs: 5, Conv: true}
}

// ByName finds a workload.
func ByName(name string) (Workload, error) {
	var names []string
	for _, w := range Workloads() {
		if w.Name == name {
			return w, nil
		}
		names = append(names, w.Name)
	}
	return Workload{}, fmt.Errorf("workload: found %q, expected one of %s", name, strings.Join(names, ", "))
}

// inputs draws the samples, N(0, 1), and noise inputs of a batch.
func (w Workload) inputs() (x, t []float32) {
	batch := drift.NewBatch(w.Batch, w.Shape...)
	drift.NewNoise(1, "bench samples", 0).Normal(batch)
	x, t = make([]float32, len(batch.Data)), make([]float32, w.Batch)
	for i, v := range batch.Data {
		x[i] = float32(v)
	}
	r := drift.Rand(1, "bench noise")
	for i := range t {
		t[i] = float32(r.Float64() * w.Noise)
	}
	return x, t
}
