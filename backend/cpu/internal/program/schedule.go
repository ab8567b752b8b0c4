package program

import (
	"container/heap"

	"drift/backend/cpu/internal/ir"
)

// schedule orders units so that each stands behind those it reads from, and
// otherwise as their first nodes were built, which keeps the lives of values short.
func schedule(l *lowered, units []*unit) []*unit {
	maker := map[*ir.Node]*unit{}
	for _, u := range units {
		for _, n := range u.nodes {
			maker[n] = u
		}
	}
	waits := map[*unit]int{}
	next := map[*unit][]*unit{}
	for _, u := range units {
		for _, from := range sources(l, u, maker) {
			waits[u]++
			next[from] = append(next[from], u)
		}
	}
	ready := &queue{}
	for _, u := range units {
		if waits[u] == 0 {
			heap.Push(ready, u)
		}
	}
	var order []*unit
	for ready.Len() > 0 {
		u := heap.Pop(ready).(*unit)
		order = append(order, u)
		for _, v := range next[u] {
			if waits[v]--; waits[v] == 0 {
				heap.Push(ready, v)
			}
		}
	}
	return order
}

// sources are the other units whose outputs a unit reads, each once.
func sources(l *lowered, u *unit, maker map[*ir.Node]*unit) []*unit {
	var all []*unit
	seen := map[*unit]bool{u: true, nil: true}
	for _, n := range u.nodes {
		for _, v := range n.In {
			if from := maker[l.refs[v].root.Node]; !seen[from] {
				seen[from] = true
				all = append(all, from)
			}
		}
	}
	return all
}

// queue is a heap of units by their last node, whose inputs were all there.
type queue []*unit

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].last() < q[j].last() }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(*unit)) }
func (q *queue) Pop() any {
	old := *q
	u := old[len(old)-1]
	*q = old[:len(old)-1]
	return u
}

func (u *unit) last() int { return u.nodes[len(u.nodes)-1].ID }
