// Package loops reads the Go that the assembly replaces, for the comments of its stubs:
// they show what the tests hold the assembly against, and cannot fall behind it.
package loops

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"maps"
	"os"
	"slices"
	"strings"
)

// Source is the Go files of a package. A file that cannot be read, or a function that is
// not there, ends the program, as all it is for is to generate.
type Source struct {
	files *token.FileSet
	text  map[string]string // of each file
	decls map[string]ast.Node
	shown map[string]string // the stub that shows a function
}

// Read reads files, which are as gofmt leaves them.
func Read(files ...string) *Source {
	s := &Source{files: token.NewFileSet(), text: map[string]string{}, decls: map[string]ast.Node{}, shown: map[string]string{}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		parsed, err := parser.ParseFile(s.files, file, text, parser.SkipObjectResolution)
		if err != nil {
			log.Fatal(err)
		}
		s.text[file] = string(text)
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				s.decls[n.Name.Name] = n
			case *ast.ValueSpec:
				s.decls[n.Names[0].Name] = n
			}
			return true
		})
	}
	return s
}

// Text is the source of a node.
func (s *Source) Text(n ast.Node) string {
	from, to := s.files.Position(n.Pos()), s.files.Position(n.End())
	return s.text[from.Filename][from.Offset:to.Offset]
}

// Decl is a function or a variable of a package.
func (s *Source) Decl(name string) ast.Node {
	d := s.decls[name]
	if d == nil {
		log.Fatalf("loops: no file has %s", name)
	}
	return d
}

// Func is a function.
func (s *Source) Func(name string) *ast.FuncDecl {
	f, ok := s.Decl(name).(*ast.FuncDecl)
	if !ok {
		log.Fatalf("loops: %s is no function", name)
	}
	return f
}

// Body is what stands between the braces of a function, indented as little as can be.
func (s *Source) Body(body *ast.BlockStmt) string {
	lines := strings.Split(strings.Trim(strings.Trim(s.Text(body), "{}"), "\n"), "\n")
	rest := strings.TrimLeft(lines[0], "\t")
	indent := lines[0][:len(lines[0])-len(rest)]
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(line, indent), "\t")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// Doc is the comment of a stub that replaces a loop: a sentence, the loop and the functions
// that do its work. What another stub shows already is named alone.
func (s *Source) Doc(stub, sentence, loop string, helpers ...string) []string {
	if at := s.shown[loop]; at != "" {
		return []string{sentence + " Its loop is at " + at + "."}
	}
	s.shown[loop] = stub
	text, elsewhere := []string{s.Body(s.Func(loop).Body)}, map[string][]string{}
	for _, name := range helpers {
		f := s.Func(name)
		if at := s.shown[name]; at != "" {
			elsewhere[at] = append(elsewhere[at], name)
			continue
		}
		s.shown[name] = stub
		text = append(text, s.Text(f))
	}
	doc := append([]string{sentence}, Block(strings.Join(text, "\n\n"))...)
	for _, at := range slices.Sorted(maps.Keys(elsewhere)) {
		names := elsewhere[at]
		verb := " is shown at "
		if len(names) > 1 {
			names, verb = []string{strings.Join(names[:len(names)-1], ", "), names[len(names)-1]}, " are shown at "
		}
		doc = append(doc, strings.Join(names, " and ")+verb+at+".")
	}
	return doc
}

// Block is code as lines of a comment, with an empty one before and after.
func Block(code string) []string {
	lines := []string{""}
	for line := range strings.SplitSeq(code, "\n") {
		if line != "" {
			line = "\t" + line
		}
		lines = append(lines, line)
	}
	return append(lines, "")
}
