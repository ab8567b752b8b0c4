package hub

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"drift/run"
)

// Scheduler is what the scheduler of a folder becomes. Bounds are in pixels from -1 to 1.
type Scheduler struct {
	Class    string     // of diffusers
	Process  string     // "discrete", or a drift.Process
	Schedule []float64  // of "discrete": λ after each training step
	Predict  string     // a drift.Prediction
	Noise    string     // a drift.NoiseScale
	Walk     run.Manner // how it samples
	Notes    []string   // what drift does in another way
}

// kinds reads each class of scheduler that drift knows.
var kinds = map[string]func(*settings, *Scheduler){
	"DDPMScheduler":                   ddpm,
	"DDIMScheduler":                   ddim,
	"PNDMScheduler":                   pndm,
	"EulerDiscreteScheduler":          euler,
	"EulerAncestralDiscreteScheduler": inRatio("euler-a", 0.0001, 0.02),
	"HeunDiscreteScheduler":           heun,
	"LMSDiscreteScheduler":            lms,
	"KDPM2DiscreteScheduler":          inRatio("dpm2", 0.00085, 0.012),
	"KDPM2AncestralDiscreteScheduler": inRatio("dpm2-a", 0.00085, 0.012),
	"DPMSolverMultistepScheduler":     dpmMultistep,
	"DPMSolverSinglestepScheduler":    dpmSinglestep,
	"UniPCMultistepScheduler":         uniPC,
	"FlowMatchEulerDiscreteScheduler": flowEuler,
}

// readScheduler turns a scheduler's settings into drift's. As in diffusers its class is the one
// that the pipeline's index names, whichever the settings were written by.
func readScheduler(s *settings, index, class string) (*Scheduler, error) {
	kind, known := kinds[class]
	if !known {
		return nil, fmt.Errorf("%s: scheduler: found %q, supported: %s", index, class, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	out := &Scheduler{Class: class, Process: "discrete", Noise: "timestep"}
	if own := get(s, "_class_name", class); own != class {
		out.note("%s: _class_name: found %q beside %q in %s; the latter counts, as in diffusers", s.file, own, class, filepath.Base(index))
		for _, key := range get(s, "_use_default_values", []string{}) {
			delete(s.all, key) // a default of the other class, in place of which comes that of this one
		}
	}
	kind(s, out)
	out.Notes = append(out.Notes, s.rest()...)
	return out, s.err
}

func (c *Scheduler) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

var namedBetas = []string{"linear", "scaled_linear", "squaredcos_cap_v2"}

// predict reads what the network predicts.
func (c *Scheduler) predict(s *settings) {
	names := map[string]string{"epsilon": "eps", "sample": "x0", "v_prediction": "v"}
	c.Predict = names[choice(s, "prediction_type", "epsilon", "epsilon", "sample", "v_prediction")]
}

// clipped reads whether answers are held within bounds, and within which.
func (c *Scheduler) clipped(s *settings, otherwise bool) {
	c.hold(s, get(s, "clip_sample", otherwise), get(s, "clip_sample_range", 1.0))
}

// bounds reads what answers are held within, by clipping or by thresholds.
func (c *Scheduler) bounds(s *settings, clip bool) {
	within := get(s, "clip_sample_range", 1.0)
	if get(s, "thresholding", false) {
		get(s, "dynamic_thresholding_ratio", 0.0)
		only(s, "sample_max_value", 1.0) // with which thresholding is plain clipping
		clip, within = true, 1
	}
	get(s, "dynamic_thresholding_ratio", 0.0)
	get(s, "sample_max_value", 0.0)
	c.hold(s, clip, within)
}

func (c *Scheduler) hold(s *settings, clip bool, within float64) {
	if clip && !(within > 0) {
		s.fail("clip_sample_range: found %v, expected above 0", within)
	}
	if clip {
		c.Walk.Clip = []float64{-within, within}
	}
}

// spacing reads which training steps a walk visits; names are the grids for "leading",
// "linspace" and "trailing".
func (c *Scheduler) spacing(s *settings, otherwise string, names map[string]string) {
	offset := get(s, "steps_offset", 0)
	kind := choice(s, "timestep_spacing", otherwise, slices.Sorted(maps.Keys(names))...)
	c.Walk.Grid = names[kind]
	switch {
	case offset < 0 || offset > 999:
		s.fail("steps_offset: found %d, supported: 0 to 999", offset)
	case offset > 0 && kind == "leading":
		c.Walk.Grid = fmt.Sprintf("%s+%d", c.Walk.Grid, offset)
	}
}

// ramps reads which ramp of Sigma/Alpha takes the place of training steps, if one does.
func (c *Scheduler) ramps(s *settings) {
	only(s, "use_beta_sigmas", false)
	karras, exponential := get(s, "use_karras_sigmas", false), get(s, "use_exponential_sigmas", false)
	visits := !strings.HasPrefix(c.Walk.Grid, "linspace") && !strings.HasPrefix(c.Class, "DPM") && !strings.HasPrefix(c.Class, "UniPC")
	switch {
	case karras && exponential:
		s.fail("use_karras_sigmas and use_exponential_sigmas: found both, expected one of them")
	case karras:
		c.Walk.Grid = "karras"
	case exponential:
		c.Walk.Grid = "exponential"
	}
	if (karras || exponential) && visits {
		c.note("timestep_spacing: the ramp goes from the last training step to the first, where diffusers takes those that its spacing visits")
	}
}

var (
	wholeSteps = map[string]string{"leading": "leading", "linspace": "linspace", "trailing": "trailing"}
	evenSteps  = map[string]string{"leading": "leading", "linspace": "linspace-even", "trailing": "trailing"}
	innerSteps = map[string]string{"leading": "leading-inner", "linspace": "linspace-inner", "trailing": "trailing"}
)

// final reads how much noise is left at the end.
func (c *Scheduler) final(s *settings) {
	c.Walk.Short = choice(s, "final_sigmas_type", "zero", "zero", "sigma_min") == "sigma_min"
}

// tinySignal is Alpha² of the last training step where diffusers keeps it from being 0.
const tinySignal = 1. / (1 << 24)

func ddpm(s *settings, c *Scheduler) {
	c.Schedule = lambdas(s, 0.0001, 0.02, append(namedBetas, "sigmoid"), get(s, "rescale_betas_zero_snr", false), 0)
	c.predict(s)
	c.bounds(s, get(s, "clip_sample", true))
	c.spacing(s, "leading", wholeSteps)
	c.Walk.Solver, c.Walk.Steps = "ddpm", max(1, len(c.Schedule))
	switch kind := choice(s, "variance_type", "fixed_small", "fixed_small", "fixed_small_log", "fixed_large", "learned", "learned_range"); kind {
	case "fixed_large":
		c.Walk.Solver = "ddpm-large"
	case "learned", "learned_range":
		c.note("variance_type: found %q; drift draws with the variance of the posterior, \"fixed_small\"", kind)
	}
}

func ddim(s *settings, c *Scheduler) {
	c.Schedule = lambdas(s, 0.0001, 0.02, namedBetas, get(s, "rescale_betas_zero_snr", false), 0)
	c.predict(s)
	c.bounds(s, get(s, "clip_sample", true))
	c.spacing(s, "leading", wholeSteps)
	c.Walk.Solver, c.Walk.Steps = "ddim-compat", 50
	c.Walk.Short = !get(s, "set_alpha_to_one", true)
	c.evenly()
}

// evenly notes where diffusers takes steps of one length between training steps that lie
// otherwise.
func (c *Scheduler) evenly() {
	if c.Walk.Grid == "linspace" {
		c.note("timestep_spacing: diffusers' %s steps from t to t - %d with \"linspace\" too; drift goes on to the next of its steps",
			strings.TrimSuffix(c.Class, "Scheduler"), len(c.Schedule)/max(1, c.Walk.Steps))
	}
}

func pndm(s *settings, c *Scheduler) {
	c.Schedule = lambdas(s, 0.0001, 0.02, namedBetas, false, 0)
	c.predict(s)
	switch c.Predict {
	case "x0":
		s.fail("prediction_type: found sample, supported: epsilon, v_prediction")
	case "v":
		c.note("prediction_type: diffusers weighs the last answers as they are, drift the noise that they stand for")
	}
	c.spacing(s, "leading", wholeSteps)
	if !get(s, "skip_prk_steps", false) {
		s.fail("skip_prk_steps: found false, supported: true")
	}
	c.Walk.Solver, c.Walk.Steps = "ipndm", 50
	c.Walk.Short = !get(s, "set_alpha_to_one", false)
	c.evenly()
	c.note("PNDMScheduler: drift's ipndm begins with lower orders, where diffusers takes the second step twice")
}

func euler(s *settings, c *Scheduler) {
	only(s, "interpolation_type", "linear")
	only(s, "timestep_type", "discrete")
	absent(s, "sigma_min", "sigma_max")
	inRatio("ddim", 0.0001, 0.02)(s, c)
	c.ramps(s)
	c.final(s)
}

// inRatio reads schedulers that go by Sigma/Alpha.
func inRatio(solver string, start, end float64) func(*settings, *Scheduler) {
	return func(s *settings, c *Scheduler) {
		rescale := strings.HasPrefix(c.Class, "Euler") && get(s, "rescale_betas_zero_snr", false)
		c.Schedule = lambdas(s, start, end, namedBetas, rescale, tinySignal)
		c.predict(s)
		c.spacing(s, "linspace", evenSteps)
		c.Walk.Solver, c.Walk.Steps = solver, 50
		if strings.HasPrefix(c.Class, "KDPM2") {
			c.ramps(s)
			if c.Walk.Grid == "karras" {
				c.fractions()
			}
		}
	}
}

func heun(s *settings, c *Scheduler) {
	inRatio("heun", 0.00085, 0.012)(s, c)
	c.ramps(s)
	c.clipped(s, false)
}

func lms(s *settings, c *Scheduler) {
	inRatio("lms", 0.0001, 0.02)(s, c)
	c.ramps(s)
	c.note("LMSDiscreteScheduler: drift takes the last step, into no noise, to the last answer; diffusers takes one of order 4")
}

// fractions notes where diffusers gives the network whole training steps.
func (c *Scheduler) fractions() {
	if g := c.Walk.Grid; g == "karras" || g == "exponential" {
		c.note("use_%s_sigmas: drift tells the network fractions of training steps, where diffusers rounds or truncates them", g)
	}
}

// dpm reads what the schedulers of DPM-Solver and UniPC have in common.
func (c *Scheduler) dpm(s *settings) {
	rescale := c.Class != "DPMSolverSinglestepScheduler" && get(s, "rescale_betas_zero_snr", false)
	c.Schedule = lambdas(s, 0.0001, 0.02, namedBetas, rescale, tinySignal)
	c.predict(s)
	c.bounds(s, false)
	c.ramps(s)
	c.fractions()
	only(s, "use_flow_sigmas", false)
	get(s, "flow_shift", 1.0)
	only(s, "use_dynamic_shifting", false)
	get(s, "time_shift_type", "")
	c.final(s)
	c.Walk.Steps = 25
}

func dpmMultistep(s *settings, c *Scheduler) {
	c.spacing(s, "linspace", innerSteps)
	c.dpm(s)
	dpmCommon(s)
	only(s, "use_lu_lambdas", false)
	last := get(s, "euler_at_final", false)
	kind := choice(s, "algorithm_type", "dpmsolver++", "dpmsolver++", "sde-dpmsolver++")
	order := get(s, "solver_order", 2)
	solver := map[string]string{
		"dpmsolver++ 1": "ddim", "dpmsolver++ 2": "dpm++2m", "dpmsolver++ 3": "dpm++3m-compat",
		"sde-dpmsolver++ 1": "ddpm", "sde-dpmsolver++ 2": "dpm++2m-sde",
	}[fmt.Sprint(kind, " ", order)]
	if solver == "" {
		s.fail("solver_order: found %d, supported: 1, 2, and 3 with algorithm_type dpmsolver++", order)
	}
	if order == 2 {
		only(s, "solver_type", "midpoint")
	}
	get(s, "solver_type", "")
	if get(s, "lower_order_final", true) && (order == 3 || c.Walk.Short) {
		c.note("lower_order_final: with fewer than 15 steps diffusers takes the last ones of lower order; drift does so for the step into no noise alone")
	}
	if last && order > 1 && c.Walk.Short {
		c.note("euler_at_final: diffusers takes the last step of first order; drift does so for a step into no noise alone")
	}
	c.Walk.Solver = solver
}

// dpmCommon reads settings that DPM-Solver's schedulers share.
func dpmCommon(s *settings) {
	if raw := string(s.all["lambda_min_clipped"]); raw != "" && raw != "null" && raw != `"-Infinity"` {
		s.fail("lambda_min_clipped: found %s, supported: -Infinity", short([]byte(raw)))
	}
	s.used["lambda_min_clipped"] = true
	get(s, "variance_type", "") // the network drops what it says of the variance
}

func dpmSinglestep(s *settings, c *Scheduler) {
	c.Walk.Grid = "linspace-inner"
	c.dpm(s)
	dpmCommon(s)
	only(s, "algorithm_type", "dpmsolver++")
	only(s, "solver_order", 2)
	only(s, "solver_type", "midpoint")
	get(s, "lower_order_final", false)
	c.Walk.Solver = "dpm++2s"
	c.note("DPMSolverSinglestepScheduler: drift's dpm++2s takes two evaluations a step, the second halfway in λ; diffusers takes every second training step for that")
}

func uniPC(s *settings, c *Scheduler) {
	c.spacing(s, "linspace", innerSteps)
	c.dpm(s)
	only(s, "predict_x0", true)
	only(s, "solver_type", "bh2")
	absent(s, "solver_p", "sigma_min", "sigma_max", "shift_terminal")
	if skipped := get(s, "disable_corrector", []int{}); len(skipped) > 0 {
		s.fail("disable_corrector: found %v, supported: []", skipped)
	}
	order := get(s, "solver_order", 2)
	if order < 1 || order > 3 {
		s.fail("solver_order: found %d, supported: 1 to 3", order)
	}
	if get(s, "lower_order_final", true) && (order == 3 || c.Walk.Short) {
		c.note("lower_order_final: diffusers takes the last steps of lower order; drift does so for the step into no noise alone")
	}
	if g := c.Walk.Grid; c.Walk.Short && (g == "karras" || g == "exponential") {
		c.note("final_sigmas_type: diffusers corrects the last level by one more answer; drift's walk ends with the answer before")
	}
	c.Walk.Solver = fmt.Sprintf("unipc-%d", order)
}

func flowEuler(s *settings, c *Scheduler) {
	only(s, "num_train_timesteps", 1000)
	only(s, "shift", 1.0)
	for _, key := range []string{"use_dynamic_shifting", "invert_sigmas", "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "stochastic_sampling"} {
		only(s, key, false)
	}
	absent(s, "shift_terminal")
	for _, key := range []string{"base_shift", "max_shift", "base_image_seq_len", "max_image_seq_len", "time_shift_type"} {
		s.used[key] = true // of dynamic shifting
	}
	c.Process, c.Predict, c.Noise = "flow", "velocity", "flow-time"
	c.Walk = run.Manner{Solver: "ddim", Grid: "linspace-even", Steps: 50}
}
