// Package racebench holds the sources that a worker is built from, the corpus
// that the judge is judged by and the contract, embedded so that an installed racebench can do
// its work on a machine where its repository is not. It lies at the root because go:embed reaches
// neither "..", nor a folder with a go.mod.
package racebench

import (
	"embed"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"
)

// tree holds the packages that workers are made of; WorkerSources takes from it
// what a worker imports.
//
//go:embed internal/cache/*.go internal/counter/*.go internal/workerpool/*.go
//go:embed internal/model/*.go internal/noise/*.go internal/planted/*.go internal/protocol/*.go
//go:embed internal/scenarios/*.go internal/scenarios/harness/*.go internal/worker/*.go
//go:embed internal/scenarios/forcache/*.go internal/scenarios/forcache/direct/*.go internal/scenarios/forcounter/*.go internal/scenarios/forpool/*.go internal/scenarios/forpool/direct/*.go
var tree embed.FS

// corpus is the collection that the judge is judged by.
//
//go:embed testdata/corpus
var corpus embed.FS

// Corpus returns the folder that internal/corpus loads: fail, pass and hostile.
func Corpus() fs.FS {
	sub, err := fs.Sub(corpus, "testdata/corpus")
	if err != nil {
		panic("embed: " + err.Error()) // the path is a constant, and valid
	}
	return sub
}

//go:embed docs/contract.md
var contract string

// Contract returns the contract of the three components, docs/contract.md.
func Contract() string { return contract }

// Module is the module path of racebench, and of the modules that workers are
// built from.
const Module = "racebench"

// workerRoots are the packages whose imports decide what a worker is made of.
var workerRoots = []string{"internal/scenarios", "internal/worker"}

// WorkerSources returns the sources of the worker's loop and of the scenarios,
// with everything that they import of this module, by slash-separated path from
// the module's root, tests excluded. The built-in components are among them; a
// candidate's take their place. The map must not be changed.
func WorkerSources() (map[string][]byte, error) { return workerSources() }

var workerSources = sync.OnceValues(func() (map[string][]byte, error) {
	sources := make(map[string][]byte)
	seen := make(map[string]bool)
	var add func(dir string) error
	add = func(dir string) error {
		if seen[dir] {
			return nil
		}
		seen[dir] = true
		files, err := PackageSources(dir)
		if err != nil {
			return err
		}
		for name, text := range files {
			sources[path.Join(dir, name)] = text
			file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
			if err != nil {
				return fmt.Errorf("embedded source: %w", err)
			}
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return fmt.Errorf("embedded source %s: %w", name, err)
				}
				if below, ok := strings.CutPrefix(imported, Module+"/"); ok {
					if err := add(below); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	for _, root := range workerRoots {
		if err := add(root); err != nil {
			return nil, err
		}
	}
	return sources, nil
})

// PackageSources returns the sources of one embedded package, such as
// "internal/cache", by file name and without its tests.
func PackageSources(dir string) (map[string][]byte, error) {
	entries, err := fs.ReadDir(tree, dir)
	if err != nil {
		return nil, fmt.Errorf("embedded sources of %s: %w", dir, err)
	}
	files := make(map[string][]byte)
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := tree.ReadFile(path.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("embedded sources of %s: %w", dir, err)
		}
		files[name] = text
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("embedded sources of %s: none", dir)
	}
	return files, nil
}
