package hub_test

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"drift/hub"
)

// small is a pipeline whose files are all right.
func small() (p pipelines, scheduler map[string]any) {
	p.Networks = map[string]map[string]any{"unet": {
		"_class_name": "UNet2DModel", "sample_size": 8, "block_out_channels": []int{8, 16}, "layers_per_block": 1, "norm_num_groups": 4,
		"down_block_types": []string{"DownBlock2D", "DownBlock2D"}, "up_block_types": []string{"UpBlock2D", "UpBlock2D"},
	}}
	p.Tensors = map[string]map[string][]int{"unet": {"conv_in.weight": {8, 3, 3, 3}, "conv_in.bias": {8}}}
	return p, map[string]any{"_class_name": "DDPMScheduler"}
}

// What a folder lacks or has too much of is named.
func TestBadFolders(t *testing.T) {
	for want, change := range map[string]func(dir string, p pipelines){
		"model_index.json: cannot read":      func(dir string, _ pipelines) { os.Remove(filepath.Join(dir, "model_index.json")) },
		"config.json: cannot read":           func(dir string, _ pipelines) { os.Remove(filepath.Join(dir, "unet/config.json")) },
		"scheduler_config.json: cannot read": func(dir string, _ pipelines) { os.RemoveAll(filepath.Join(dir, "scheduler")) },
		"found no diffusion_pytorch_model.safete": func(dir string, _ pipelines) {
			os.Remove(filepath.Join(dir, "unet/diffusion_pytorch_model.safetensors"))
		},
		"may run programs": func(dir string, _ pipelines) {
			os.Rename(filepath.Join(dir, "unet/diffusion_pytorch_model.safetensors"), filepath.Join(dir, "unet/diffusion_pytorch_model.bin"))
		},
		"vae: found AutoencoderKL": func(dir string, _ pipelines) {
			put(t, dir, "model_index.json", map[string]any{"vae": []string{"diffusers", "AutoencoderKL"}})
		},
		"text_encoder: found CLIP": func(dir string, _ pipelines) {
			put(t, dir, "model_index.json", map[string]any{"text_encoder": []string{"transformers", "CLIP"}})
		},
		"found no network":                func(dir string, _ pipelines) { put(t, dir, "model_index.json", map[string]any{}) },
		"sample_size: found []":           func(dir string, p pipelines) { config(t, dir, p, "sample_size", nil) },
		"sample_size: found [99999999]":   func(dir string, p pipelines) { config(t, dir, p, "sample_size", 99999999) },
		"act_fn: found \"tanh\"":          func(dir string, p pipelines) { config(t, dir, p, "act_fn", "tanh") },
		"layers_per_block: found \"two\"": func(dir string, p pipelines) { config(t, dir, p, "layers_per_block", "two") },
		"num_class_embeds: found null":    func(dir string, p pipelines) { config(t, dir, p, "class_embed_type", "timestep") },
		"norm_num_groups: found null":     func(dir string, p pipelines) { config(t, dir, p, "norm_num_groups", nil) },
		"_class_name: found \"UNet\"":     func(dir string, p pipelines) { config(t, dir, p, "_class_name", "UNet") },
	} {
		p, scheduler := small()
		dir := folder(t, p, "unet", scheduler)
		change(dir, p)
		if _, err := hub.Open(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected %q", err, want)
		}
	}
	p, scheduler := small()
	p.Networks["unet"]["new_setting"] = 1
	f, err := hub.Open(folder(t, p, "unet", scheduler))
	if err != nil || len(f.Notes) != 1 || !strings.Contains(f.Notes[0], "new_setting: ignored") {
		t.Errorf("an unknown key: found %v (%v), expected one note", f, err)
	}
	if _, err := f.Import(engine(t), filepath.Join(t.TempDir(), "run"), hub.ImportOptions{}); err == nil || !strings.Contains(err.Error(), "missing, expected Float32") {
		t.Errorf("missing weights: found error %v", err)
	}
	if _, err := f.Import(engine(t), filepath.Join(t.TempDir(), "run"), hub.ImportOptions{Classes: []string{"cat"}}); err == nil || !strings.Contains(err.Error(), "classes: found 1 names, expected 0") {
		t.Errorf("names of no classes: found error %v", err)
	}
}

// Settings that ask for much memory get as little as the file of weights, which holds next
// to nothing, warrants.
func TestSettingsTakeNoMemory(t *testing.T) {
	dit := func(settings map[string]any) (string, map[string]any) {
		all := map[string]any{"_class_name": "DiTTransformer2DModel", "in_channels": 1}
		maps.Copy(all, settings)
		return "transformer", all
	}
	unet := func(settings map[string]any) (string, map[string]any) {
		p, _ := small()
		maps.Copy(p.Networks["unet"], settings)
		return "unet", p.Networks["unet"]
	}
	wide, kinds, ups := make([]int, 12), make([]string, 12), make([]string, 12)
	for i := range wide {
		wide[i], kinds[i], ups[i] = 1<<16, "AttnDownBlock2D", "AttnUpBlock2D"
	}
	for want, of := range map[string]func() (string, map[string]any){
		"sample_size and in_channels: found [8192] and 1, expected at most 16777216 values": func() (string, map[string]any) { return dit(map[string]any{"sample_size": 8192, "patch_size": 1}) },
		"in 16777216 patches of 1×1, expected at most 65536":                                func() (string, map[string]any) { return dit(map[string]any{"sample_size": 4096, "patch_size": 1}) },
		`"/model/pos_embed/proj/weight": missing, expected Float32 [1 1 1 4194304]`: func() (string, map[string]any) {
			return dit(map[string]any{"sample_size": 256, "patch_size": 1, "num_attention_heads": 1024, "attention_head_dim": 4096, "num_layers": 1024})
		},
		"found 16777216 classes, expected at most 131072": func() (string, map[string]any) { return dit(map[string]any{"num_embeds_ada_norm": 1 << 24}) },
		"found 16777215 classes, expected at most 131072": func() (string, map[string]any) {
			return unet(map[string]any{"class_embed_type": "timestep", "num_class_embeds": 1<<24 - 1})
		},
		"and 3, expected at most 16777216 values": func() (string, map[string]any) { return unet(map[string]any{"sample_size": []int{8192, 4096}}) },
		`"/model/time_proj/weight": missing, expected Float32 [16777216 65536]`: func() (string, map[string]any) {
			return unet(map[string]any{"sample_size": 2048, "block_out_channels": wide, "down_block_types": kinds, "up_block_types": ups, "layers_per_block": 64, "norm_num_groups": 1 << 16,
				"attention_head_dim": 1, "time_embedding_type": "learned", "num_train_timesteps": 1 << 24, "time_embedding_dim": 1 << 20, "num_class_embeds": 1 << 17})
		},
		`"/model/time_embedding/linear_1/weight": missing, expected Float32 [65536 1048576]`: func() (string, map[string]any) {
			return unet(map[string]any{"sample_size": 2048, "block_out_channels": wide, "down_block_types": kinds, "up_block_types": ups, "layers_per_block": 64, "time_embedding_dim": 1 << 20})
		},
	} {
		name, settings := of()
		p := pipelines{Networks: map[string]map[string]any{name: settings}}
		dir := folder(t, p, name, map[string]any{"_class_name": "DDPMScheduler"})
		frugally(t, dir, want)
	}
	// The table of places is as wide as weights that are there, and as long as the settings say.
	name, settings := dit(map[string]any{"sample_size": 32, "patch_size": 1, "num_attention_heads": 16, "attention_head_dim": 4096})
	p := pipelines{
		Networks: map[string]map[string]any{name: settings},
		Tensors:  map[string]map[string][]int{name: {"pos_embed.proj.weight": {1 << 16, 1, 1, 1}, "pos_embed.proj.bias": {1 << 16}}},
	}
	frugally(t, folder(t, p, name, map[string]any{"_class_name": "DDPMScheduler"}), "missing, expected Float32 [256 65536]")
}

// frugally imports a folder, which shall end with an error and little memory.
func frugally(t *testing.T, dir, want string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := hub.Open(dir)
	if err == nil {
		_, err = f.Import(engine(t), filepath.Join(t.TempDir(), "run"), hub.ImportOptions{})
	}
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("found error %v, expected %q", err, want)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
		t.Errorf("%s: took %d bytes of memory", want, took)
	}
}

func config(t *testing.T, dir string, p pipelines, key string, value any) {
	c := maps.Clone(p.Networks["unet"])
	c[key] = value
	put(t, dir, "unet/config.json", c)
}

// A scheduler that drift cannot follow is refused with the setting's name.
func TestBadSchedulers(t *testing.T) {
	for want, s := range map[string]map[string]any{
		`scheduler: found "ScoreSdeVeScheduler"`:       {"_class_name": "ScoreSdeVeScheduler"},
		`beta_schedule: found "exp"`:                   {"_class_name": "DDPMScheduler", "beta_schedule": "exp"},
		`prediction_type: found "flow"`:                {"_class_name": "DDIMScheduler", "prediction_type": "flow"},
		"beta_start: found \"a\", expected a number":   {"_class_name": "DDIMScheduler", "beta_start": "a"},
		"found 10000000, expected 2 to":                {"_class_name": "DDIMScheduler", "num_train_timesteps": 10000000},
		"expected 2, as many as trained_betas":         {"_class_name": "DDIMScheduler", "trained_betas": []float64{0.1, 0.2}},
		"β of training step 1: found 2":                {"_class_name": "DDIMScheduler", "num_train_timesteps": 2, "trained_betas": []float64{0.1, 2}},
		"sample_max_value: found 2, supported: 1":      {"_class_name": "DDPMScheduler", "thresholding": true, "sample_max_value": 2},
		"timestep_type: found continuous":              {"_class_name": "EulerDiscreteScheduler", "timestep_type": "continuous"},
		"use_beta_sigmas: found true":                  {"_class_name": "EulerDiscreteScheduler", "use_beta_sigmas": true},
		"solver_order: found 4":                        {"_class_name": "DPMSolverMultistepScheduler", "solver_order": 4},
		"solver_type: found heun, supported: midpoint": {"_class_name": "DPMSolverMultistepScheduler", "solver_type": "heun"},
		"lambda_min_clipped: found -5.1":               {"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -5.1},
		"predict_x0: found false":                      {"_class_name": "UniPCMultistepScheduler", "predict_x0": false},
		"shift: found 3, supported: 1":                 {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3},
		"prediction_type: found sample":                {"_class_name": "PNDMScheduler", "skip_prk_steps": true, "prediction_type": "sample"},
		"skip_prk_steps: found false":                  {"_class_name": "PNDMScheduler", "skip_prk_steps": false},
	} {
		p, _ := small()
		if _, err := hub.Open(folder(t, p, "unet", s)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: found error %v, expected %q", s, err, want)
		}
	}
	// What a class does not have, or never looks at, is no obstacle.
	for _, s := range []map[string]any{
		{"_class_name": "DPMSolverMultistepScheduler", "variance_type": "fixed_large"},
		{"_class_name": "HeunDiscreteScheduler", "thresholding": true, "sample_max_value": 1.5},
		{"_class_name": "DPMSolverSinglestepScheduler", "rescale_betas_zero_snr": true},
	} {
		p, _ := small()
		f, err := hub.Open(folder(t, p, "unet", s))
		if err != nil {
			t.Errorf("%v: %v", s, err)
		} else if f.Scheduler.Walk.Clip != nil || math.IsInf(f.Scheduler.Schedule[999], -1) || f.Scheduler.Schedule[999] < -12 {
			t.Errorf("%v: found bounds %v and a last λ of %v", s, f.Scheduler.Walk.Clip, f.Scheduler.Schedule[999])
		}
	}
	p, _ := small() // the index says which class it is, whose defaults take the place of the other's
	dir := folder(t, p, "unet", map[string]any{"_class_name": "DDIMScheduler"})
	put(t, dir, "scheduler/scheduler_config.json", map[string]any{"_class_name": "PNDMScheduler", "skip_prk_steps": true, "set_alpha_to_one": false, "steps_offset": 1, "_use_default_values": []string{"set_alpha_to_one"}})
	f, err := hub.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Scheduler; s.Class != "DDIMScheduler" || s.Walk.Solver != "ddim-compat" || s.Walk.Short || s.Walk.Grid != "leading+1" || !strings.Contains(strings.Join(f.Notes, "\n"), `found "PNDMScheduler" beside "DDIMScheduler"`) {
		t.Errorf("found %+v and notes %q, expected a DDIMScheduler with a note", s, f.Notes)
	}
	// Python's -Infinity is no JSON, and some editors begin a file with a mark.
	dir = folder(t, p, "unet", map[string]any{"_class_name": "DPMSolverMultistepScheduler"})
	write(t, filepath.Join(dir, "scheduler/scheduler_config.json"), []byte("\ufeff"+`{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity}`))
	if _, err := hub.Open(dir); err != nil {
		t.Error(err)
	}
}

// Whatever stands in a scheduler's settings, reading them ends with a scheduler or an error.
func FuzzScheduler(f *testing.F) {
	f.Add("DPMSolverMultistepScheduler", `{"lambda_min_clipped": -Infinity, "use_karras_sigmas": true}`)
	f.Add("DDIMScheduler", `{"_class_name": "PNDMScheduler", "_use_default_values": ["beta_end"], "trained_betas": [0.1, 0.2], "num_train_timesteps": 2, "steps_offset": 1}`)
	f.Add("DDPMScheduler", `{"_class_name": "DDPMScheduler", "rescale_betas_zero_snr": true, "beta_end": NaN}`)
	p, scheduler := small()
	dir := folder(f, p, "unet", scheduler)
	f.Fuzz(func(t *testing.T, class, text string) {
		put(t, dir, "model_index.json", map[string]any{"unet": []string{"diffusers", "UNet2DModel"}, "scheduler": []string{"diffusers", class}})
		write(t, filepath.Join(dir, "scheduler/scheduler_config.json"), []byte(text))
		hub.Open(dir)
	})
}
