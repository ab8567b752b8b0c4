// Package ir is the intermediate form of a computation: a graph of operations in
// the order in which they were built, and the passes that make it smaller before
// it is lowered. It knows nothing of how operations are carried out.
package ir

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// Value is one output of a node.
type Value struct {
	Node  *Node
	Out   int // which of the node's outputs
	Shape shapes.Shape
}

// Node is one operation.
type Node struct {
	ID   int // position in the graph
	Op   compute.OpType
	In   []*Value
	Out  []*Value
	Attr any // of the types in attr.go for operations with attributes; else nil

	// Build repeats the operation on another backend's function, for inputs given in
	// the order of In.
	Build func(f compute.Function, in []compute.Value) ([]compute.Value, error)
}

// Graph is a computation: parameters go in, results come out. Every node stands
// behind the nodes of its inputs.
type Graph struct {
	Name    string
	Nodes   []*Node
	Params  []*Value
	Results []*Value
}

// Add appends a node whose outputs have the given shapes.
func (g *Graph) Add(op compute.OpType, attr any, in []*Value, out ...shapes.Shape) *Node {
	n := NewNode(op, attr, in, out...)
	n.ID = len(g.Nodes)
	g.Nodes = append(g.Nodes, n)
	return n
}

// NewNode is a node that stands in no graph yet.
func NewNode(op compute.OpType, attr any, in []*Value, out ...shapes.Shape) *Node {
	n := &Node{Op: op, Attr: attr, In: in}
	for i, s := range out {
		n.Out = append(n.Out, &Value{Node: n, Out: i, Shape: s})
	}
	return n
}

// Prune drops every node whose outputs nobody uses, and numbers the rest. Parameters
// stay.
func (g *Graph) Prune() {
	used := map[*Node]bool{}
	for _, v := range g.Results {
		used[v.Node] = true
	}
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		if n.Op == compute.OpTypeParameter {
			used[n] = true
		}
		if used[n] {
			for _, v := range n.In {
				used[v.Node] = true
			}
		}
	}
	kept := g.Nodes[:0]
	for _, n := range g.Nodes {
		if used[n] {
			n.ID = len(kept)
			kept = append(kept, n)
		}
	}
	clear(g.Nodes[len(kept):])
	g.Nodes = kept
}

// Uses counts how often each value is an input of a node or a result.
func (g *Graph) Uses() map[*Value]int {
	uses := map[*Value]int{}
	for _, n := range g.Nodes {
		for _, v := range n.In {
			uses[v]++
		}
	}
	for _, v := range g.Results {
		uses[v]++
	}
	return uses
}
