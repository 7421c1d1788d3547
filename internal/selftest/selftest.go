// Package selftest judges the judge: it scores every entry of the corpus and
// compares what came out with what the entry says must come out. No wrong fix
// may pass, no right fix may be accused, no hostile candidate may get anything.
package selftest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"racebench/internal/candidate/apart"
	"racebench/internal/candidate/mangle"
	"racebench/internal/corpus"
	"racebench/internal/judge"
	"racebench/internal/result"
	"racebench/internal/scoring"
)

// Options say how the corpus is scored.
type Options struct {
	// Entries to score.
	Entries []*corpus.Entry
	// Judge holds iterations, seed, timeout and parallelism. The candidate is
	// filled in for each entry.
	Judge judge.Options
	// Quick stops at the first decisive finding of a wrong fix, and measures no
	// performance.
	Quick bool
	// Mangle renames identifiers, reorders methods and extracts helpers first.
	Mangle bool
	// Repeat is how often each entry is scored, at least once. Its verdict has to
	// be the same each time. Vary gives each time a seed of its own, counted on
	// from the judge's.
	Repeat int
	Vary   bool
	// Jobs is how many entries are scored at once.
	Jobs int
	// Done is called after each entry, never twice at once.
	Done func(Row)
}

// Row is what came out for one entry.
type Row struct {
	Entry  *corpus.Entry
	Score  scoring.Score
	Result *result.Result
	// CaughtBy are the kinds of evidence, and the rules, that spoke.
	CaughtBy []string
	// Iterations were run before the first finding; -1 if none.
	Iterations int
	// Lost are the categories of the verdict: what was lost, but of a wrong fix
	// that was judged quickly only what its entry says it must lose, since the
	// look ended as soon as that was shown.
	Lost    []corpus.Category
	Elapsed time.Duration
	// Wrong lists what is not as the entry says; empty if all is well.
	Wrong []string
}

// These are enough for a quick look at a right fix, since an
// accusation that is false is seldom rare, and at a wrong one on which the
// scenarios find nothing.
const (
	quickIterations = 6
	quickSchedules  = 60
)

// Run scores the entries, Jobs of them at a time. The error is ctx's, or
// racebench's own: a row that is wrong is none. Where there is an error the rows
// are those of the entries that had been scored.
func Run(ctx context.Context, opts Options) ([]Row, error) {
	rows := make([]Row, len(opts.Entries))
	var mu sync.Mutex // serialises Done
	scoreAt := func(ctx context.Context, i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		row, err := scoreRepeatedly(ctx, opts, opts.Entries[i])
		if err != nil {
			return err
		}
		rows[i] = row
		mu.Lock()
		defer mu.Unlock()
		if opts.Done != nil {
			opts.Done(row)
		}
		return nil
	}
	// One entry after the other until the canary has run, whose binaries serve all:
	// side by side each would compile the standard library for it.
	var err error
	next := 0
	for ; err == nil && next < len(rows) && opts.Judge.Canary == nil; next++ {
		if err = scoreAt(ctx, next); err == nil {
			opts.Judge.Canary = rows[next].Result.Canary
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(opts.Jobs, 1))
	for i := next; err == nil && i < len(rows); i++ {
		group.Go(func() error { return scoreAt(ctx, i) })
	}
	err = cmp.Or(err, group.Wait())
	return slices.DeleteFunc(rows, func(r Row) bool { return r.Entry == nil }), err
}

// scoreRepeatedly scores an entry as often as is asked for. What is returned is
// the row of the first time, or of the first that is wrong; a verdict that
// differs is wrong.
func scoreRepeatedly(ctx context.Context, opts Options, e *corpus.Entry) (Row, error) {
	var row Row
	for i := range max(1, opts.Repeat) {
		o := opts
		if o.Vary {
			o.Judge.Seed += uint64(i)
		}
		again, err := score(ctx, o, e)
		switch {
		case err != nil:
			return Row{}, fmt.Errorf("%s: %w", e.Path, err)
		case again.Result.Interrupted:
			return Row{}, context.Canceled
		}
		if i == 0 {
			row = again
			opts.Judge.Canary = again.Result.Canary
			continue
		}
		if first, now := row.verdict(), again.verdict(); first != now {
			again.Wrong = append(again.Wrong, fmt.Sprintf("the verdict differs: %s at first, %s in run %d (seed %d)", first, now, i+1, o.Judge.Seed))
		}
		if len(again.Wrong) > 0 {
			return again, nil
		}
	}
	return row, nil
}

// verdict is what must not differ from one time to the next.
func (r Row) verdict() string {
	text := string(r.Score.Status)
	if len(r.Lost) > 0 {
		text += fmt.Sprintf(" without %v", r.Lost)
	}
	return text
}

func score(ctx context.Context, opts Options, e *corpus.Entry) (Row, error) {
	started := time.Now()
	dir, err := os.MkdirTemp("", "racebench-selftest-")
	if err != nil {
		return Row{}, err
	}
	defer os.RemoveAll(dir)
	// The folder's own name is in messages: the entry's says more.
	at := filepath.Join(dir, e.Name)
	if err := os.Mkdir(at, 0o755); err != nil {
		return Row{}, err
	}
	if err := e.Write(at); err != nil {
		return Row{}, err
	}
	if opts.Mangle && e.Want != corpus.Hostile {
		if err := rewrite(at, e, opts.Judge.Seed); err != nil {
			return Row{}, fmt.Errorf("mangle: %w", err)
		}
	}
	before, err := treeSum(dir)
	if err != nil {
		return Row{}, err
	}
	cand, err := apart.Load(ctx, at)
	if err != nil {
		return Row{}, err
	}
	o := opts.Judge
	o.Candidate, o.Score = cand, true
	if opts.Quick {
		o.SkipTiming = true
		// The other components are those of a right fix of their own.
		if e.Want != corpus.Hostile {
			o.Components = []result.Component{e.Component}
		}
		if e.Want != corpus.Pass {
			o.Enough = func(found []result.Finding) bool { return enough(e, found) }
		}
		if e.Want == corpus.Pass || !e.Hammered() {
			o.Iterations, o.Schedules = min(o.Iterations, quickIterations), quickSchedules
		}
	}
	res, err := judge.Judge(ctx, o)
	if err != nil {
		return Row{}, err
	}
	row := Row{Entry: e, Result: res, Score: scoring.Of(res), Iterations: firstIteration(res)}
	s := seen(row.Score, res)
	row.Wrong = e.Compare(s, opts.Quick)
	row.Lost = s.Lost
	if opts.Quick && e.Want == corpus.Fail {
		row.Lost = slices.DeleteFunc(slices.Clone(s.Lost), func(c corpus.Category) bool { return !slices.Contains(e.Categories, c) })
	}
	after, err := treeSum(dir)
	if err != nil {
		return Row{}, err
	}
	if after != before {
		row.Wrong = append(row.Wrong, "changed files around the candidate")
	}
	for _, f := range res.Findings {
		by := string(f.Kind)
		if f.Origin == result.FromRules {
			by = f.Rule
		}
		if !slices.Contains(row.CaughtBy, by) {
			row.CaughtBy = append(row.CaughtBy, by)
		}
	}
	row.Elapsed = time.Since(started)
	return row, nil
}

// rewrite mangles the three packages of the candidate in dir.
func rewrite(dir string, e *corpus.Entry, seed uint64) error {
	packages := map[string]map[string][]byte{}
	for name, text := range e.Files() {
		folder, base := filepath.Split(filepath.FromSlash(name))
		if !strings.HasSuffix(base, ".go") {
			continue
		}
		if packages[folder] == nil {
			packages[folder] = map[string][]byte{}
		}
		packages[folder][base] = text
	}
	for folder, files := range packages {
		mangled, err := mangle.Package(files, seed)
		if err != nil {
			return err
		}
		for base, text := range mangled {
			if err := os.WriteFile(filepath.Join(dir, folder, base), text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstIteration is the number of iterations until the first run-time finding.
func firstIteration(r *result.Result) int {
	first := -1
	for _, f := range r.Findings {
		if f.Origin != result.FromHammer || len(f.Iterations) == 0 {
			continue
		}
		if n := slices.Min(f.Iterations) + 1; first < 0 || n < first {
			first = n
		}
	}
	return first
}

// categories are the rubric's in the words of the corpus.
var categories = map[scoring.CategoryID]corpus.Category{
	scoring.RaceTests: corpus.Race, scoring.Deadlocks: corpus.Deadlock,
	scoring.Sync: corpus.Sync, scoring.Performance: corpus.Performance,
}

// enough reports whether a wrong fix, or a hostile one, was seen to be what its
// entry says: evidence that it names, and for each category that it must lose a
// finding that costs it. Less would depend on which finding came first.
func enough(e *corpus.Entry, found []result.Finding) bool {
	if !slices.ContainsFunc(found, e.Decisive) {
		return false
	}
	for _, want := range e.Categories {
		if !slices.ContainsFunc(found, func(f result.Finding) bool {
			return want == corpus.Gate && f.Origin == result.FromGate ||
				slices.ContainsFunc(scoring.Costs(f), func(id scoring.CategoryID) bool { return categories[id] == want })
		}) {
			return false
		}
	}
	return true
}

// seen is the judgement in the words of the corpus.
func seen(s scoring.Score, r *result.Result) corpus.Seen {
	out := corpus.Seen{Status: string(s.Status)}
	if s.Score != nil {
		out.Score = *s.Score
	}
	for _, id := range s.LostCategories() {
		out.Lost = append(out.Lost, categories[id])
	}
	text := []string{s.Message}
	for _, f := range r.Findings {
		text = append(text, f.Message, f.Observed)
		switch f.Origin {
		case result.FromGate:
			out.GateFailed = true
			out.RunTime = append(out.RunTime, string(f.Kind))
		case result.FromRules:
			out.Static = append(out.Static, f.Rule)
		case result.FromCandidate:
		default:
			out.RunTime = append(out.RunTime, string(f.Kind))
		}
	}
	out.Text = strings.Join(text, "\n")
	return out
}
