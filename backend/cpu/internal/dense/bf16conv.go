package dense

// This file says which products and convolutions are done in bfloat16, and as what.

// bf16 says that the convolution may and can be done in bfloat16, and gains from it.
func (c Conv) bf16() bool {
	return c.BF16 && c.StrideH == 1 && c.StrideW == 1 && min(c.In, c.Out) >= bf16Least && c.N*c.H*c.W*c.OutH()*c.OutW() > 0 &&
		(!c.fast() || bf16s().Gain > fastGain)
}

func (c Conv) bf16Forward() bf16Gather {
	return bf16Gather{grid: c.grid(), groups: 1, in: c.In, out: c.Out, bk: c.Out, bn: 1}
}

func (c Conv) bf16GradInput() bf16Gather {
	return bf16Gather{
		grid: grid{
			images: c.N, srcH: c.OutH(), srcW: c.OutW(), dstH: c.H, dstW: c.W, kh: c.KH, kw: c.KW, tapH: c.DilationH, tapW: c.DilationW,
			firstH: c.PadTop - (c.KH-1)*c.DilationH, firstW: c.PadLeft - (c.KW-1)*c.DilationW,
		},
		groups: 1, in: c.Out, out: c.In, turned: true, bk: 1, bn: c.Out,
	}
}

func (c Conv) bf16GradKernel() bf16Outer {
	return bf16Outer{grid: c.grid(), groups: 1, in: c.In, out: c.Out}
}

func (c Conv) grid() grid {
	return grid{
		images: c.N, srcH: c.H, srcW: c.W, dstH: c.OutH(), dstW: c.OutW(), kh: c.KH, kw: c.KW, tapH: c.DilationH, tapW: c.DilationW,
		firstH: -c.PadTop, firstW: -c.PadLeft,
	}
}

// bf16 says that the product may and can be done in bfloat16, and gains from it. Rows or
// columns may be the samples of a batch, so that it does not ask how many those are.
func (p Product) bf16() bool {
	return p.BF16 && !p.Accumulate && !(p.TransA && p.TransB) && p.K >= bf16Least && p.Batch*p.M*p.N > 0
}

// grid sees rows, of A or where they are summed, as an image one pixel high.
func (p Product) grid(rows int) grid {
	return grid{images: 1, srcH: 1, srcW: rows, dstH: 1, dstW: rows, kh: 1, kw: 1, tapH: 1, tapW: 1}
}

func (p Product) bf16Gather() bf16Gather {
	g := bf16Gather{grid: p.grid(p.M), groups: p.Batch, in: p.K, out: p.N, bk: p.N, bn: 1}
	if p.TransB {
		g.bk, g.bn = 1, p.K
	}
	return g
}

func (p Product) bf16Outer() bf16Outer {
	return bf16Outer{grid: p.grid(p.K), groups: p.Batch, in: p.M, out: p.N}
}
