package rules

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/gcexportdata"
)

// languageVersion is the Go version that candidates are written in, by the
// contract.
const languageVersion = "go1.25"

// program is what the analyzers see of one package.
type program struct {
	fset  *token.FileSet
	files []*ast.File
	pkg   *types.Package
	info  *types.Info
	sizes types.Sizes
	// sources are the file's contents by the name used in fset.
	sources map[string][]byte
}

// readDir reads the .go files of one package's folder, tests left out, by their
// slash-separated path from root. Only regular files are read.
func readDir(root, dir string) (map[string][]byte, error) {
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(dir)))
	if err != nil {
		return nil, err
	}
	sources := map[string][]byte{}
	for _, e := range entries {
		if !e.Type().IsRegular() || !isSource(e.Name()) {
			continue
		}
		name := path.Join(dir, e.Name())
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		sources[name] = data
	}
	return sources, nil
}

func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}

// parse parses the sources of one package in the order of their names.
func parse(fset *token.FileSet, sources map[string][]byte) ([]*ast.File, error) {
	var files []*ast.File
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		f, err := parser.ParseFile(fset, name, sources[name], parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("rules: parse: %w", err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, errors.New("rules: no Go files")
	}
	return files, nil
}

// check type-checks parsed files against the given importer.
func check(fset *token.FileSet, importPath string, files []*ast.File, imp types.Importer) (*types.Package, *types.Info, types.Sizes, error) {
	info := &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Instances:    map[*ast.Ident]types.Instance{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Implicits:    map[ast.Node]types.Object{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		Scopes:       map[ast.Node]*types.Scope{},
		FileVersions: map[*ast.File]string{},
	}
	sizes := types.SizesFor("gc", "amd64")
	conf := types.Config{Importer: imp, Sizes: sizes, GoVersion: languageVersion}
	pkg, err := conf.Check(importPath, fset, files, info)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("rules: type-check: %w", err)
	}
	return pkg, info, sizes, nil
}

// exports answers where a toolchain keeps the export data of the standard
// library. The toolchain is asked once for each package: it builds what its
// cache lacks, which takes seconds the first time on a machine.
type exports struct {
	mu    sync.Mutex
	known map[string]map[string]string // how the toolchain is asked to path to file
}

var stdExports exports

// lookup returns the files of the packages, and maybe of others. The map is not
// to be changed.
func (e *exports) lookup(ctx context.Context, goBin string, env, flags, imports []string) (map[string]string, error) {
	key := strings.Join(slices.Concat([]string{goBin}, flags, []string{""}, env), "\x00")
	e.mu.Lock()
	known := e.known[key]
	e.mu.Unlock()
	missing := slices.DeleteFunc(slices.Clone(imports), func(p string) bool { return known[p] != "" })
	if len(missing) == 0 {
		return known, nil
	}
	args := slices.Concat([]string{"list"}, flags, []string{"-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", "--"}, missing)
	cmd := exec.CommandContext(ctx, goBin, args...)
	// Outside of any module and with modules off, nothing that lies in the
	// candidate's folder (go.mod, go.work, vendor) has a say.
	cmd.Dir = os.TempDir()
	cmd.Env = append(slices.Clone(env), "GO111MODULE=off", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("rules: export data of the standard library: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	// A map that somebody else may be reading stays as it is.
	if known = maps.Clone(e.known[key]); known == nil {
		known = map[string]string{}
	}
	for line := range strings.Lines(string(out)) {
		p, file, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if ok && file != "" {
			known[p] = file
		}
	}
	if e.known == nil {
		e.known = map[string]map[string]string{}
	}
	e.known[key] = known
	return known, nil
}

// importer reads packages from export data files.
type importer struct {
	fset   *token.FileSet
	files  map[string]string
	loaded map[string]*types.Package
}

// Import implements types.Importer.
func (i importer) Import(importPath string) (*types.Package, error) {
	if importPath == "unsafe" {
		return types.Unsafe, nil
	}
	if p := i.loaded[importPath]; p != nil && p.Complete() {
		return p, nil
	}
	file, ok := i.files[importPath]
	if !ok {
		return nil, fmt.Errorf("no export data for %q", importPath)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	//lint:ignore SA1019 the go command of Go 1.26 hands out archives
	r, err := gcexportdata.NewReader(f)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return gcexportdata.Read(bytes.NewReader(data), i.fset, i.loaded, importPath)
}

// importsOf lists what the files import, sorted.
func importsOf(files []*ast.File) []string {
	set := map[string]bool{}
	for _, f := range files {
		for _, spec := range f.Imports {
			set[strings.Trim(spec.Path.Value, "`\"")] = true
		}
	}
	delete(set, "unsafe")
	return slices.Sorted(maps.Keys(set))
}
