package drift

import (
	"math"
	"slices"
)

// Guided is classifier-free guidance: D = uncond + weight·(cond - uncond). Weight 1
// is the conditional denoiser, 0 the unconditional one, and more than 1 pushes
// towards the class (Ho & Salimans 2022, arXiv:2207.12598, eq. 6, whose w is weight - 1).
func Guided(cond, uncond Denoiser, weight float64) Denoiser {
	switch weight {
	case 0:
		return uncond
	case 1:
		return cond
	}
	return DenoiserFunc(func(dst, x *Batch, at Level) error {
		if err := cond.Denoise(dst, x, at); err != nil {
			return err
		}
		u := x.Like()
		if err := uncond.Denoise(u, x, at); err != nil {
			return err
		}
		for i, v := range u.Data {
			dst.Data[i] = v + weight*(dst.Data[i]-v)
		}
		return nil
	})
}

// GuidedWithin guides as [Guided] does where lo < Sigma/Alpha ≤ hi, and leaves the
// conditional denoiser alone elsewhere: with much noise guidance costs variety, and
// with little it does nothing (Kynkäänniemi et al. 2024, arXiv:2404.07724).
func GuidedWithin(cond, uncond Denoiser, weight, lo, hi float64) Denoiser {
	return Within(Guided(cond, uncond, weight), cond, lo, hi)
}

// Within asks inner where lo < Sigma/Alpha ≤ hi, and outer elsewhere.
func Within(inner, outer Denoiser, lo, hi float64) Denoiser {
	return DenoiserFunc(func(dst, x *Batch, at Level) error {
		if r := at.Ratio(); r > lo && r <= hi {
			return inner.Denoise(dst, x, at)
		}
		return outer.Denoise(dst, x, at)
	})
}

// Autoguided pushes away from a worse version of the same model, smaller or trained
// for less, which answers the same question (Karras et al. 2024, arXiv:2406.02507): [Guided] with the worse one where guidance has the unconditional one.
func Autoguided(good, bad Denoiser, weight float64) Denoiser { return Guided(good, bad, weight) }

// GuidedRescaled is [Guided] with the spread of each answer led back by share to
// that of the conditional one (Lin et al. 2023, arXiv:2305.08891, section 3.4): with
// std that over the values of one sample,
//
//	D = share·G·std(cond)/std(G) + (1-share)·G,   G the guided answer.
//
// An answer whose values are all equal stays as it is.
func GuidedRescaled(cond, uncond Denoiser, weight, share float64) Denoiser {
	return DenoiserFunc(func(dst, x *Batch, at Level) error {
		plain := x.Like()
		if err := cond.Denoise(plain, x, at); err != nil {
			return err
		}
		known := DenoiserFunc(func(dst, _ *Batch, _ Level) error { copy(dst.Data, plain.Data); return nil })
		if err := Guided(known, uncond, weight).Denoise(dst, x, at); err != nil {
			return err
		}
		for i := range dst.N {
			row := dst.Row(i)
			if is := spread(row); is > 0 {
				by := 1 + share*(spread(plain.Row(i))/is-1)
				for j := range row {
					row[j] *= by
				}
			}
		}
		return nil
	})
}

// spread is the standard deviation of values; 0 of equal ones, since it is taken of their
// distances to the first.
func spread(values []float64) float64 {
	n, mean, square := float64(len(values)), 0.0, 0.0
	for _, v := range values {
		mean += (v - values[0]) / n
	}
	for _, v := range values {
		off := v - values[0] - mean
		square += off * off / n
	}
	return math.Sqrt(square)
}

// Held is a denoiser whose answers are held within bounds.
type Held struct {
	Free Denoiser            // the same without bounds
	Hold func(answer *Batch) // holds an answer, in place
}

// Denoise implements [Denoiser].
func (h Held) Denoise(dst, x *Batch, at Level) error {
	err := h.Free.Denoise(dst, x, at)
	if err == nil {
		h.Hold(dst)
	}
	return err
}

// Clipped holds what d answers within [lo, hi], where the data are known to lie
// (Ho et al. 2020, arXiv:2006.11239, section 3.3; static thresholding of Saharia et
// al. 2022, arXiv:2205.11487, section 2.3).
func Clipped(d Denoiser, lo, hi float64) Held {
	return Held{d, func(answer *Batch) {
		for i, v := range answer.Data {
			answer.Data[i] = min(max(v, lo), hi)
		}
	}}
}

// DynamicallyClipped is dynamic thresholding (Saharia et al. 2022, arXiv:2205.11487,
// section 2.3) for data within [-limit, limit]: where the quantile at share of the
// sizes |D| in a sample is s > limit, values are held within [-s, s] and scaled by
// limit/s. It keeps strong guidance from saturating pictures.
func DynamicallyClipped(d Denoiser, share, limit float64) Held {
	return Held{d, func(answer *Batch) {
		for i := range answer.N {
			row := answer.Row(i)
			if s := sizeAt(row, share); s > limit {
				for j, v := range row {
					row[j] = min(max(v, -s), s) * limit / s
				}
			}
		}
	}}
}

// sizeAt is the quantile of |v|, linear between values.
func sizeAt(values []float64, share float64) float64 {
	sizes := make([]float64, len(values))
	for i, v := range values {
		sizes[i] = math.Abs(v)
	}
	slices.Sort(sizes)
	at := min(max(share, 0), 1) * float64(len(sizes)-1)
	i := int(at)
	next := min(i+1, len(sizes)-1)
	return sizes[i] + (at-float64(i))*(sizes[next]-sizes[i])
}
