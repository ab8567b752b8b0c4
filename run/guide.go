package run

import (
	"fmt"
	"math"
	"slices"

	"drift"
	"drift/nn"
)

// checkGuidance names what makes no sense in how a request leads its walk.
func (m *Model) checkGuidance(r Request) error {
	d := m.Manifest.Data
	guided := r.Guidance != 1
	switch {
	case math.IsNaN(r.Guidance) || math.Abs(r.Guidance) > 1000:
		return fmt.Errorf("guidance: found %v, expected -1000 to 1000", r.Guidance)
	case guided && r.Worse == nil && len(d.Classes) == 0 && d.Numbers == nil:
		return fmt.Errorf("guidance: found %v, expected 1: the run has no classes or numbers to be guided to", r.Guidance)
	case !(r.GuidanceFrom >= 0) || !(r.GuidanceTo >= 0) || r.GuidanceTo > 0 && r.GuidanceFrom >= r.GuidanceTo:
		return fmt.Errorf("guidance: found an interval from %v to %v, expected Sigma/Alpha that rises from at least 0", r.GuidanceFrom, r.GuidanceTo)
	case !(r.GuidanceRescale >= 0) || r.GuidanceRescale > 1:
		return fmt.Errorf("guidance: found a rescaled share of %v, expected 0 to 1", r.GuidanceRescale)
	case !guided && (r.GuidanceFrom > 0 || r.GuidanceTo > 0 || r.GuidanceRescale > 0 || r.Worse != nil):
		return fmt.Errorf("guidance: found an interval, a share to rescale or a worse model, but weight 1, which is no guidance: expected another weight")
	case !(r.DynamicThreshold >= 0) || r.DynamicThreshold > 1:
		return fmt.Errorf("dynamic threshold: found %v, expected a share above 0 and at most 1, or 0 for none", r.DynamicThreshold)
	case r.DynamicThreshold > 0 && r.Clip == nil && !d.Image():
		return fmt.Errorf("dynamic threshold: found no bounds to clip to, expected the lowest and highest value: only pictures have a range of their own")
	}
	if err := checkClip(r.Clip); err != nil {
		return err
	}
	if r.Worse == nil {
		return nil
	}
	if r.Worse.Manifest.Jumps > 0 {
		return fmt.Errorf("autoguidance: found a distilled run, whose answers are jumps, expected one that was trained on data alone")
	}
	other := r.Worse.Manifest.Data
	if !slices.Equal(other.Shape, d.Shape) || !slices.Equal(other.Classes, d.Classes) ||
		!slices.Equal(other.Scale.Mean, d.Scale.Mean) || !slices.Equal(other.Scale.Std, d.Scale.Std) {
		return fmt.Errorf("autoguidance: found a model of other data (%s, shape %v, %d classes), expected one of the same (%s, shape %v, %d classes)",
			other.Name, other.Shape, len(other.Classes), d.Name, d.Shape, len(d.Classes))
	}
	return nil
}

func checkClip(clip []float64) error {
	if clip != nil && (len(clip) != 2 || !(clip[0] < clip[1]) || math.IsInf(clip[1]-clip[0], 0)) {
		return fmt.Errorf("clip: found %v, expected the lowest and a higher highest value", clip)
	}
	return nil
}

// led is the denoiser that a request walks with: guided first, then held within
// bounds. The condition is bound, one a sample; levels are those of the walk.
func (m *Model) led(r Request, known nn.Condition, levels []drift.Level) drift.Denoiser {
	d := m.walking(known, levels)
	if r.Guidance != 1 {
		away := m.walking(nn.Condition{Pictures: known.Pictures}, levels)
		if r.Worse != nil {
			away = r.Worse.walking(known, levels)
		}
		guided := drift.Guided(d, away, r.Guidance)
		if r.GuidanceRescale > 0 {
			guided = drift.GuidedRescaled(d, away, r.Guidance, r.GuidanceRescale)
		}
		to := r.GuidanceTo
		if to == 0 {
			to = math.Inf(1)
		}
		d = drift.Within(guided, d, r.GuidanceFrom, to)
	}
	bounds := r.Clip
	if bounds == nil && r.DynamicThreshold > 0 {
		bounds = m.Manifest.Data.Range
	}
	if bounds == nil {
		return d
	}
	held := drift.Clipped(d, -1, 1)
	if r.DynamicThreshold > 0 {
		held = drift.DynamicallyClipped(d, r.DynamicThreshold, 1)
	}
	return m.bounded(held, bounds[0], bounds[1])
}

// bounded lets a denoiser's bounds hold answers that they see with lo to hi, in the
// user's units, as -1 to 1: thresholding is meant for values around 0 (Saharia et al.
// 2022, arXiv:2205.11487, section 2.3), and standardised data have another middle.
func (m *Model) bounded(d drift.Held, lo, hi float64) drift.Held {
	scale, middle, half := m.Manifest.Data.Scale, lo+(hi-lo)/2, (hi-lo)/2
	return drift.Held{Free: d.Free, Hold: func(answer *drift.Batch) {
		user := scale.Restore(answer)
		for i, v := range user.Data {
			user.Data[i] = (v - middle) / half
		}
		d.Hold(user)
		for i, v := range user.Data {
			user.Data[i] = middle + half*v
		}
		copy(answer.Data, scale.Standardise(user).Data)
	}}
}
