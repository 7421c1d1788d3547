// Package candidate loads what is judged: a folder with somebody's cache,
// counter and worker pool. It takes the regular Go files of the three packages
// and nothing else, never writes to the folder, never runs anything, and
// compares what it took with the contract (docs/contract.md): the files, the
// imports, the directives and the API. Everything that differs is a finding.
package candidate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"racebench"
	"racebench/internal/result"
)

// Candidate is a set of replacements for the three components.
type Candidate struct {
	// Name is the last element of the folder's path, or "built-in".
	Name string
	// Dir is the folder as it was named, empty for the built-in components.
	Dir     string
	Builtin bool
	// Prefix is what stands between Dir and a source's path: empty, or
	// "internal/" for a folder with internal/cache and so on.
	Prefix string
	// Sources are the files that were taken, keyed like "cache/cache.go".
	Sources map[string][]byte
	// Hash is the SHA-256 of names and texts of the sources, in hexadecimal.
	Hash string
	// Findings are the differences from the contract that can be seen without
	// running anything, in a stable order.
	Findings []result.Finding
	// Unjudgeable says why the candidate cannot be judged, in one sentence, if
	// there is any finding; otherwise it is empty.
	Unjudgeable string
	// Notes are sentences about what was left out.
	Notes []string
}

// Load reads the candidate in dir. The error is about a folder that cannot be
// read at all; whatever is wrong with the candidate itself is in its Findings. Sources
// that are not trusted are for package apart: these may take all memory there is.
func Load(dir string) (*Candidate, error) {
	c, err := Read(dir)
	if err == nil {
		c.Examine()
	}
	return c, err
}

// Read takes the sources in dir, and looks at nothing but what kind of files they
// are and how large. It takes as long as they are large; Examine may take longer.
func Read(dir string) (*Candidate, error) {
	c := &Candidate{Dir: dir, Name: name(dir)}
	if err := c.read(dir); err != nil {
		return nil, err
	}
	return c, nil
}

// Exhausting records that the candidate's sources could not be examined with the
// memory and in the time that there is for that, which is their fault.
func (c *Candidate) Exhausting(how string) {
	c.Hash = hash(c.Sources)
	c.add(result.Hostile, "", result.Position{}, "exhausting", how+", many times what any fix needs")
	c.conclude()
}

// FromSources is the candidate made of the given files, keyed like
// "cache/cache.go", as if Load had found them in a folder.
func FromSources(name string, sources map[string][]byte) *Candidate {
	c := &Candidate{Name: name, Sources: maps.Clone(sources)}
	for _, component := range result.Components() {
		c.checkPresent(component)
	}
	c.Examine()
	return c
}

// Builtin is the built-in components as a candidate. It is not compared with
// the contract again: they are what the tests of this package compare.
func Builtin() *Candidate {
	c := &Candidate{Name: "built-in", Builtin: true, Sources: make(map[string][]byte)}
	for _, component := range result.Components() {
		files, err := racebench.PackageSources("internal/" + string(component))
		if err != nil {
			// The sources are part of the binary; there is nothing to handle.
			panic(err)
		}
		for base, text := range files {
			c.Sources[path.Join(string(component), base)] = text
		}
	}
	c.Hash = hash(c.Sources)
	return c
}

// Description is the candidate as a Result records it.
func (c *Candidate) Description() result.Candidate {
	return result.Candidate{
		Name: c.Name, Dir: c.Dir, Builtin: c.Builtin, Prefix: c.Prefix, Hash: c.Hash,
		Unjudgeable: c.Unjudgeable, Notes: c.Notes,
	}
}

// name is the last element of a path that may be "." or "..".
func name(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	return filepath.Base(abs)
}

// hash is independent of the order of the map.
func hash(sources map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		fmt.Fprintf(h, "%q %d\n", name, len(sources[name]))
		h.Write(sources[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// source is one file that was taken.
type source struct {
	name      string // "cache/cache.go"
	component result.Component
	text      []byte
	file      *ast.File // nil if it does not parse
}

// Examine makes the findings about the sources.
func (c *Candidate) Examine() {
	c.Hash = hash(c.Sources)
	fset := token.NewFileSet()
	parsed := make(map[result.Component][]*source)
	broken := make(map[result.Component]bool)
	for _, name := range slices.Sorted(maps.Keys(c.Sources)) {
		component, _, _ := strings.Cut(name, "/")
		s := &source{name: name, component: result.Component(component), text: c.Sources[name]}
		if c.checkText(s) {
			broken[s.component] = true
			continue
		}
		file, err := parser.ParseFile(fset, name, s.text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			c.syntaxError(s, err)
			broken[s.component] = true
			if file == nil {
				continue
			}
		}
		s.file = file
		parsed[s.component] = append(parsed[s.component], s)
	}
	for _, component := range result.Components() {
		sources := parsed[component]
		for _, s := range sources {
			c.checkPackageClause(fset, s)
			c.checkDirectives(fset, s)
			c.checkImports(fset, s)
		}
		bomb := c.checkSize(fset, sources) || c.checkGrowth(fset, sources)
		if broken[component] || bomb || len(sources) == 0 {
			continue
		}
		pkg := typeCheck(fset, sources)
		c.checkSymbols(fset, sources, pkg.info)
		c.checkTampering(fset, sources, pkg)
		c.checkStackReading(fset, sources, pkg.info)
		c.checkAPI(fset, component, sources, pkg)
	}
	c.conclude()
}

// syntaxError reports at most three errors of one file: one missing brace makes
// many.
func (c *Candidate) syntaxError(s *source, err error) {
	list, ok := err.(scanner.ErrorList)
	if !ok {
		c.add(result.Build, s.component, at(s.name, 0, 0), "syntax", err.Error())
		return
	}
	for _, e := range list[:min(len(list), 3)] {
		c.add(result.Build, s.component, at(s.name, e.Pos.Line, e.Pos.Column), "syntax", "syntax error: "+e.Msg)
	}
}

// checkPackageClause wants the package's name to be that of its folder.
func (c *Candidate) checkPackageClause(fset *token.FileSet, s *source) {
	if got := s.file.Name.Name; got != string(s.component) && got != "" {
		f := c.add(result.API, s.component, position(fset, s, s.file.Name.Pos()), "package",
			fmt.Sprintf("the package is named %s, want %s", got, s.component))
		f.Expected, f.Observed = "package "+string(s.component), "package "+got
	}
}

// at is a place in a source.
func at(file string, line, column int) result.Position {
	return result.Position{File: file, Line: line, Column: column}
}

// position is the true place of pos, whatever a line directive claims.
func position(fset *token.FileSet, s *source, pos token.Pos) result.Position {
	p := fset.PositionFor(pos, false)
	return at(s.name, p.Line, p.Column)
}

// add records a finding. What tells it from others of its kind; the message is
// completed with the position.
func (c *Candidate) add(kind result.Kind, component result.Component, where result.Position, what, message string) *result.Finding {
	place := where.File
	if where.Line > 0 {
		place = fmt.Sprintf("%s:%d", where.File, where.Line)
	}
	if place != "" {
		message = place + ": " + message
	}
	f := result.Finding{
		ID:        fmt.Sprintf("%s/%s/%s", kind, what, place),
		Kind:      kind,
		Origin:    result.FromCandidate,
		Severity:  result.Error,
		Component: component,
		Message:   message,
		Confirmed: true,
	}
	if where.File != "" {
		f.Positions = []result.Position{where}
	}
	c.Findings = append(c.Findings, f)
	return &c.Findings[len(c.Findings)-1]
}

// conclude sorts the findings and sums them up: tricks first, because they are
// what a reader of one line has to know.
func (c *Candidate) conclude() {
	rank := map[result.Kind]int{result.Hostile: 0, result.API: 1, result.Build: 2}
	slices.SortStableFunc(c.Findings, func(a, b result.Finding) int {
		var pa, pb result.Position
		if len(a.Positions) > 0 {
			pa = a.Positions[0]
		}
		if len(b.Positions) > 0 {
			pb = b.Positions[0]
		}
		return cmp.Or(
			cmp.Compare(rank[a.Kind], rank[b.Kind]),
			cmp.Compare(slices.Index(result.Components(), a.Component), slices.Index(result.Components(), b.Component)),
			cmp.Compare(pa.File, pb.File), cmp.Compare(pa.Line, pb.Line), cmp.Compare(pa.Column, pb.Column),
		)
	})
	c.Findings = slices.CompactFunc(c.Findings, func(a, b result.Finding) bool { return a.Message == b.Message })
	if len(c.Findings) == 0 {
		return
	}
	const most = 3
	var reasons []string
	for _, f := range c.Findings[:min(len(c.Findings), most)] {
		reasons = append(reasons, f.Message)
	}
	c.Unjudgeable = strings.Join(reasons, "; ")
	if more := len(c.Findings) - most; more > 0 {
		c.Unjudgeable += fmt.Sprintf("; and %d more", more)
	}
}
