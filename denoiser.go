package drift

import "fmt"

// Denoiser answers the one question that every solver asks: given diffused
// samples, what clean samples are to be expected?
//
// Denoise writes E[x_0 | x_t = x] into dst, which has the shape of x and does not
// overlap it, and leaves x as it is. It must write all of dst, and keep neither. A walk asks it
// from one goroutine at a time; who asks from several needs one that allows it. Class labels and other conditions are bound when a Denoiser is made,
// one for each sample. Networks, closed forms, guidance and imported models are
// all Denoisers.
type Denoiser interface {
	Denoise(dst, x *Batch, at Level) error
}

// DenoiserFunc makes a Denoiser of a function.
type DenoiserFunc func(dst, x *Batch, at Level) error

// Denoise calls f.
func (f DenoiserFunc) Denoise(dst, x *Batch, at Level) error { return f(dst, x, at) }

// Score writes the slope of the log density of diffused samples, ∇ log p_t(x), as
// Tweedie's formula has it: (Alpha·D(x) - x)/Sigma² (Efron 2011, eq. 2.8;
// Vincent 2011). Sigma must be above 0.
func Score(dst *Batch, d Denoiser, x *Batch, at Level) error {
	if !(at.Sigma > 0) {
		return fmt.Errorf("score: found level %v, expected Sigma > 0", at)
	}
	if err := d.Denoise(dst, x, at); err != nil {
		return err
	}
	for i, v := range x.Data {
		dst.Data[i] = (at.Alpha*dst.Data[i] - v) / (at.Sigma * at.Sigma)
	}
	return nil
}
