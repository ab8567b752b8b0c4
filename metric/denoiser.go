package metric

import (
	"fmt"
	"math"

	"drift"
)

// LevelError is how far a learned denoiser is from the exact one at one level.
type LevelError struct {
	Level    drift.Level
	Denoiser float64 // E|D̂ - D|² / E|x_0 - D|²
	Score    float64 // E|ŝ - s|² / E|s|²
}

// ErrorLevels are the 20 levels at which denoisers are compared: on the curve of p,
// uniform in log-SNR, with Sigma/Alpha from 0.05 to 20, less noisy ones first. A
// process that ends with less noise than that is asked about no more than it has.
func ErrorLevels(p drift.Process) []drift.Level {
	const n, least = 20, 0.05
	most := min(20, p.Last().Ratio())
	levels := make([]drift.Level, n)
	for i := range levels {
		share := float64(i) / (n - 1)
		levels[i] = p.AtLambda(-math.Log(least)*(1-share) - math.Log(most)*share)
	}
	return levels
}

// DenoiserError compares a learned denoiser with the exact one on clean samples
// that are diffused with fresh noise, keyed by (seed, sample, level). With D the
// exact answer and D̂ the learned one, the error at a level is
//
//	E|D̂ - D|² / E|x_0 - D|²:
//
// what learning missed, in units of what nobody can know; E|D̂ - x_0|² is their sum
// 1 + error times the uncertainty. By Tweedie's formula s = (Alpha·D - x)/Sigma², so
// the error of the score, relative to its size, follows from the same answers:
//
//	E|ŝ - s|² / E|s|² = Alpha²·E|D̂ - D|² / E|Alpha·D - x|².
//
// denoiser and score are the means over the levels, and perLevel has one entry for
// each. Labels are bound in both denoisers, one for each clean sample. Levels must
// have Sigma above 0.
func DenoiserError(learned, exact drift.Denoiser, clean *drift.Batch, levels []drift.Level, seed uint64) (denoiser, score float64, perLevel []LevelError, err error) {
	err = answers(clean, levels, seed, []drift.Denoiser{exact, learned}, func(at drift.Level, x *drift.Batch, d []*drift.Batch) {
		e := levelError(at, clean, x, d[0], d[1])
		denoiser += e.Denoiser / float64(len(levels))
		score += e.Score / float64(len(levels))
		perLevel = append(perLevel, e)
	})
	if err != nil {
		return 0, 0, nil, fmt.Errorf("denoiser error: %w", err)
	}
	return denoiser, score, perLevel, nil
}

// answers diffuses the clean samples to each level in turn, asks every denoiser about
// the same diffused samples x, and shows what each said.
func answers(clean *drift.Batch, levels []drift.Level, seed uint64, denoisers []drift.Denoiser, show func(at drift.Level, x *drift.Batch, answers []*drift.Batch)) error {
	if clean.N == 0 || len(levels) == 0 {
		return fmt.Errorf("found %d samples and %d levels, expected at least 1 of each", clean.N, len(levels))
	}
	noise := drift.NewNoise(seed, "metric: diffused samples", 0)
	x := clean.Like()
	said := make([]*drift.Batch, len(denoisers))
	for i := range said {
		said[i] = clean.Like()
	}
	for _, at := range levels {
		if err := at.Valid(); err != nil {
			return err
		}
		if at.Sigma == 0 {
			return fmt.Errorf("found level %v, expected Sigma > 0", at)
		}
		noise.Normal(x)
		for i, v := range clean.Data {
			x.Data[i] = at.Alpha*v + at.Sigma*x.Data[i]
		}
		for i, d := range denoisers {
			if err := d.Denoise(said[i], x, at); err != nil {
				return fmt.Errorf("at level %v: %w", at, err)
			}
		}
		show(at, x, said)
	}
	return nil
}

// levelError sums up one level: clean data, diffused x, exact and learned answers.
func levelError(at drift.Level, clean, x, truth, answer *drift.Batch) LevelError {
	var missed, unknown, slope float64
	for i, d := range truth.Data {
		miss, left, pull := answer.Data[i]-d, clean.Data[i]-d, at.Alpha*d-x.Data[i]
		missed += miss * miss
		unknown += left * left
		slope += pull * pull
	}
	return LevelError{Level: at, Denoiser: share(missed, unknown), Score: share(at.Alpha*at.Alpha*missed, slope)}
}

// share is part/whole, where nothing of nothing is 0.
func share(part, whole float64) float64 {
	if part == 0 {
		return 0
	}
	return part / whole
}
