package distil

import (
	"math"
	"math/bits"

	"drift"
	"drift/nn"
	"drift/train"
)

// Goal is what a student learns: that a jump over an even number of the grid's levels
// ends where two of its own, of half the length, would end; that one over a single level
// ends where its teacher's step ends; and that one of no length has the teacher's answer
// (Frans et al. 2024, arXiv:2410.12557, eq. 4, with a trained teacher for the shortest
// jumps; Boffi et al. 2025, arXiv:2505.18825: progressive self-distillation of a flow
// map). No gradient passes through what it is to answer, so none of second order is
// needed.
type Goal struct {
	process  drift.Process
	teacher  *nn.Model
	guidance float64
	seed     uint64

	levels []drift.Level // shortest jumps lead from one to the next
	halves []drift.Level // those and one between any two
	index  map[drift.Level]int
}

// New makes a goal whose shortest jumps are n from noise to data, a power of two. The
// student learns the teacher's answers with guidance of a weight, 1 for none: later it
// needs no second question. The teacher is asked for a class or with a picture at most;
// numbers that it may know of are not told.
func New(p drift.Process, teacher *nn.Model, guidance float64, n int, seed uint64) (*Goal, error) {
	if err := CheckJumps(n); err != nil {
		return nil, err
	}
	levels, err := Levels(p, n)
	if err != nil {
		return nil, err
	}
	halves, err := Levels(p, 2*n)
	if err != nil {
		return nil, err
	}
	g := &Goal{process: p, teacher: teacher, guidance: guidance, seed: seed, levels: levels, halves: halves, index: map[drift.Level]int{}}
	for i, at := range levels {
		g.index[at] = i
	}
	return g, nil
}

// Numbers implements [train.Goal].
func (g *Goal) Numbers() int { return Numbers }

// length is how many levels the jump of draw number k passes: 0, 1, 2, 4 … equally often.
func (g *Goal) length(k int) int {
	n := len(g.levels) - 1
	return 1 << drift.Rand(g.seed, "distil", uint64(k)).IntN(1+bits.Len(uint(n))) >> 1
}

// Level implements [train.Goal]: jumps begin where a walk of jumps of their length would
// have one, and those of no length anywhere.
func (g *Goal) Level(k int, u float64) drift.Level {
	length := g.length(k)
	if length == 0 {
		at := g.process.At(u)
		if at.Ratio() < cleanest {
			at = g.process.AtLambda(-math.Log(cleanest))
		}
		return at
	}
	return g.levels[int(u*float64((len(g.levels)-1)/length))*length]
}

// cleanest is the smallest Sigma/Alpha at which the teacher's own answers are learned.
const cleanest = 0.002

// Aim implements [train.Goal].
func (g *Goal) Aim(l train.Lesson, student *nn.Model) error {
	var still, short, long part
	for i, at := range l.Levels {
		from, length := g.index[at], g.length(l.First+i)
		switch length {
		case 0:
			still.add(i, at, at, at)
		case 1:
			short.add(i, at, g.halves[2*from+1], g.levels[from+1])
		default:
			long.add(i, at, g.levels[from+length/2], g.levels[from+length])
		}
	}
	for _, p := range []struct {
		part
		do func(train.Lesson, part, *nn.Model) (*drift.Batch, error)
	}{{still, g.copy}, {short, g.follow}, {long, g.bootstrap}} {
		if len(p.rows) == 0 {
			continue
		}
		clean, err := p.do(l, p.part, student)
		if err != nil {
			return err
		}
		for k, i := range p.rows {
			copy(l.Clean.Row(i), clean.Row(k))
			describe(l.Numbers.Row(i), p.to[k])
		}
	}
	return nil
}

// copy asks for the teacher's own answers.
func (g *Goal) copy(l train.Lesson, p part, _ *nn.Model) (*drift.Batch, error) {
	x, c := p.of(l)
	return g.teach(x, c, p.from)
}

// follow asks for what the teacher makes of a jump: its answer halfway (the midpoint
// rule, as in Lu et al. 2022, arXiv:2206.00927, algorithm 1).
func (g *Goal) follow(l train.Lesson, p part, _ *nn.Model) (*drift.Batch, error) {
	x, c := p.of(l)
	clean, err := g.teach(x, c, p.from)
	if err != nil {
		return nil, err
	}
	return g.teach(land(x, clean, p.from, p.middle), c, p.middle)
}

// teach is the teacher's guided answer.
func (g *Goal) teach(x *drift.Batch, c nn.Condition, at []drift.Level) (*drift.Batch, error) {
	each := func(c nn.Condition) drift.Denoiser {
		return drift.DenoiserFunc(func(dst, x *drift.Batch, _ drift.Level) error { return g.teacher.DenoiseEach(dst, x, c, at) })
	}
	clean := x.Like()
	guided := drift.Guided(each(c), each(nn.Condition{Pictures: c.Pictures}), g.guidance)
	return clean, guided.Denoise(clean, x, drift.Level{}) // each sample's level is bound
}

// bootstrap asks for what two jumps of the student lead to.
func (g *Goal) bootstrap(l train.Lesson, p part, student *nn.Model) (*drift.Batch, error) {
	x, c := p.of(l)
	c.Vectors = drift.NewBatch(x.N, Numbers)
	y := x
	for _, leg := range [][2][]drift.Level{{p.from, p.middle}, {p.middle, p.to}} {
		for k, to := range leg[1] {
			describe(c.Vectors.Row(k), to)
		}
		clean := y.Like()
		if err := student.DenoiseEach(clean, y, c, leg[0]); err != nil {
			return nil, err
		}
		y = land(y, clean, leg[0], leg[1])
	}
	clean := x.Like()
	for k := range x.N {
		answer(clean.Row(k), x.Row(k), y.Row(k), p.from[k], p.to[k])
	}
	return clean, nil
}

// part is some samples of a lesson and their jumps.
type part struct {
	rows             []int
	from, middle, to []drift.Level
}

func (p *part) add(row int, from, middle, to drift.Level) {
	p.rows = append(p.rows, row)
	p.from, p.middle, p.to = append(p.from, from), append(p.middle, middle), append(p.to, to)
}

// of takes the part's samples out of a lesson.
func (p part) of(l train.Lesson) (x *drift.Batch, c nn.Condition) {
	x = drift.NewBatch(len(p.rows), l.X.Shape...)
	if l.Condition.Labels != nil {
		c.Labels = make([]int, len(p.rows))
	}
	if q := l.Condition.Pictures; q != nil {
		c.Pictures = drift.NewBatch(len(p.rows), q.Shape...)
	}
	for k, i := range p.rows {
		copy(x.Row(k), l.X.Row(i))
		if c.Labels != nil {
			c.Labels[k] = l.Condition.Labels[i]
		}
		if c.Pictures != nil {
			copy(c.Pictures.Row(k), l.Condition.Pictures.Row(i))
		}
	}
	return x, c
}
