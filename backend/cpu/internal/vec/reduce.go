package vec

import "math"

// Sum adds in a fixed order: element i goes to lane i mod 64, in order of i, and the
// lanes j and j+32 are added, then j and j+16, and so on down to one. The sum of
// nothing is 0.
func Sum(x []float32) float32 { return active.sum(x) }

// Dot is the sum of x[i]·y[i] over x, each product rounded, in the order of [Sum].
func Dot(x, y []float32) float32 { return active.dot(x, y[:len(x)]) }

// Max1 is the greatest element, NaN if any is, and -Inf of nothing.
func Max1(x []float32) float32 { return active.max1(x) }

// Min1 is the least element, NaN if any is, and +Inf of nothing.
func Min1(x []float32) float32 { return active.min1(x) }

// SumRows adds the n rows of x, a matrix of the given width, to dst: dst[j] += x[i·width+j]
// in order of i, so that rows may come in any number of calls.
func SumRows(dst, x []float32, n, width int) {
	active.sumRows(dst[:width], x[:n*width], n, width)
}

// SumWithin writes the [Sum] of each row of the given width: dst[i] = Σ_j x[i·width+j].
func SumWithin(dst, x []float32, width int) {
	active.sumWithin(dst, x[:len(dst)*width], width)
}

// Softmax writes e^(x - max x)/Σ e^(x - max x) for each row of the given width. A row
// with a NaN or a +Inf, or of -Inf alone, is NaN.
func Softmax(dst, x []float32, width int) {
	for i := 0; width > 0 && i+width <= len(dst); i += width {
		row := dst[i : i+width]
		active.expSub(row, x[i:i+width], Max1(x[i:i+width]))
		Map2S(Mul, row, row, 1/Sum(row))
	}
}

// SoftmaxGrad writes the gradient of [Softmax] with respect to its input, for each row
// of the given width: dx = y·(dy - Σ y·dy), where y is its output and dy the gradient of that.
func SoftmaxGrad(dx, y, dy []float32, width int) {
	for i := 0; width > 0 && i+width <= len(dx); i += width {
		y, dy := y[i:i+width], dy[i:i+width]
		active.mulSub(dx[i:i+width], y, dy, Dot(y, dy))
	}
}

// AdamCoefficients are the numbers of a step of [Adam], in GoMLX's terms.
type AdamCoefficients struct {
	LearningRate     float32
	Beta1, Beta2     float32 // decay of the moments
	Rest1, Rest2     float32 // 1 - Beta1, 1 - Beta2
	Debias1, Debias2 float32 // 1/(1 - Beta1^t), 1/(1 - Beta2^t) at step t ≥ 1
	Epsilon          float32
	WeightDecay      float32 // of AdamW; 0 for Adam
}

// NewAdamCoefficients derives the coefficients of step t ≥ 1 in float32, as GoMLX's graph does.
func NewAdamCoefficients(learningRate, beta1, beta2, epsilon, weightDecay float32, t float32) AdamCoefficients {
	debias := func(beta float32) float32 { return 1 / (1 - float32(math.Pow(float64(beta), float64(t)))) }
	return AdamCoefficients{learningRate, beta1, beta2, 1 - beta1, 1 - beta2, debias(beta1), debias(beta2), epsilon, weightDecay}
}

// Adam takes one step (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1; the weight
// decay of Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101), rounded op by op in the order in
// which GoMLX writes it:
//
//	m     = Beta1·m + Rest1·grad
//	v     = Beta2·v + Rest2·grad²
//	step  = LearningRate·(m·Debias1)/(√(v·Debias2) + Epsilon) [+ LearningRate·(param·WeightDecay)]
//	param = param - step
//
// The term in brackets is there only if WeightDecay is above 0.
func Adam(param, m, v, grad []float32, c AdamCoefficients) {
	n := len(param)
	active.adam(param, m[:n], v[:n], grad[:n], c)
}
