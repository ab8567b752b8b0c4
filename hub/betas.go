package hub

import (
	"fmt"
	"math"
)

// maxTimes bounds the training steps of a schedule.
const maxTimes = 100_000

// lambdas reads the schedule of a scheduler: λ after each training step. Numbers are
// rounded to float32 where diffusers rounds them. tiny stands for a last Alpha² of 0 in
// schedulers that divide by it, or is 0.
func lambdas(s *settings, start, end float64, kinds []string, rescale bool, tiny float64) []float64 {
	n := get(s, "num_train_timesteps", 1000)
	kind := choice(s, "beta_schedule", "linear", kinds...)
	start, end = get(s, "beta_start", start), get(s, "beta_end", end)
	betas := get[[]float64](s, "trained_betas", nil)
	if betas != nil && n != len(betas) {
		s.fail("num_train_timesteps: found %d, expected %d, as many as trained_betas", n, len(betas))
		return nil
	}
	if n < 2 || n > maxTimes {
		s.fail("num_train_timesteps: found %d, expected 2 to %d", n, maxTimes)
		return nil
	}
	if betas == nil {
		betas = betasOf(kind, n, start, end)
	}
	alphas2, err := products(betas)
	if err != nil {
		s.fail("%v", err)
		return nil
	}
	if rescale {
		withoutSignal(alphas2)
		if tiny > 0 {
			alphas2[n-1] = tiny
		}
	}
	found := make([]float64, n)
	for i, a := range alphas2 {
		found[i] = 0.5 * (math.Log(a) - math.Log1p(-a))
	}
	return found
}

// betasOf is β of each of n steps (Ho et al. 2020, arXiv:2006.11239, section 4; Rombach
// et al. 2022, arXiv:2112.10752; Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 17; Xu et
// al. 2022, arXiv:2203.02923).
func betasOf(kind string, n int, start, end float64) []float64 {
	betas := make([]float64, n)
	for i := range betas {
		share := float64(i) / float64(n-1)
		switch kind {
		case "linear":
			betas[i] = start + share*(end-start)
		case "scaled_linear":
			a, b := math.Sqrt(start), math.Sqrt(end)
			betas[i] = math.Pow(a+share*(b-a), 2)
		case "sigmoid":
			betas[i] = start + (end-start)/(1+math.Exp(6-12*share))
		case "squaredcos_cap_v2":
			bar := func(t float64) float64 { return math.Pow(math.Cos((t+0.008)/1.008*math.Pi/2), 2) }
			betas[i] = min(1-bar(float64(i+1)/float64(n))/bar(float64(i)/float64(n)), 0.999)
		}
	}
	return betas
}

// products is Alpha² after each step: the product of 1 - β so far.
func products(betas []float64) ([]float64, error) {
	alphas2, product := make([]float64, len(betas)), 1.0
	for i, b := range betas {
		b = float64(float32(b))
		if !(b > 0) || b > 1 {
			return nil, fmt.Errorf("β of training step %d: found %v, expected above 0 and at most 1", i, b)
		}
		product *= float64(1 - float32(b))
		alphas2[i] = float64(float32(product))
	}
	return alphas2, nil
}

// withoutSignal shifts and scales Alpha so that the last is 0 and the first stays (Lin et
// al. 2023, arXiv:2305.08891, algorithm 1).
func withoutSignal(alphas2 []float64) {
	first, last := math.Sqrt(alphas2[0]), math.Sqrt(alphas2[len(alphas2)-1])
	for i, a := range alphas2 {
		alpha := (math.Sqrt(a) - last) * first / (first - last)
		alphas2[i] = float64(float32(alpha * alpha))
	}
}
