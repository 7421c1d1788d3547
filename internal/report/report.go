// Package report renders a Result and its Score. It only reads: every format
// can be made again from a saved JSON report. One file holds one format.
package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"racebench/internal/result"
	"racebench/internal/scoring"
)

// Document is what a report shows: everything that was seen, and, where the
// command was score, what it is worth.
type Document struct {
	Result *result.Result
	// Score is nil for `racebench run`.
	Score *scoring.Score
	// Brief hides seeds, scenario values and evidence from the people judged.
	Brief bool
}

// A format writes a document in one form.
type format func(io.Writer, Document) error

// formats are the formats of --report; the table of the terminal is apart,
// since it depends on what the terminal can show.
var formats = map[string]format{
	"json":   JSON,
	"junit":  JUnit,
	"github": GitHub,
	"text":   plainText,
}

// Formats lists the names that --report knows.
func Formats() []string {
	var names []string
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Target is one FORMAT=FILE of --report.
type Target struct {
	Format string
	Path   string
}

// ParseTarget reads FORMAT=FILE and makes sure that the file can be written, so
// that a mistake shows before the work and not after it.
func ParseTarget(s string) (Target, error) {
	name, path, ok := strings.Cut(s, "=")
	if !ok || path == "" {
		return Target{}, fmt.Errorf("invalid report %q: want FORMAT=FILE with a format of %s", s, strings.Join(Formats(), ", "))
	}
	if formats[name] == nil {
		return Target{}, fmt.Errorf("unknown report format %q: want one of %s", name, strings.Join(Formats(), ", "))
	}
	t := Target{Format: name, Path: path}
	f, err := os.CreateTemp(filepath.Dir(path), ".racebench-*")
	if err != nil {
		return Target{}, fmt.Errorf("cannot write the report %s: %w", path, cause(err))
	}
	f.Close()
	os.Remove(f.Name())
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return Target{}, fmt.Errorf("cannot write the report %s: it is a folder", path)
	}
	return t, nil
}

// Write renders d into the target's file. The file is complete or untouched.
func (t Target) Write(d Document) error {
	return WriteFile(t.Path, func(w io.Writer) error { return formats[t.Format](w, d) })
}

// WriteFile writes a file under a temporary name and renames it when all of it
// is on disk, so that no reader ever sees half of it.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
			err = fmt.Errorf("cannot write %s: %w", path, cause(err))
		}
	}()
	err = errors.Join(write(f), f.Sync(), f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// cause strips the temporary name from a path error: it says nothing to the
// user.
func cause(err error) error {
	if pe := (*os.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
