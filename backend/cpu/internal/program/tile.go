package program

// layout chooses tiles, such that what a block of elements shares need not be fetched
// again for the next, and chunks of tiles.
func (b *regionBuilder) layout(u *unit) {
	var group sinkGroup
	block, within := 1, b.n
	for _, n := range u.nodes {
		if !elementwise(n) {
			group, _ = group.with(formOf(n), b.n)
			block, within = group.line, group.chunk()
			b.chunk = within
		}
	}
	for _, n := range u.nodes {
		if !elementwise(n) {
			continue
		}
		for _, v := range n.In {
			r := b.readAs(v, n.Out[0].Shape.Dimensions)
			if b.inside[r.root] || r.single() || r.contiguous() {
				continue
			}
			if inner, outer, ok := shared(r.View); ok {
				if both, rest := lcm(block, inner), gcd(within, outer); both <= mostTile && rest%both == 0 {
					block, within = both, rest
				}
			}
		}
	}
	b.tile = block
	for k := mostTile / block; k > 1; k-- {
		if within%(block*k) == 0 {
			b.tile = block * k
			break
		}
	}
	if b.tile < mostTile/8 { // too small to pay: give sharing up
		b.tile = max(1, mostTile/max(1, group.line)) * max(1, group.line)
	}
	if b.chunk == 0 {
		b.chunk = b.tile * max(1, chunkSize/b.tile)
	}
}

// shared finds the innermost axis of a view along which nothing changes, but for one
// right at the end of short rows: elements repeat after inner of them, within outer.
func shared(v View) (inner, outer int, ok bool) {
	c := v.collapsed()
	inner = 1
	for i := len(c.Dims) - 1; i >= 0; i-- {
		outer = inner * c.Dims[i]
		if c.Strides[i] == 0 && outer >= mostTile/2 {
			return inner, outer, true
		}
		inner = outer
	}
	return 0, 0, false
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func lcm(a, b int) int { return a / gcd(a, b) * b }
