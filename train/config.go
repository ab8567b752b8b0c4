package train

import (
	"cmp"
	"fmt"
	"math"

	"drift"
)

// Config says how to train. [Default] is a good start.
type Config struct {
	Steps            int     `toml:"steps" json:"steps"`                                             // optimiser steps, at least 1
	Batch            int     `toml:"batch" json:"batch"`                                             // samples that are computed at once
	Accumulate       int     `toml:"accumulate" json:"accumulate"`                                   // batches whose gradients make a step together; 0 or 1 for one
	Rate             float64 `toml:"rate" json:"rate"`                                               // peak learning rate
	Warmup           int     `toml:"warmup" json:"warmup"`                                           // steps of linear warm-up, at most a quarter of all
	Schedule         string  `toml:"schedule" json:"schedule"`                                       // "cosine" or "constant" after the warm-up
	Clip             float64 `toml:"clip" json:"clip"`                                               // largest global norm of the gradient; 0 for no limit
	WeightDecay      float64 `toml:"weight_decay" json:"weight_decay"`                               // of AdamW; 0 is plain Adam
	EMA              float64 `toml:"ema" json:"ema"`                                                 // decay of the averaged weights, 0 ≤ EMA < 1
	LabelDropout     float64 `toml:"label_dropout" json:"label_dropout"`                             // share of samples trained without their condition
	DropApart        bool    `toml:"drop_apart" json:"drop_apart,omitempty"`                         // of the others, leave out the class of this share, and the numbers of this share, each by itself; of no effect where samples have but one of them
	Levels           string  `toml:"levels" json:"levels"`                                           // a drift.TrainLevels; empty for "uniform"
	LossWeight       string  `toml:"loss_weight" json:"loss_weight"`                                 // a drift.LossWeight; empty for "snr+1"
	Uncertainty      bool    `toml:"uncertainty" json:"uncertainty"`                                 // also learn how uncertain the loss is at each level, and weigh by it: [nn.Uncertainty]
	UncertaintyScale float64 `toml:"uncertainty_scale,omitempty" json:"uncertainty_scale,omitempty"` // times what the network is told of its level is what the uncertainty is; 0 stands for 1
	Recompute        bool    `toml:"recompute" json:"recompute"`                                     // compute the inner values of blocks again for gradients rather than keep them: [nn.Recompute]

	// EMALengths are those of power-function averages that are kept beside that of EMA, as
	// σ_rel of [Gamma]; with two of them every other length can be had later.
	EMALengths []float64 `toml:"ema_lengths,omitempty" json:"ema_lengths,omitempty"`
}

// parts is the number of micro-batches of a step.
func (c Config) parts() int { return max(1, c.Accumulate) }

// Seen is the number of samples that a step learns from.
func (c Config) Seen() int { return c.Batch * c.parts() }

// Default is a configuration that suits points and small pictures.
func Default() Config {
	return Config{
		Steps: 4000, Batch: 256, Rate: 2e-3, Warmup: 100, Schedule: "cosine",
		Clip: 1, EMA: 0.995, LabelDropout: 0.2, DropApart: true, Levels: "uniform", LossWeight: "snr+1",
	}
}

// Objective is what the loss is a mean of: the levels that are trained at, and how much
// the error of D counts at each.
func (c Config) Objective() (drift.TrainLevels, drift.LossWeight, error) {
	levels, err := drift.TrainLevelsByName(cmp.Or(c.Levels, Default().Levels))
	if err != nil {
		return levels, drift.LossWeight{}, err
	}
	weight, err := drift.LossWeightByName(cmp.Or(c.LossWeight, Default().LossWeight))
	return levels, weight, err
}

// MaxSteps bounds the steps of one run; more is surely a mistake.
const MaxSteps = 100_000_000

// Validate names the first field that makes no sense, if one does.
func (c Config) Validate() error {
	switch {
	case c.Steps < 1 || c.Steps > MaxSteps:
		return fmt.Errorf("train.steps: found %d, expected 1 to %d", c.Steps, MaxSteps)
	case c.Batch < 1 || c.Batch > 1<<16:
		return fmt.Errorf("train.batch: found %d, expected 1 to %d", c.Batch, 1<<16)
	case c.Accumulate < 0 || c.Accumulate > 1<<10 || c.Seen() > 1<<20:
		return fmt.Errorf("train.accumulate: found %d batches of %d, expected 0 to %d, and at most %d samples in all", c.Accumulate, c.Batch, 1<<10, 1<<20)
	case !(c.Rate > 0) || c.Rate > 10:
		return fmt.Errorf("train.rate: found %v, expected above 0 and at most 10", c.Rate)
	case c.Warmup < 0:
		return fmt.Errorf("train.warmup: found %d, expected at least 0", c.Warmup)
	case c.Schedule != "cosine" && c.Schedule != "constant":
		return fmt.Errorf("train.schedule: found %q, expected \"cosine\" or \"constant\"", c.Schedule)
	case c.Clip != 0 && !(float32(c.Clip) > 0 && float32(c.Clip) <= math.MaxFloat32):
		return fmt.Errorf("train.clip: found %v, expected 0 for no limit, or a number above 0 that float32 holds", c.Clip)
	case !(c.WeightDecay >= 0) || c.WeightDecay > 1:
		return fmt.Errorf("train.weight_decay: found %v, expected 0 to 1", c.WeightDecay)
	case !(c.EMA >= 0) || c.EMA >= 1:
		return fmt.Errorf("train.ema: found %v, expected at least 0 and below 1", c.EMA)
	case math.IsNaN(c.UncertaintyScale) || math.IsInf(c.UncertaintyScale, 0):
		return fmt.Errorf("train.uncertainty_scale: found %v, expected a finite number", c.UncertaintyScale)
	case !(c.LabelDropout >= 0) || c.LabelDropout > 1:
		return fmt.Errorf("train.label_dropout: found %v, expected 0 to 1", c.LabelDropout)
	}
	if err := checkLengths(c.EMALengths); err != nil {
		return fmt.Errorf("train.ema_lengths: %w", err)
	}
	_, _, err := c.Objective()
	return err
}

// RateAt is the learning rate of a step, counted from 0: a linear warm-up, in a short run a
// shorter one, then
// half a cosine down to 0 at the last step (Loshchilov & Hutter 2017,
// arXiv:1608.03983, eq. 5) or a constant.
func (c Config) RateAt(step int) float64 {
	warm := min(1, float64(step+1)/float64(min(c.Warmup, c.Steps/4)+1))
	if c.Schedule == "constant" {
		return c.Rate * warm
	}
	done := min(1, float64(step)/float64(c.Steps))
	return c.Rate * warm * (1 + math.Cos(math.Pi*done)) / 2
}

// DecayAt is the decay of the averaged weights at a step, counted from 0: it starts
// at 0 and warms up as step/(step+9), so that the first weights are soon forgotten.
func (c Config) DecayAt(step int) float64 {
	return min(c.EMA, float64(step)/float64(step+9))
}
