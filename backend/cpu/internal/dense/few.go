package dense

import (
	"drift/backend/cpu/internal/pool"
)

// Convolutions to very few channels, as the last of a network has them, would leave
// most of a tile unused.
const fewChannels = 4

// few says that the channels on one side are so few, and those on the other so many,
// that the convolution is better off as in this file, and that rows are not too long.
func (c Conv) few(few, many int) bool {
	row := 4 * max(c.W, c.OutW()) * c.KH * c.KW * few * ((c.KH-1)*c.DilationH + 1)
	return few <= fewChannels && many >= 4*few && c.KH*c.KW > 1 && c.StrideH == 1 && c.StrideW == 1 && row <= 4*foldBytes
}

// fold is a convolution to few channels, without strides: each pixel of the source is
// multiplied with all taps at once, which are columns of one product, and each pixel of
// the result adds up the columns of those that it sees, tap by tap.
type fold struct {
	images, in, out        int
	srcH, srcW, dstH, dstW int
	kh, kw                 int
	firstH, firstW         int  // the pixel of the source that pixel (0, 0) sees first
	stepH, stepW           int  // from tap to tap
	gradient               bool // with a kernel that is turned round and whose channels are swapped
}

func (c Conv) foldForward() fold {
	return fold{
		images: c.N, in: c.In, out: c.Out, srcH: c.H, srcW: c.W, dstH: c.OutH(), dstW: c.OutW(), kh: c.KH, kw: c.KW,
		firstH: -c.PadTop, firstW: -c.PadLeft, stepH: c.DilationH, stepW: c.DilationW,
	}
}

func (c Conv) foldGradInput() fold {
	return fold{
		images: c.N, in: c.Out, out: c.In, srcH: c.OutH(), srcW: c.OutW(), dstH: c.H, dstW: c.W, kh: c.KH, kw: c.KW,
		firstH: c.PadTop - (c.KH-1)*c.DilationH, firstW: c.PadLeft - (c.KW-1)*c.DilationW, stepH: c.DilationH, stepW: c.DilationW,
		gradient: true,
	}
}

const (
	foldBytes = 256 << 10 // of a band's products: they stay in the second cache
	foldParts = 16
)

func (f *fold) columns() int { return f.kh * f.kw * f.out }

// band is how many rows of the result are computed at once, from at most so many of the
// source, and how many bands an image has.
func (f *fold) band() (rows, source, bands int) {
	around := (f.kh - 1) * f.stepH
	rows = min(max(foldBytes/4/(f.srcW*f.columns())-around, around, 1), f.dstH)
	return rows, min(rows+around, f.srcH), ceil(f.dstH, rows)
}

func (f *fold) parts() int {
	_, _, bands := f.band()
	return min(f.images*bands, foldParts)
}

// product multiplies so many rows of the source with the kernel.
func (f *fold) product(rows int) Product {
	return Product{Batch: 1, M: rows * f.srcW, N: f.columns(), K: f.in}
}

func (f *fold) scratch() int {
	_, source, _ := f.band()
	most := 0
	for rows := range source + 1 { // a band at the edge sees fewer, which may be cut into more parts
		g := f.product(rows).gather()
		most = max(most, g.workspace(1))
	}
	return align(f.product(source).M*f.columns()) + align(most)
}

func (f *fold) empty() bool { return f.images*f.dstH*f.dstW*f.srcH*f.srcW*f.in*f.out == 0 }

func (f *fold) workspace() int {
	if f.empty() {
		return 0
	}
	return alignment + align(f.in*f.columns()) + f.parts()*f.scratch()
}

func (f *fold) run(pl *pool.Pool, work, c, a, b []float32) {
	if f.empty() {
		clear(c[:f.images*f.dstH*f.dstW*f.out])
		return
	}
	r := folds.Get().(*folding)
	r.fold = *f
	r.c, r.a = c, a
	r.kernel, r.work = cut(aligned(work), f.in*f.columns())
	r.layOut(b)
	pl.Run(f.parts(), r.runPart)
	r.c, r.a, r.kernel, r.work = nil, nil, nil, nil
	folds.Put(r)
}

// folding is a fold under way.
type folding struct {
	fold
	c, a, kernel, work []float32
	runPart            func(part, worker int)
}

// alone is a pool of no threads but the caller's.
var alone pool.Pool

var folds = reuse(func(r *folding) { r.runPart = r.part })

// layOut lays the kernel's taps side by side: row k has the weights of channel k of the
// source, tap by tap.
func (r *folding) layOut(b []float32) {
	n, taps := r.columns(), r.kh*r.kw
	for tap := range taps {
		for k := range r.in {
			for j := range r.out {
				from := (tap*r.in+k)*r.out + j
				if r.gradient {
					from = ((taps-1-tap)*r.out+j)*r.in + k
				}
				r.kernel[k*n+tap*r.out+j] = b[from]
			}
		}
	}
}

// part computes some bands.
func (r *folding) part(i, worker int) {
	_, _, bands := r.band()
	all, parts := r.images*bands, r.parts()
	for j := i * all / parts; j < (i+1)*all/parts; j++ {
		r.computeBand(j/bands, j%bands, r.work[worker*r.scratch():])
	}
}

func (r *folding) computeBand(image, band int, work []float32) {
	rows, most, _ := r.band()
	begin, end := band*rows, min((band+1)*rows, r.dstH)
	// The rows of the source that these see.
	low := min(max(begin+r.firstH, 0), r.srcH)
	high := max(min(end+r.firstH+(r.kh-1)*r.stepH, r.srcH), low)
	products, rest := cut(work, r.product(most).M*r.columns())
	if high > low {
		g := r.product(high - low).gather()
		g.run(&alone, rest, products, r.a[(image*r.srcH+low)*r.srcW*r.in:][:(high-low)*r.srcW*r.in], r.kernel)
	}
	for h := begin; h < end; h++ {
		to := r.c[(image*r.dstH+h)*r.dstW*r.out:][:r.dstW*r.out]
		clear(to)
		for th := range r.kh {
			if at := h + r.firstH + th*r.stepH; at >= low && at < high {
				r.addRow(to, products[(at-low)*r.srcW*r.columns():][:r.srcW*r.columns()], th)
			}
		}
	}
}

// addRow adds what a row of the result sees of one row of the source, under a row of
// taps.
func (r *folding) addRow(to, products []float32, th int) {
	n := r.columns()
	for tw := range r.kw {
		first := r.firstW + tw*r.stepW
		begin, end := max(0, -first), min(r.dstW, r.srcW-first)
		column := (th*r.kw + tw) * r.out
		for w := begin; w < end; w++ {
			y := to[w*r.out:][:r.out]
			for j, v := range products[(w+first)*n+column:][:len(y)] {
				y[j] += v
			}
		}
	}
}

// turned is the convolution whose kernel gradient is that of c with the channels
// swapped and the taps turned round: dy takes the place of x, and x that of dy.
func (c Conv) turned() Conv {
	t := c
	t.H, t.W, t.In, t.Out = c.OutH(), c.OutW(), c.Out, c.In
	aroundH, aroundW := (c.KH-1)*c.DilationH, (c.KW-1)*c.DilationW
	t.PadTop, t.PadLeft = aroundH-c.PadTop, aroundW-c.PadLeft
	t.PadBottom, t.PadRight = c.H+aroundH-t.H-t.PadTop, c.W+aroundW-t.W-t.PadLeft
	return t
}

func (c Conv) turnedWorkspace() int {
	o := c.turned().gradKernel()
	return alignment + align(c.KH*c.KW*c.In*c.Out) + o.workspace()
}

// gradKernelTurned is GradKernel by way of the convolution turned.
func (c Conv) gradKernelTurned(pl *pool.Pool, work, dw, x, dy []float32) {
	t, taps := c.turned(), c.KH*c.KW
	o := t.gradKernel()
	swapped, rest := cut(aligned(work), taps*c.In*c.Out)
	o.run(pl, rest, swapped, dy, x)
	for tap := range taps {
		for i := range c.In {
			for j := range c.Out {
				dw[(tap*c.In+i)*c.Out+j] = swapped[((taps-1-tap)*c.Out+j)*c.In+i]
			}
		}
	}
}
