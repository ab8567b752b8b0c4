package metric_test

import (
	"errors"
	"math"
	"testing"

	"drift"
	"drift/metric"
)

// gaussian is the exact denoiser of N(0, s²·I): Alpha·s²/(Alpha²·s² + Sigma²)·x, times
// a factor that makes it wrong on purpose.
func gaussian(s, factor float64) drift.Denoiser {
	return drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
		gain := at.Alpha * s * s / (at.Alpha*at.Alpha*s*s + at.Sigma*at.Sigma)
		for i, v := range x.Data {
			dst.Data[i] = factor * gain * v
		}
		return nil
	})
}

// TestErrorLevels checks ends, spacing and curve.
func TestErrorLevels(t *testing.T) {
	for _, p := range drift.Processes() {
		levels := metric.ErrorLevels(p)
		if len(levels) != 20 {
			t.Fatalf("%s: found %d levels, expected 20", p.Name, len(levels))
		}
		if r := levels[0].Ratio(); !(math.Abs(r-0.05) <= 1e-12) {
			t.Errorf("%s: found the first ratio %v, expected 0.05", p.Name, r)
		}
		most := min(20, p.Last().Ratio()) // what the process has
		if r := levels[19].Ratio(); !(math.Abs(r-most) <= 1e-9) {
			t.Errorf("%s: found the last ratio %v, expected %v", p.Name, r, most)
		}
		step := math.Log(most/0.05) / 19
		for i, at := range levels {
			if i > 0 && !(math.Abs(levels[i-1].Lambda()-at.Lambda()-step) <= 1e-9) {
				t.Errorf("%s: found a step of %v at level %d, expected %v", p.Name, levels[i-1].Lambda()-at.Lambda(), i, step)
			}
			on := p.AtLambda(at.Lambda())
			if !(math.Abs(on.Alpha-at.Alpha)+math.Abs(on.Sigma-at.Sigma) <= 1e-9*(at.Alpha+at.Sigma)) {
				t.Errorf("%s: found %v, expected %v on the curve", p.Name, at, on)
			}
		}
	}
}

// TestDenoiserError uses N(0, s²), where all expectations are known. With total
// variance v = Alpha²·s² + Sigma² and D = Alpha·s²/v·x, a factor 1+e gives
//
//	E|D̂-D|² = e²·Alpha²·s⁴/v, E|x_0-D|² = s²·Sigma²/v, E|s|² = 1/v
//	denoiser error = e²·Alpha²·s²/Sigma², score error = (e·Alpha²·s²/Sigma²)².
//
// With n values each mean of squares of Gaussians is right to √(2/n) relative, so
// their ratio is right to 2·√(2/n) or better; five times that is allowed.
func TestDenoiserError(t *testing.T) {
	const n, dim, s, e = 20000, 3, 0.7, 0.1
	clean := moved(cloud(n, dim, 4), s, 0, 0, 0)
	tol := 5 * 2 * math.Sqrt(2.0/(n*dim))
	for _, p := range drift.Processes() {
		levels := metric.ErrorLevels(p)
		denoiser, score, per, err := metric.DenoiserError(gaussian(s, 1+e), gaussian(s, 1), clean, levels, 5)
		if err != nil {
			t.Fatal(err)
		}
		var sumD, sumS float64
		for i, at := range levels {
			snr := s * s / (at.Ratio() * at.Ratio())
			if want := e * e * snr; !(math.Abs(per[i].Denoiser/want-1) <= tol) {
				t.Errorf("%s at %v: found denoiser error %v, expected %v", p.Name, at, per[i].Denoiser, want)
			}
			// ŝ - s = Alpha·(D̂-D)/Sigma² is a fixed multiple of s here, so the ratio is exact.
			if want := e * e * snr * snr; !(math.Abs(per[i].Score/want-1) <= 1e-9) {
				t.Errorf("%s at %v: found score error %v, expected %v", p.Name, at, per[i].Score, want)
			}
			if per[i].Level != at {
				t.Errorf("%s: found level %v in entry %d, expected %v", p.Name, per[i].Level, i, at)
			}
			sumD += per[i].Denoiser
			sumS += per[i].Score
		}
		if !(math.Abs(denoiser-sumD/20) <= 1e-12*sumD) || !(math.Abs(score-sumS/20) <= 1e-12*sumS) {
			t.Errorf("%s: found means %v and %v, expected %v and %v", p.Name, denoiser, score, sumD/20, sumS/20)
		}
	}
}

func TestDenoiserErrorOfItself(t *testing.T) {
	p := drift.Processes()[0]
	d, s, _, err := metric.DenoiserError(gaussian(1, 1), gaussian(1, 1), cloud(10, 2, 0), metric.ErrorLevels(p), 0)
	if d != 0 || s != 0 || err != nil {
		t.Errorf("found %v, %v, %v, expected 0, 0 and no error", d, s, err)
	}
}

func TestDenoiserErrorRefuses(t *testing.T) {
	good, levels, clean := gaussian(1, 1), metric.ErrorLevels(drift.Processes()[0]), cloud(10, 2, 0)
	broken := errors.New("broken")
	bad := drift.DenoiserFunc(func(_, _ *drift.Batch, _ drift.Level) error { return broken })
	call := func(learned, exact drift.Denoiser, clean *drift.Batch, levels []drift.Level) error {
		_, _, _, err := metric.DenoiserError(learned, exact, clean, levels, 0)
		return err
	}
	for name, err := range map[string]error{
		"no samples": call(good, good, drift.NewBatch(0, 2), levels),
		"no levels":  call(good, good, clean, nil),
		"clean":      call(good, good, clean, []drift.Level{drift.Clean}),
		"no level":   call(good, good, clean, []drift.Level{{}}),
	} {
		if err == nil {
			t.Errorf("%s: found no error", name)
		}
	}
	if err := call(bad, good, clean, levels); !errors.Is(err, broken) {
		t.Errorf("learned fails: found %v", err)
	}
	if err := call(good, bad, clean, levels); !errors.Is(err, broken) {
		t.Errorf("exact fails: found %v", err)
	}
}
