package build

import (
	"context"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"slices"
	"strings"
)

// Importer gives the types of packages of the standard library, from the
// compiler's export data, which the go command makes where it has none. It is
// not safe for concurrent use.
func (b *Builder) Importer(ctx context.Context, packages ...string) (types.Importer, error) {
	args := slices.Concat([]string{"list"}, standardFlags, []string{"-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, packages)
	out, err := b.run(ctx, os.TempDir(), b.standard(), args...)
	if err != nil {
		return nil, err
	}
	exports := make(map[string]string)
	for line := range strings.Lines(out) {
		if name, file, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			exports[name] = file
		}
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		file, ok := exports[path]
		if !ok {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(file)
	}), nil
}
