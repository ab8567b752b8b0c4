package hub

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"drift"
	"drift/internal/safefile"
	"drift/internal/safetensors"
	"drift/nn"
	"drift/run"
	"drift/train"
)

// diffusersVersion is the version whose files these are.
const diffusersVersion = "0.42.1"

// exportSteps is how many training steps a process of continuous time becomes.
const exportSteps = 1000

// Export writes a run as a folder of diffusers, which must not exist yet: the averaged
// weights of a checkpoint ("last" or "best"), the network's settings and a scheduler.
func Export(d *run.Dir, which, path string) error {
	path = filepath.Clean(path)
	m := d.Manifest
	network, class, config, err := networkConfig(m)
	if err != nil {
		return fmt.Errorf("run %s: %w", d.Path, err)
	}
	scheduler, err := schedulerConfig(m)
	if err != nil {
		return fmt.Errorf("run %s: %w", d.Path, err)
	}
	state, _, err := d.Load(which)
	if err != nil {
		return err
	}
	tensors, err := exported(train.Averaged(state))
	if err != nil {
		return fmt.Errorf("run %s: %w", d.Path, err)
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: found something there already, expected nothing", path)
	}
	pipeline := "DDIMPipeline" // which makes a DDIMScheduler of any
	if scheduler["_class_name"] != "DDIMScheduler" {
		pipeline = "DDPMPipeline"
	}
	index := map[string]any{
		"_class_name": pipeline, "_diffusers_version": diffusersVersion,
		network: []string{"diffusers", class}, "scheduler": []string{"diffusers", scheduler["_class_name"].(string)},
	}
	return whole(path, func(dir string) error {
		for name, content := range map[string]any{
			"model_index.json": index, network + "/config.json": config, "scheduler/scheduler_config.json": scheduler,
		} {
			if err := writeJSON(filepath.Join(dir, filepath.FromSlash(name)), content); err != nil {
				return err
			}
		}
		return safefile.Write(filepath.Join(dir, network, weightsName), func(w io.Writer) error {
			return safetensors.Write(w, map[string]string{"format": "pt"}, tensors)
		})
	})
}

// whole fills a folder under another name and gives it its own when it is done.
func whole(path string, fill func(dir string) error) error {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".tmp-export-*")
	if err != nil {
		return fmt.Errorf("%s: cannot write: %w", path, err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := fill(dir); err != nil {
		return err
	}
	return os.Rename(dir, path)
}

func writeJSON(path string, content any) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	return safefile.Write(path, func(w io.Writer) error { _, err := w.Write(append(text, '\n')); return err })
}

// networkConfig is the config.json of a run's network.
func networkConfig(m run.Manifest) (name, class string, config map[string]any, err error) {
	d := m.Data
	scaled := 0.0 // times the noise input is what the network embeds
	switch {
	case !d.Image():
		return "", "", nil, fmt.Errorf("data.shape: found %v, expected pictures: diffusers has no network for points", d.Shape)
	case m.Jumps > 0:
		return "", "", nil, fmt.Errorf("distil: found a distilled run, expected its teacher: diffusers' networks are not told where a jump ends")
	case d.Signature().Vector > 0 || d.Signature().Picture > 0:
		return "", "", nil, fmt.Errorf("data: found a network that is told numbers or pictures (by a table, --augment or --upscale), which diffusers' classes do not know")
	case len(d.Range) != 2 || len(d.Scale.Mean) != 1 || d.Scale.Mean[0] != (d.Range[0]+d.Range[1])/2 || d.Scale.Std[0] != (d.Range[1]-d.Range[0])/2:
		return "", "", nil, fmt.Errorf("data.scale: found mean %v and deviation %v, expected the middle and half of the range %v: diffusers has pixels from -1 to 1; train with --full-range --noise timestep", d.Scale.Mean, d.Scale.Std, d.Range)
	}
	var settings any
	switch s := m.Network; {
	case s.UNet != nil:
		net := *s.UNet
		net.SampleSize = sides(d.Shape)
		name, class, settings, scaled = "unet", "UNet2DModel", net, net.NoiseScale
	case s.DiT != nil && d.Shape[0] == d.Shape[1]:
		net := *s.DiT
		net.SampleSize = d.Shape[0]
		name, class, settings, scaled = "transformer", "DiTTransformer2DModel", net, net.NoiseScale
		if net.SampleSize != s.DiT.SampleSize {
			return "", "", nil, fmt.Errorf("network.dit.sample_size: found %d for pictures of side %d, expected the same", s.DiT.SampleSize, net.SampleSize)
		}
	default:
		return "", "", nil, fmt.Errorf("network.kind: found %q, expected \"unet\" with settings of its own or \"dit\" on squares: diffusers has no such network; train with --network unet", s.Kind)
	}
	if out := outChannels(m.Network); out != d.Shape[2] {
		return "", "", nil, fmt.Errorf("network.out_channels: found %d for pictures of %d channels, expected as many: no scheduler that drift writes reads a learnt variance", out, d.Shape[2])
	}
	if scaled != 0 && scaled != 1 {
		return "", "", nil, fmt.Errorf("network.noise_scale: found %v, expected none: diffusers embeds training steps as they are; train with --noise timestep", scaled)
	}
	text, err := json.Marshal(settings)
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	config["_class_name"], config["_diffusers_version"] = class, diffusersVersion
	return name, class, config, err
}

// outChannels is how many channels a network answers with.
func outChannels(s nn.Spec) int {
	switch {
	case s.UNet != nil:
		return s.UNet.OutChannels
	case s.DiT.OutChannels != nil:
		return *s.DiT.OutChannels
	}
	return s.DiT.InChannels
}

// sides are those of a picture: one for a square.
func sides(shape []int) nn.Sides {
	if shape[0] == shape[1] {
		return nn.Sides{shape[0]}
	}
	return nn.Sides{shape[0], shape[1]}
}

// exported are weights as tensors of a diffusers file.
func exported(weights nn.State) (all []safetensors.Tensor, err error) {
	for _, path := range weights.Names() {
		name, t, err := nn.ToDiffusers(path, weights[path])
		if err != nil {
			return nil, err
		}
		if t.DType != "Float32" {
			return nil, fmt.Errorf("tensor %q: found type %s, expected Float32", path, t.DType)
		}
		all = append(all, safetensors.Tensor{Name: name, DType: "F32", Shape: t.Shape, Data: t.Data})
	}
	return all, nil
}

// schedulerConfig is the scheduler_config.json of a run.
func schedulerConfig(m run.Manifest) (map[string]any, error) {
	p, err := m.Path()
	if err != nil {
		return nil, err
	}
	if m.Predict == "velocity" && m.Noise == "flow-time" && m.Process == "flow" {
		return map[string]any{
			"_class_name": "FlowMatchEulerDiscreteScheduler", "_diffusers_version": diffusersVersion,
			"num_train_timesteps": 1000, "shift": 1.0, "use_dynamic_shifting": false,
		}, nil
	}
	predict := map[string]string{"eps": "epsilon", "x0": "sample", "v": "v_prediction"}[m.Predict]
	switch l := p.AtLambda(0); {
	case math.Abs(math.Hypot(l.Alpha, l.Sigma)-1) > 1e-9:
		return nil, fmt.Errorf("process: found %q, expected one that keeps variance (vp, cosine, …), or \"flow\" with --predict velocity --noise flow-time: no scheduler of diffusers has its levels", m.Process)
	case predict == "":
		return nil, fmt.Errorf("predict: found %q, expected eps, x0 or v: no scheduler of diffusers has it on %q", m.Predict, m.Process)
	case m.Noise != "timestep":
		return nil, fmt.Errorf("noise: found %q, expected \"timestep\": diffusers tells networks the training step; train with --full-range --noise timestep", m.Noise)
	}
	betas, err := exportedBetas(p)
	if err != nil {
		return nil, err
	}
	config := map[string]any{
		"_class_name": "DDIMScheduler", "_diffusers_version": diffusersVersion, "num_train_timesteps": len(betas),
		"trained_betas": betas, "prediction_type": predict, "clip_sample": false, "set_alpha_to_one": true,
		"steps_offset": 0, "timestep_spacing": "trailing", "thresholding": false, "rescale_betas_zero_snr": false,
	}
	if w := m.Walk; w != nil {
		spacing, offset, shifted := strings.Cut(w.Grid, "+")
		if slices.Contains([]string{"leading", "linspace"}, spacing) {
			config["timestep_spacing"] = spacing
		}
		if shifted && spacing == "leading" {
			if config["steps_offset"], err = strconv.Atoi(offset); err != nil {
				return nil, fmt.Errorf("walk.grid: found %q, expected a number behind the +", w.Grid)
			}
		}
		config["set_alpha_to_one"] = !w.Short
		if w.Clip != nil {
			config["clip_sample"] = true
			config["clip_sample_range"] = (w.Clip[1] - m.Data.Scale.Mean[0]) / m.Data.Scale.Std[0]
		}
	}
	return config, nil
}

// exportedBetas is β of each training step: Alpha²_i = Alpha²_(i-1)·(1 - β_i).
func exportedBetas(p drift.Process) ([]float64, error) {
	n := exportSteps
	if p.Steps > 0 {
		n = p.Steps
	}
	betas, before := make([]float64, n), 1.0
	for i := range betas {
		at := p.At(float64(i+1) / float64(n))
		alpha2 := at.Alpha * at.Alpha
		betas[i] = 1 - alpha2/before
		if i == 0 {
			betas[i] = at.Sigma * at.Sigma
		}
		if !(betas[i] > 0) {
			return nil, fmt.Errorf("process %q: found β = %v at training step %d, expected above 0", p.Name, betas[i], i)
		}
		before = alpha2
	}
	return betas, nil
}
