package vec

// Sum adds in a fixed order: element i goes to lane i mod 64, in order of i, and the
// lanes j and j+32 are added, then j and j+16, and so on down to one. The sum of
// nothing is 0.
func Sum(x []float32) float32 { return active.sum(x) }

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
