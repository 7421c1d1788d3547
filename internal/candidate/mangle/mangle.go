// Package mangle rewrites a candidate so that it looks different and means the
// same: helpers are extracted, unexported names replaced, declarations
// reordered. A judge that changes its mind about a mangled candidate judged the
// looks. "racebench selftest --mangle" puts the corpus through it.
package mangle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"racebench/internal/build"
)

// Package mangles the files of one package, keyed by file name. The same files
// and seed give the same result. A package that does not type-check with the
// standard library alone is returned as it is: hostile and broken candidates
// are judged by other things than their looks. An error is racebench's: no
// toolchain, or a rewriting that broke the package.
func Package(files map[string][]byte, seed uint64) (map[string][]byte, error) {
	imp, err := standard()
	if err != nil {
		return nil, err
	}
	if _, err := load(imp, files); err != nil {
		return maps.Clone(files), nil
	}
	h := fnv.New64a()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, _ = h.Write([]byte(name))
	}
	r := rand.New(rand.NewPCG(seed, h.Sum64()))
	out := files
	for _, step := range []struct {
		name string
		do   func(*pkg, *rand.Rand) map[string][]byte
	}{{"extract", extract}, {"rename", rename}, {"reorder", reorder}} {
		p, err := load(imp, out)
		if err != nil {
			return nil, fmt.Errorf("mangle: %w", err)
		}
		out = step.do(p, r)
		if _, err := load(imp, out); err != nil {
			return nil, fmt.Errorf("mangle: after %s: %w", step.name, err)
		}
	}
	return out, nil
}

// pkg is a type-checked package.
type pkg struct {
	fset  *token.FileSet
	names []string // of the files, sorted
	files []*ast.File
	texts map[string][]byte
	types *types.Package
	info  *types.Info
}

func load(imp types.Importer, texts map[string][]byte) (*pkg, error) {
	p := &pkg{
		fset: token.NewFileSet(), texts: texts, names: slices.Sorted(maps.Keys(texts)),
		info: &types.Info{
			Defs:       make(map[*ast.Ident]types.Object),
			Uses:       make(map[*ast.Ident]types.Object),
			Types:      make(map[ast.Expr]types.TypeAndValue),
			Selections: make(map[*ast.SelectorExpr]*types.Selection),
		},
	}
	for _, name := range p.names {
		file, err := parser.ParseFile(p.fset, name, texts[name], parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, file)
	}
	var err error
	config := types.Config{Importer: imp, GoVersion: "go1.25"}
	p.types, err = config.Check("candidate", p.fset, p.files, p.info)
	return p, err
}

func (p *pkg) offset(pos token.Pos) int { return p.fset.PositionFor(pos, false).Offset }

// text is the source of a node of the file called name.
func (p *pkg) text(name string, n ast.Node) string {
	return string(p.texts[name][p.offset(n.Pos()):p.offset(n.End())])
}

// standard imports what the contract allows.
var standard = sync.OnceValues(func() (types.Importer, error) {
	tc, err := build.Detect(context.Background())
	if err != nil {
		return nil, fmt.Errorf("mangle: %w", err)
	}
	b, err := build.NewBuilder(tc, build.Options{Sources: map[string][]byte{}})
	if err != nil {
		return nil, fmt.Errorf("mangle: %w", err)
	}
	imp, err := b.Importer(context.Background(), strings.Fields(`cmp container/heap container/list container/ring context
		errors fmt hash/maphash iter maps math math/bits math/rand/v2 slices sort strconv strings sync sync/atomic time
		runtime runtime/debug`)...)
	if err != nil {
		return nil, fmt.Errorf("mangle: %w", err)
	}
	return &locked{imp: imp}, nil
})

// locked makes an importer safe for concurrent use.
type locked struct {
	mu  sync.Mutex
	imp types.Importer
}

// Import implements types.Importer.
func (l *locked) Import(path string) (*types.Package, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if path == "unsafe" || path == "C" {
		return nil, errors.New("not allowed")
	}
	return l.imp.Import(path)
}

// edit replaces text[from:to].
type edit struct {
	from, to int
	text     string
}

// apply makes edits that do not overlap.
func apply(text []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(out, text[at:e.from]...)
		out = append(out, e.text...)
		at = e.to
	}
	return append(out, text[at:]...)
}
