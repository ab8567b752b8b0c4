package ir

import (
	"fmt"
	"reflect"
	"strings"
)

// String lists the graph, a node a line, for people and for tests.
func (g *Graph) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "graph %s\n", g.Name)
	for _, n := range g.Nodes {
		fmt.Fprintf(&s, "  %s\n", n)
	}
	fmt.Fprintf(&s, "  return %s\n", list(g.Results))
	return s.String()
}

// String is such as "%3 = Add(%1, %2) [] : (Float32)[2 3]".
func (n *Node) String() string {
	var shapes []string
	for _, v := range n.Out {
		shapes = append(shapes, v.Shape.String())
	}
	return fmt.Sprintf("%s = %s(%s)%s : %s", list(n.Out), n.Kind(), list(n.In), attributes(n.Attr), strings.Join(shapes, ", "))
}

// Kind is the name of the operation.
func (n *Node) Kind() string {
	if name := loweredNames[n.Op]; name != "" {
		return name
	}
	return n.Op.String()
}

// String is such as %3, or %3.1 for the second output of a node.
func (v *Value) String() string {
	if v.Out > 0 {
		return fmt.Sprintf("%%%d.%d", v.Node.ID, v.Out)
	}
	return fmt.Sprintf("%%%d", v.Node.ID)
}

func list(values []*Value) string {
	var s []string
	for _, v := range values {
		s = append(s, v.String())
	}
	return strings.Join(s, ", ")
}

// attributes writes attributes, and of a constant its first values.
func attributes(attr any) string {
	switch a := attr.(type) {
	case nil:
		return ""
	case Constant:
		flat := reflect.ValueOf(a.Flat)
		if flat.Len() > 4 {
			return fmt.Sprintf(" %v…", flat.Slice(0, 4))
		}
		return fmt.Sprintf(" %v", flat)
	}
	return fmt.Sprintf(" %+v", attr)
}
