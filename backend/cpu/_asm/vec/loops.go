package main

import (
	"go/ast"
	"go/parser"
	"log"
	"slices"
	"strings"

	"drift/backend/cpu/_asm/loops"
)

// source is what the kernels replace.
var source = loops.Read("../internal/vec/vec_go.go")

// is comments on a kernel that is a function of the file, which calls helpers.
func is(loop string, helpers ...string) []string { return source.Doc("", "", loop, helpers...) }

// loop is the Go loop of f. An operation of the tables has the loop that function portable
// makes of it, with what the tables say of one element in it.
func (f mapping) loop() string {
	place := f.place()
	table, op, found := strings.Cut(strings.TrimSuffix(place, "]"), "[")
	if !found {
		return source.Body(source.Func(f.name + "Go").Body)
	}
	var loop *ast.BlockStmt
	ast.Inspect(source.Func("portable"), func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == 1 && source.Text(a.Lhs[0]) == "k."+table+"[op]" {
			loop = a.Rhs[0].(*ast.FuncLit).Body
		}
		return true
	})
	if loop == nil {
		log.Fatalf("vec: portable has no loop of %s", table)
	}
	scalars := "scalar2"
	if table == "map1" {
		scalars = "scalar1"
	}
	return call(source.Body(loop), element(scalars, op))
}

// element is what a table says of an operation.
func element(table, op string) string {
	for _, e := range source.Decl(table).(*ast.ValueSpec).Values[0].(*ast.CompositeLit).Elts {
		if e := e.(*ast.KeyValueExpr); source.Text(e.Key) == op {
			return source.Text(e.Value)
		}
	}
	log.Fatalf("vec: %s has no %s", table, op)
	return ""
}

// call replaces the call of f in a loop by what f returns. A function of several statements
// is put before the loop.
func call(loop, f string) string {
	from := strings.Index(loop, "f(")
	to := from + strings.LastIndex(loop[from:], ")") + 1 // the line ends there
	if e := inline(expr(loop[from:to]).(*ast.CallExpr), f, loop[from:to]); e != "" {
		return loop[:from] + e + loop[to:]
	}
	lines := strings.Split(f, "\n") // as deep as in the table
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "\t")
	}
	return "f := " + strings.Join(lines, "\n") + "\n" + loop
}

// inline is the one expression that f returns for the arguments of a call, or nothing.
func inline(c *ast.CallExpr, f, text string) string {
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		args[i] = text[a.Pos()-1 : a.End()-1]
	}
	var t *ast.FuncType
	var body *ast.BlockStmt
	switch e := expr(f).(type) {
	case *ast.FuncLit:
		t, body = e.Type, e.Body
	case *ast.Ident: // a function of the file
		return inline(c, "func"+strings.TrimPrefix(source.Text(source.Func(e.Name)), "func "+e.Name), text)
	case *ast.CallExpr: // a function that returns one, as in64(math.Exp)
		made := e.Fun.(*ast.Ident).Name
		return inline(c, inline(e, made, f), text)
	}
	if len(body.List) != 1 {
		return ""
	}
	result := body.List[0].(*ast.ReturnStmt).Results[0]
	with := map[string]string{}
	for _, field := range t.Params.List {
		for _, name := range field.Names {
			with[name.Name] = args[len(with)]
		}
	}
	return replace(f[result.Pos()-1:result.End()-1], with)
}

// replace puts other expressions where names stand.
func replace(text string, with map[string]string) string {
	var names []*ast.Ident
	ast.Inspect(expr(text), func(n ast.Node) bool {
		if name, ok := n.(*ast.Ident); ok && with[name.Name] != "" {
			names = append(names, name)
		}
		return true
	})
	for _, name := range slices.Backward(names) {
		text = text[:name.Pos()-1] + with[name.Name] + text[name.End()-1:]
	}
	return text
}

func expr(text string) ast.Expr {
	e, err := parser.ParseExpr(text)
	if err != nil {
		log.Fatal(err)
	}
	return e
}
