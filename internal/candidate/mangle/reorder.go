package mangle

import (
	"bytes"
	"go/ast"
	"go/token"
	"math/rand/v2"
)

// reorder shuffles the functions and types of each file. Variables and init
// functions keep their order among each other, which is the order in which they
// are initialised; constants stay as well. A comment goes with the declaration
// that it stands before.
func reorder(p *pkg, r *rand.Rand) map[string][]byte {
	out := make(map[string][]byte)
	for i, file := range p.files {
		out[p.names[i]] = p.reorderFile(file, p.texts[p.names[i]], r)
	}
	return out
}

func (p *pkg) reorderFile(file *ast.File, text []byte, r *rand.Rand) []byte {
	if len(file.Decls) == 0 {
		return text
	}
	// The text falls into a head, up to the end of the imports, and one chunk
	// for each declaration, up to the end of its last line.
	lineEnd := func(pos token.Pos) int {
		at := p.offset(pos)
		if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
			return at + n + 1
		}
		return len(text)
	}
	start := lineEnd(file.Name.End())
	var chunks [][]byte
	var movable []int
	for _, decl := range file.Decls {
		end := lineEnd(decl.End())
		if p.offset(decl.Pos()) < start {
			return text // Two declarations share a line.
		}
		if mayMove(decl) {
			movable = append(movable, len(chunks))
		}
		chunks = append(chunks, text[start:end])
		start = end
		for _, c := range file.Comments {
			if p.offset(c.Pos()) < end && end < p.offset(c.End()) {
				return text // A comment begins on the last line and goes on.
			}
		}
	}
	head, tail := text[:lineEnd(file.Name.End())], text[start:]
	order := r.Perm(len(movable))
	shuffled := append([][]byte(nil), chunks...)
	for i, j := range order {
		shuffled[movable[i]] = chunks[movable[j]]
	}
	out := bytes.Clone(head)
	for _, chunk := range shuffled {
		out = append(out, chunk...)
		if !bytes.HasSuffix(chunk, []byte("\n")) {
			out = append(out, '\n')
		}
	}
	return append(out, tail...)
}

// mayMove says whether the place of a declaration means nothing.
func mayMove(decl ast.Decl) bool {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		return d.Recv != nil || d.Name.Name != "init"
	case *ast.GenDecl:
		return d.Tok == token.TYPE
	}
	return false
}
