package program

import (
	"fmt"
	"strings"

	"drift/backend/cpu/internal/ir"
)

// Dump is told what each pass made of a graph, one after another, for people and for tests.
type Dump func(pass, text string)

// tell tells the result of a pass, if anybody listens.
func (d Dump) tell(pass string, what fmt.Stringer) {
	if d != nil {
		d(pass, what.String())
	}
}

// String lists the nodes, and of those that only read memory in another way, where.
func (l *lowered) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "graph %s\n", l.Name)
	for _, n := range l.Nodes {
		fmt.Fprintf(&s, "  %s", n)
		if r := l.refs[n.Out[0]]; r.root != n.Out[0] {
			fmt.Fprintf(&s, " reads %s", r)
		}
		s.WriteString("\n")
	}
	fmt.Fprintf(&s, "  return %v\n", l.Results)
	return s.String()
}

// String is such as "%3+4 by [8 1]": the memory, where the first element lies in it, and
// how far apart the elements along each axis are.
func (r ref) String() string {
	at := ""
	if r.Off != 0 {
		at = fmt.Sprintf("%+d", r.Off)
	}
	return fmt.Sprintf("%s%s by %v", r.root, at, r.Strides)
}

// divided are the units of a graph.
type divided []*unit

// String lists the units, those that become one region in brackets.
func (units divided) String() string {
	var s strings.Builder
	for i, u := range units {
		fmt.Fprintf(&s, "  %4d", i)
		var made []*ir.Value
		for _, n := range u.nodes {
			made = append(made, n.Out[0])
		}
		if u.fused {
			fmt.Fprintf(&s, " region %v\n", made)
		} else {
			fmt.Fprintf(&s, " %s %v\n", u.nodes[0].Kind(), made)
		}
	}
	return s.String()
}

// layout is where everything lies.
type layout struct {
	l     *lowered
	slots []*slot
	of    map[*ir.Value]*slot
	arena int
}

// String lists the slots: what they hold, in which bytes, and from which step to which.
func (p layout) String() string {
	holds := map[*slot]*ir.Value{}
	for _, n := range p.l.Nodes {
		for _, v := range n.Out {
			if s := p.of[v]; s != nil {
				holds[s] = v
			}
		}
	}
	var s strings.Builder
	fmt.Fprintf(&s, "arena of %d bytes\n", p.arena)
	for _, x := range p.slots {
		what := "scratch"
		if v := holds[x]; v != nil {
			what = v.String()
		}
		switch x.kind {
		case temporary:
			fmt.Fprintf(&s, "  %s: bytes %d to %d, in steps %d to %d", what, x.off, x.off+x.bytes, x.first, x.last)
		case parameter, result:
			fmt.Fprintf(&s, "  %s: %s %d", what, x.kind, x.index)
		default:
			fmt.Fprintf(&s, "  %s: %s", what, x.kind)
		}
		if x.inPlace != nil {
			fmt.Fprintf(&s, ", in place of %s", holds[x.inPlace])
		}
		s.WriteString("\n")
	}
	return s.String()
}

func (k slotKind) String() string {
	return [...]string{"parameter", "constant", "temporary", "result"}[k]
}

// String lists the steps, and of regions the instructions.
func (p *Program) String() string {
	var s strings.Builder
	for i, st := range p.steps {
		fmt.Fprintf(&s, "  %4d %s\n", i, p.costs[i].name)
		if r, ok := st.(*regionStep); ok {
			fmt.Fprintf(&s, "       %s", r.region)
		}
	}
	return s.String()
}
