package program

import (
	"drift/backend/cpu/internal/dense"
	"drift/backend/cpu/internal/ir"
	"drift/backend/cpu/internal/vec"
)

// productStep is a batch of matrix products.
type productStep struct {
	dense.Product
	out, a, b, work spot
}

func (c *compiler) product(n *ir.Node, p planned) (planned, maker, error) {
	s := &productStep{Product: n.Attr.(product).Product}
	s.BF16 = c.options.BF16
	var work *slot
	p.work, p.workspace = 4*s.Workspace(), &work
	return p, func(of map[*ir.Value]*slot) step {
		s.out, s.a, s.b, s.work = c.in(n.Out[0], of), c.in(n.In[0], of), c.in(n.In[1], of), scratch(work)
		return s
	}, nil
}

func (s *productStep) run(r *run) error {
	out := r.floats(s.out)
	if len(out) == 0 {
		return nil
	}
	if s.K == 0 {
		clear(out)
		return nil
	}
	s.Run(r.program.pool, r.floats(s.work), out, r.floats(s.a), r.floats(s.b))
	return nil
}

// convStep is a convolution or one of its gradients.
type convStep struct {
	conv
	out, a, b, work spot
}

func (c *compiler) conv(n *ir.Node, p planned) (planned, maker, error) {
	s := &convStep{conv: n.Attr.(conv)}
	s.form.BF16 = c.options.BF16
	var work *slot
	switch s.way {
	case forward:
		p.work = 4 * s.form.ForwardWorkspace()
	case gradInput:
		p.work = 4 * s.form.GradInputWorkspace()
	case gradKernel:
		p.work = 4 * s.form.GradKernelWorkspace()
	}
	p.workspace = &work
	return p, func(of map[*ir.Value]*slot) step {
		s.out, s.a, s.b, s.work = c.in(n.Out[0], of), c.in(n.In[0], of), c.in(n.In[1], of), scratch(work)
		return s
	}, nil
}

func (s *convStep) run(r *run) error {
	pool, work, out, a, b := r.program.pool, r.floats(s.work), r.floats(s.out), r.floats(s.a), r.floats(s.b)
	switch s.way {
	case forward:
		s.form.Forward(pool, work, out, a, b)
	case gradInput:
		s.form.GradInput(pool, work, out, a, b)
	case gradKernel:
		s.form.GradKernel(pool, work, out, a, b)
	}
	return nil
}

// scratch is all of a workspace, which may be missing.
func scratch(work *slot) spot {
	if work == nil {
		return spot{}
	}
	return spot{work.id, 0, work.bytes / 4}
}

// softmaxStep is a softmax along the last axis.
type softmaxStep struct {
	width   int
	out, in spot
}

func (c *compiler) softmax(n *ir.Node, p planned) (planned, maker, error) {
	dims := n.In[0].Shape.Dimensions
	s := &softmaxStep{width: dims[len(dims)-1]}
	return p, func(of map[*ir.Value]*slot) step {
		s.out, s.in = c.in(n.Out[0], of), c.in(n.In[0], of)
		return s
	}, nil
}

func (s *softmaxStep) run(r *run) error {
	if s.out.n > 0 {
		rows, per := s.rows()
		r.share(s, (rows+per-1)/per)
	}
	return nil
}

// rows are how many there are, and how many are a part.
func (s *softmaxStep) rows() (all, part int) {
	return s.in.n / s.width, max(1, chunkSize/4/s.width)
}

func (s *softmaxStep) part(r *run, i int) {
	rows, per := s.rows()
	lo, hi := i*per*s.width, min(rows, (i+1)*per)*s.width
	vec.Softmax(r.floats(s.out)[lo:hi], r.floats(s.in)[lo:hi], s.width)
}
