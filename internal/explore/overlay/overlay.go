// Package overlay makes the build overlay that puts the scheduler of a Go
// toolchain under control: copies of some files of runtime, sync, sync/atomic,
// internal/sync and testing with anchored edits, and added files with the code
// that the edits call. No toolchain is changed on disk.
//
// Every edit names the text it replaces. An edit whose text is not found, or
// is found more than once, makes the whole overlay fail with a
// *MismatchError: a scheduler that is controlled in part is not controlled.
package overlay

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Supported lists the Go releases whose sources the edits are made for.
var Supported = []string{"go1.25", "go1.26", "go1.27"}

//go:embed all:inject
var inject embed.FS

// A Mode says which builds an edit belongs to.
type Mode int

// The builds an edit can belong to.
const (
	Both  Mode = iota
	Race       // only with the race detector
	Plain      // only without
)

// An Edit replaces one piece of one file.
type Edit struct {
	Name   string // short and unique
	Reason string // why control needs it
	File   string // below GOROOT/src
	Mode   Mode

	// Old is the text to replace, or, if Pattern is set, a regular expression.
	// It must occur Count times; 0 means once, -1 at least once.
	Old, New string
	Pattern  bool
	Count    int

	// First and Last bound the minor versions of Go 1 that need the edit;
	// 0 means no bound.
	First, Last int
}

// Failed is an edit that does not fit.
type Failed struct {
	Edit  Edit
	Found int // how often Old occurs; -1 if the file is missing
}

// A MismatchError says that a toolchain's sources are not the ones that the
// edits were made for.
type MismatchError struct {
	GoVersion string
	Failed    []Failed
}

func (e *MismatchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cannot control the scheduler of %s (supported: %s)", e.GoVersion, strings.Join(Supported, ", "))
	for _, f := range e.Failed {
		if f.Found < 0 {
			fmt.Fprintf(&b, "\n\t%s: no file %s", f.Edit.Name, f.Edit.File)
			continue
		}
		fmt.Fprintf(&b, "\n\t%s: anchor found %d times in %s", f.Edit.Name, f.Found, f.Edit.File)
	}
	return b.String()
}

// Edits returns all edits, in the order in which they are applied.
func Edits() []Edit {
	return slices.Concat(membership, selection, preemption, clock, randomness, channels, syncPoints, atomicPoints, memoryPoints, failures, tests)
}

// Minor returns the minor version of a Go release such as "go1.26.8", and
// false if it is not a release of Go 1.
func Minor(version string) (int, bool) {
	var minor int
	_, err := fmt.Sscanf(version, "go1.%d", &minor)
	return minor, err == nil
}

// An Overlay is the outcome of applying the edits.
type Overlay struct {
	Files map[string]string // new text by path below GOROOT/src
	Edits int               // edits applied
}

// Apply applies the edits to the sources below goroot, a toolchain of the
// given version, for a build with or without the race detector.
func Apply(goroot, version string, race bool) (*Overlay, error) {
	minor, ok := Minor(version)
	if !ok || !slices.Contains(Supported, fmt.Sprintf("go1.%d", minor)) {
		return nil, &MismatchError{GoVersion: version}
	}
	o := &Overlay{Files: map[string]string{}}
	var failed []Failed
	for _, e := range Edits() {
		if e.Mode == Race && !race || e.Mode == Plain && race || e.First > minor || e.Last != 0 && e.Last < minor {
			continue
		}
		text, ok := o.Files[e.File]
		if !ok {
			b, err := os.ReadFile(filepath.Join(goroot, "src", filepath.FromSlash(e.File)))
			if errors.Is(err, fs.ErrNotExist) {
				failed = append(failed, Failed{e, -1})
				continue
			}
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		text, found := e.apply(text)
		if want := max(e.Count, 1); found != want && (e.Count >= 0 || found == 0) {
			failed = append(failed, Failed{e, found})
		}
		o.Files[e.File] = text
		o.Edits++
	}
	if len(failed) > 0 {
		return nil, &MismatchError{GoVersion: version, Failed: failed}
	}
	return o, o.addFiles(race)
}

// apply returns the edited text and how often the anchor was found.
func (e Edit) apply(text string) (string, int) {
	if e.Pattern {
		re := regexp.MustCompile(e.Old)
		return re.ReplaceAllString(text, e.New), len(re.FindAllStringIndex(text, -1))
	}
	return strings.ReplaceAll(text, e.Old, e.New), strings.Count(text, e.Old)
}

// addFiles adds the embedded sources, as files racebench_*.go of the package
// whose folder they lie in.
func (o *Overlay) addFiles(race bool) error {
	folders := map[string]string{"runtime": "runtime", "sync": "sync", "atomic": "sync/atomic", "testing": "testing"}
	return fs.WalkDir(inject, "inject", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		folder, base := path.Split(strings.TrimPrefix(name, "inject/"))
		folder = strings.TrimSuffix(folder, "/")
		if folder == "atomic" && race {
			return nil
		}
		base = strings.TrimSuffix(base, ".txt")
		b, err := inject.ReadFile(name)
		if err != nil {
			return err
		}
		o.Files[path.Join(folders[folder], "racebench_"+base)] = string(b)
		return nil
	})
}

// Write writes the overlay's files into dir and returns the path of the JSON
// file for go build -overlay. The paths in it are below goroot. The entries of
// extra, an overlay of the user's, are kept; the user must not replace a file
// that control needs. Files that have not changed are left alone, so that the
// build cache stays good.
func (o *Overlay) Write(goroot, dir string, extra map[string]string) (string, error) {
	replace := map[string]string{}
	for from, to := range extra {
		replace[from] = to
	}
	for name, text := range o.Files {
		from := filepath.Join(goroot, "src", filepath.FromSlash(name))
		if _, taken := replace[from]; taken {
			return "", fmt.Errorf("the -overlay given replaces %s, which controlled scheduling needs itself", from)
		}
		to := filepath.Join(dir, strings.ReplaceAll(name, "/", "__"))
		if old, err := os.ReadFile(to); err != nil || string(old) != text {
			if err := writeFile(to, []byte(text)); err != nil {
				return "", err
			}
		}
		replace[from] = to
	}
	b, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, writeFile(file, b)
}

// writeFile replaces a file in one step, so that a build that runs at the same
// time never sees half of it.
func writeFile(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		os.Remove(tmp.Name())
		return err
	}
	return os.Rename(tmp.Name(), name)
}
