package explore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"racebench/internal/explore/engine"
	"racebench/internal/explore/schedule"
)

// keep writes a confirmed finding's schedule to the corpus.
func (t *testSearch) keep(f *Finding) error {
	if !f.Confirmed || t.config.ReadOnly {
		return nil
	}
	sum := sha256.Sum256([]byte(f.signature))
	name := fmt.Sprintf("%s-%s-%s.json", f.Test, f.Kind, hex.EncodeToString(sum[:4]))
	name = filepath.Join(t.corpusDir(), name)
	if err := f.Schedule.Write(name); err != nil {
		return fmt.Errorf("cannot keep the schedule: %w", err)
	}
	f.File = fromHere(name)
	return nil
}

// fromHere returns a file's name relative to the current folder, if it is
// below it.
func fromHere(name string) string {
	if wd, err := os.Getwd(); err == nil {
		return short(wd, name)
	}
	return name
}

// tryCorpus replays the schedules of this test that were found earlier.
func (t *testSearch) tryCorpus(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(t.corpusDir(), t.report.Name+"-*.json"))
	if err != nil || len(files) == 0 {
		return err
	}
	for _, name := range files {
		s, err := schedule.Read(name)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				t.report.Corpus = append(t.report.Corpus, CorpusEntry{name, Unreadable, err.Error()})
			}
			continue
		}
		if s.Test != t.report.Name {
			continue // of a test whose name begins in the same way
		}
		if s.Race && !t.config.Race {
			t.report.Corpus = append(t.report.Corpus, CorpusEntry{name, Unreadable, "needs -race"})
			continue
		}
		entry, f, err := t.again(ctx, s)
		if err != nil {
			return err
		}
		entry.File = fromHere(name)
		t.report.Corpus = append(t.report.Corpus, entry)
		if f != nil {
			f.File = fromHere(name)
			t.report.Findings = append(t.report.Findings, f)
			t.known[f.signature] = f
			t.findings++
		}
	}
	return nil
}

// again replays a schedule found earlier and says what became of it.
func (t *testSearch) again(ctx context.Context, s *schedule.File) (CorpusEntry, *Finding, error) {
	o, err := t.replay(ctx, s, true)
	if err != nil {
		return CorpusEntry{}, nil, err
	}
	if f := t.shows(o, s.Signature); f != nil {
		f.Schedule, f.Confirmed, f.fromCorpus = s, true, true
		return CorpusEntry{Status: StillFails, Note: f.Message}, f, nil
	}
	for _, f := range t.judge(o) {
		if !f.Potential {
			f.Schedule, f.Confirmed, f.fromCorpus = s, true, true
			return CorpusEntry{Status: FailsNew, Note: f.Message}, f, nil
		}
	}
	entry := CorpusEntry{Status: status(s, o, t.bin.Package.Source)}
	if entry.Status == Stale {
		entry.Note = "the test no longer does all that it is made of; it is explored anew, and without findings the file can be deleted"
	}
	return entry, nil, nil
}

// status says what it means that a schedule does not fail any longer: only if
// all its places were reached has it been run.
func status(s *schedule.File, o *engine.Outcome, source string) CorpusStatus {
	if o.Unused > 0 && s.Source != source {
		return Stale
	}
	return Fixed
}

// A ReplayReport is the outcome of replaying a schedule file.
type ReplayReport struct {
	Schedule *schedule.File  `json:"schedule"`
	Status   CorpusStatus    `json:"status"`
	Finding  *Finding        `json:"finding,omitempty"` // nil if it does not fail
	Same     bool            `json:"same_trace"`        // the trace is the recorded one
	Changed  bool            `json:"sources_changed"`   // the sources are not the recorded ones
	Unused   int             `json:"unused_switches"`   // switches whose place was not reached
	Outcome  *engine.Outcome `json:"-"`
}

// Replay runs a schedule file again. The package is looked for below dir.
func Replay(ctx context.Context, c Config, s *schedule.File) (*ReplayReport, error) {
	c.Patterns, c.Race, c.Tags, c.Short = []string{s.Package}, s.Race, s.Tags, s.Short
	c.Run = "^" + s.Test + "$"
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	b, err := engine.NewBuilder(ctx, engine.Target{Dir: c.Dir, Patterns: c.Patterns, Tags: c.Tags, Race: c.Race, Flags: c.Flags, Cache: c.Cache, Env: c.Env})
	if err != nil {
		return nil, err
	}
	if len(b.Packages) == 0 {
		if why, ok := b.Mistaken[s.Package]; ok {
			return nil, &engine.BuildError{Package: s.Package, Output: why}
		}
		return &ReplayReport{Schedule: s, Status: Stale, Changed: true}, nil
	}
	dir, err := os.MkdirTemp("", "racebench-replay-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	bin, err := b.Build(ctx, b.Packages[0], dir)
	if err != nil {
		return nil, err
	}
	if c.KeepBinary != "" {
		if err := copyFile(bin.Path, c.KeepBinary); err != nil {
			return nil, err
		}
	}
	t := &testSearch{search: &search{config: c, builder: b, bin: bin}, report: TestReport{Name: s.Test}, known: map[string]*Finding{}}
	o, err := t.replay(ctx, s, true)
	if err != nil {
		if strings.Contains(err.Error(), "no test ") {
			return &ReplayReport{Schedule: s, Status: Stale, Changed: true}, nil
		}
		return nil, err
	}
	r := &ReplayReport{Schedule: s, Same: o.Hash == s.Trace, Changed: bin.Package.Source != s.Source, Unused: o.Unused, Outcome: o}
	if r.Finding = t.shows(o, s.Signature); r.Finding != nil {
		r.Status = StillFails
	} else if all := t.judge(o); len(all) > 0 {
		r.Finding, r.Status = all[0], FailsNew
	} else {
		r.Status = status(s, o, bin.Package.Source)
	}
	if r.Finding != nil {
		r.Finding.Schedule = s
	}
	return r, nil
}
