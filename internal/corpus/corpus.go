// Package corpus is the collection of right, wrong and hostile candidates that
// the judge itself is judged by. Each entry is one compact txtar file, and its
// path is the expectation: fail/cache-stale-fill.txtar must be caught,
// pass/counter-cas.txtar must lose nothing, hostile/exit-in-init.txtar must get
// nothing and do no harm.
//
// # Format
//
// The comment of the archive is a header of lines "key: value"; a line that
// starts with a space continues the value before it.
//
//	what:      what somebody wrote
//	why:       which schedule or call makes it wrong (fail, hostile)
//	category:  the categories it must lose: race, deadlock, sync, performance,
//	           or gate, when already one goroutine sees it (fail)
//	evidence:  the kinds of finding of which at least one must be seen (fail)
//	starred:   yes, when it has no data race, so that evidence at run time must
//	           expose it (fail)
//	base:      the right fix that the edits apply to; "mutex" unless given
//	timed:     yes, when the performance category may be lost (pass)
//	component: what the entry replaces; from the name of the entry unless given
//	status:    error or fail (hostile)
//	reason:    text that the message or a finding must contain, alternatives
//	           separated by " | " (hostile)
//	symlink:   PATH -> TARGET, repeatable (hostile)
//	omit:      components that are not filled in from the base (hostile)
//
// A section "-- cache/cache.go --" is a whole file. A section
// "-- cache/cache.go.edit --" is a change to the file of the base, in blocks of
//
//	<<<<<<< old
//	what stands there, which must occur exactly once
//	=======
//	what stands there instead
//	>>>>>>> new
//
// so that the base is the right twin of the entry, one edit away. The files of
// the components that an entry does not replace are those of the mutex base.
package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"racebench/internal/result"
)

// Verdict is what an entry is expected to get. It is also the name of the
// folder that the entry lies in.
type Verdict string

// The verdicts.
const (
	Fail    Verdict = "fail"
	Pass    Verdict = "pass"
	Hostile Verdict = "hostile"
)

// Category names what a wrong fix must lose.
type Category string

// The categories of the rubric, and Gate for the check before them: an entry
// that fails the gate loses all of them.
const (
	Race        Category = "race"
	Deadlock    Category = "deadlock"
	Sync        Category = "sync"
	Performance Category = "performance"
	Gate        Category = "gate"
)

// DefaultBase is the base of an entry that names none, and where the files of
// the components come from that an entry does not replace.
const DefaultBase = "mutex"

// Entry is one candidate of the corpus. Its maps and slices are not to be
// changed.
type Entry struct {
	// Path is where the entry lies, without the extension: fail/cache-stale.
	Path string
	// Name is the last part of Path.
	Name string
	Want Verdict
	// Component is the one that the entry replaces. A hostile entry may have
	// none.
	Component result.Component
	What, Why string
	// Categories must all be lost, and at least one kind of Evidence be seen.
	// Evidence holds kinds of finding; "static:RULE" is the finding of one rule.
	Categories []Category
	Evidence   []string
	// Starred entries are free of data races: evidence at run time must expose
	// them, a static rule is not enough.
	Starred bool
	// Timed right fixes may lose performance.
	Timed bool
	// Base is the path of the right twin; empty for an entry of whole files.
	Base string
	// Status and Reasons are for hostile entries: the status, and the texts of
	// which one must be in the message or in a finding.
	Status  string
	Reasons []string
	// Links are symbolic links to be made beside the files: path to target.
	Links map[string]string

	files map[string][]byte
}

// Corpus is a loaded collection.
type Corpus struct {
	entries []*Entry
	byPath  map[string]*Entry
}

// Entries lists all entries, sorted by path.
func (c *Corpus) Entries() []*Entry { return slices.Clone(c.entries) }

// Find returns the entries that pattern names: a path, a name, or a pattern of
// path.Match for either. It reports an error if there is none.
func (c *Corpus) Find(pattern string) ([]*Entry, error) {
	var found []*Entry
	for _, e := range c.entries {
		byPath, err := path.Match(pattern, e.Path)
		if err != nil {
			return nil, fmt.Errorf("corpus: %q: %w", pattern, err)
		}
		byName, _ := path.Match(pattern, e.Name)
		if byPath || byName {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("corpus: no entry %q", pattern)
	}
	return found, nil
}

// Twin is the right fix that e is an edit of, or nil.
func (c *Corpus) Twin(e *Entry) *Entry { return c.byPath[e.Base] }

// Files is the whole candidate: slash-separated paths to contents.
func (e *Entry) Files() map[string][]byte {
	files := make(map[string][]byte, len(e.files))
	for name, content := range e.files {
		files[name] = bytes.Clone(content)
	}
	return files
}

// Write lays the candidate out in dir, which must exist.
func (e *Entry) Write(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("corpus: %w", err)
	}
	defer root.Close()
	for _, name := range slices.Sorted(maps.Keys(e.files)) {
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755); err != nil {
			return fmt.Errorf("corpus: %w", err)
		}
		if err := root.WriteFile(filepath.FromSlash(name), e.files[name], 0o644); err != nil {
			return fmt.Errorf("corpus: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Links)) {
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755); err != nil {
			return fmt.Errorf("corpus: %w", err)
		}
		if err := root.Symlink(e.Links[name], filepath.FromSlash(name)); err != nil {
			return fmt.Errorf("corpus: %w", err)
		}
	}
	return nil
}

// Load reads the corpus from the folder that holds the folders fail, pass and
// hostile. Every malformed entry is reported.
func Load(fsys fs.FS) (*Corpus, error) {
	sources := make(map[string]*source)
	for _, verdict := range []Verdict{Pass, Fail, Hostile} {
		names, err := fs.Glob(fsys, string(verdict)+"/*.txtar")
		if err != nil {
			return nil, fmt.Errorf("corpus: %w", err)
		}
		for _, name := range names {
			data, err := fs.ReadFile(fsys, name)
			if err != nil {
				return nil, fmt.Errorf("corpus: %w", err)
			}
			src, err := parse(strings.TrimSuffix(name, ".txtar"), verdict, data)
			if err != nil {
				return nil, fmt.Errorf("corpus: %s: %w", name, err)
			}
			sources[src.entry.Path] = src
		}
	}
	if len(sources) == 0 {
		return nil, errors.New("corpus: no entries")
	}
	c := &Corpus{byPath: make(map[string]*Entry)}
	var broken []error
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		e := sources[name].entry
		files, err := resolve(name, sources, nil)
		if err != nil {
			broken = append(broken, fmt.Errorf("corpus: %s: %w", name, err))
			continue
		}
		e.files = files
		if err := e.complete(sources[name].omitted); err != nil {
			broken = append(broken, fmt.Errorf("corpus: %s: %w", name, err))
			continue
		}
		c.entries = append(c.entries, e)
		c.byPath[name] = e
	}
	for _, e := range c.entries {
		for _, component := range result.Components() {
			e.addMissing(component, sources)
		}
	}
	if len(broken) > 0 {
		return nil, errors.Join(broken...)
	}
	return c, nil
}

// source is an entry before its edits are applied.
type source struct {
	entry *Entry
	// whole and edits are by the path of the file that they give or change.
	whole, edits map[string][]byte
	// omitted components are not to be filled in from the base.
	omitted []result.Component
}

// complete checks that the entry has what its verdict needs.
func (e *Entry) complete(omitted []result.Component) error {
	switch {
	case e.What == "":
		return errors.New("no what")
	case e.Want != Pass && e.Why == "":
		return errors.New("no why")
	case e.Want == Fail && len(e.Categories) == 0:
		return errors.New("no category")
	case e.Want == Fail && len(e.Evidence) == 0:
		return errors.New("no evidence")
	case e.Want == Fail && e.Base == "":
		return errors.New("no right twin: not an edit of a base")
	case e.Want != Hostile && e.Component == "":
		return errors.New("no component")
	case e.Want == Hostile && e.Status != "error" && e.Status != "fail":
		return errors.New("status is neither error nor fail")
	case e.Want == Hostile && len(e.Reasons) == 0:
		return errors.New("no reason")
	case len(e.files) == 0 && len(e.Links) == 0 && len(omitted) == 0:
		return errors.New("no files")
	}
	return nil
}

// addMissing takes a component's file from the mutex base, unless the entry
// has a file or a link in that place already.
func (e *Entry) addMissing(component result.Component, sources map[string]*source) {
	src := sources[e.Path]
	name := string(component) + "/" + string(component) + ".go"
	if _, ok := e.files[name]; ok || slices.Contains(src.omitted, component) {
		return
	}
	if _, ok := e.Links[name]; ok {
		return
	}
	if base, ok := sources[basePath(component, DefaultBase)]; ok {
		e.files[name] = base.whole[name]
	}
}

func basePath(component result.Component, base string) string {
	return string(Pass) + "/" + string(component) + "-" + base
}

// resolve gives the files that the entry itself brings, with the edits
// applied to those of its base.
func resolve(name string, sources map[string]*source, seen []string) (map[string][]byte, error) {
	src := sources[name]
	if slices.Contains(seen, name) {
		return nil, fmt.Errorf("base of itself: %v", seen)
	}
	files := maps.Clone(src.whole)
	if len(src.edits) == 0 {
		return files, nil
	}
	if _, ok := sources[src.entry.Base]; !ok {
		return nil, fmt.Errorf("no base %s", src.entry.Base)
	}
	base, err := resolve(src.entry.Base, sources, append(seen, name))
	if err != nil {
		return nil, err
	}
	for file, content := range base {
		if _, ok := files[file]; !ok {
			files[file] = content
		}
	}
	for _, file := range slices.Sorted(maps.Keys(src.edits)) {
		edited, err := apply(base[file], src.edits[file])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		files[file] = edited
	}
	return files, nil
}

// parse reads one archive.
func parse(name string, verdict Verdict, data []byte) (*source, error) {
	archive := txtar.Parse(data)
	header, err := parseHeader(archive.Comment)
	if err != nil {
		return nil, err
	}
	e := &Entry{Path: name, Name: path.Base(name), Want: verdict, Links: make(map[string]string)}
	src := &source{entry: e, whole: make(map[string][]byte), edits: make(map[string][]byte)}
	for _, component := range result.Components() {
		if strings.HasPrefix(e.Name, string(component)+"-") {
			e.Component = component
		}
	}
	base := DefaultBase
	for _, field := range header {
		switch value := field.value; field.key {
		case "what":
			e.What = value
		case "why":
			e.Why = value
		case "category":
			for _, category := range list(value) {
				e.Categories = append(e.Categories, Category(category))
			}
		case "evidence":
			e.Evidence = list(value)
		case "starred":
			e.Starred = value == "yes"
		case "timed":
			e.Timed = value == "yes"
		case "base":
			base = value
		case "component":
			e.Component = result.Component(value)
		case "status":
			e.Status = value
		case "reason":
			e.Reasons = strings.Split(value, " | ")
		case "symlink":
			link, target, ok := strings.Cut(value, " -> ")
			if !ok {
				return nil, fmt.Errorf("symlink %q: want PATH -> TARGET", value)
			}
			e.Links[link] = target
		case "omit":
			for _, component := range list(value) {
				src.omitted = append(src.omitted, result.Component(component))
			}
		default:
			return nil, fmt.Errorf("unknown key %q", field.key)
		}
	}
	for _, file := range archive.Files {
		into, target := src.whole, file.Name
		if edited, ok := strings.CutSuffix(file.Name, ".edit"); ok {
			into, target = src.edits, edited
		}
		if !fs.ValidPath(target) {
			return nil, fmt.Errorf("bad path %q", file.Name)
		}
		if _, ok := into[target]; ok {
			return nil, fmt.Errorf("two sections %q", file.Name)
		}
		into[target] = file.Data
	}
	if len(src.edits) > 0 {
		e.Base = basePath(e.Component, base)
	}
	return src, nil
}

type field struct{ key, value string }

func parseHeader(comment []byte) ([]field, error) {
	var fields []field
	for line := range strings.Lines(string(comment)) {
		line = strings.TrimRight(line, " \n")
		if line == "" {
			continue
		}
		if strings.HasPrefix(line, " ") {
			if len(fields) == 0 {
				return nil, errors.New("the header starts with a continuation")
			}
			fields[len(fields)-1].value += " " + strings.TrimSpace(line)
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("header line %q: want key: value", line)
		}
		fields = append(fields, field{key, strings.TrimSpace(value)})
	}
	return fields, nil
}

func list(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return items
}
