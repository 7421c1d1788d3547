package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"racebench/internal/candidate"
	"racebench/internal/judge"
	"racebench/internal/report"
	"racebench/internal/result"
	"racebench/internal/scoring"
)

// scoreCmd is the score command with its flags.
type scoreCmd struct {
	judging
	without          []string
	from             string
	minScore         float64
	minScoreSet      bool
	feedback         string
	reward           string
	jobs             int
	candidateTimeout time.Duration
	save             string
}

func newScore(env Environment) *cobra.Command {
	s := &scoreCmd{judging: judging{env: env}}
	cmd := &cobra.Command{
		Use:   "score [DIR...]",
		Short: "Judge fixes by the rubric and print the points",
		Long: `score judges the fix in DIR, a folder with cache/, counter/ and workerpool/, by
the rubric: 40 points for race tests, 30 for deadlock freedom, 20 for correct
synchronisation, 10 for performance. Without DIR it judges the current folder
if that is such a one, and the built-in components otherwise. Several folders
are ranked; with --save an interrupted ranking goes on where it ended when the
same command is given again.

A pass needs at least 90 points and every success criterion. What racebench
could not decide is inconclusive: never a pass, and never a 0.`,
		Example: `  racebench score
  racebench score ./fix --report junit=score.xml
  racebench score ./fix --reward reward.txt --feedback brief
  racebench score --jobs 2 --save results --candidate-timeout 5m submissions/*
  racebench score --from results/fix.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.prepare(cmd, args); err != nil {
				return err
			}
			switch {
			case s.from != "":
				return s.again(cmd)
			case len(args) > 1:
				return s.many(cmd, args)
			default:
				return s.one(cmd, args)
			}
		},
	}
	s.register(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&s.without, "without", nil, "accept a score without this evidence: race, explore; the status then says so")
	f.StringVar(&s.from, "from", "", "compute the score again from the JSON report in `FILE`; nothing is run")
	f.Float64Var(&s.minScore, "min-score", 0, "exit with 0 from this score on, and with 1 below it, in place of asking for a pass")
	f.StringVar(&s.feedback, "feedback", "full", "full, or brief: hide seeds, values and histories from the people judged")
	f.StringVar(&s.reward, "reward", "", "write the score as a number from 0 to 1 to `FILE`, as JSON if it ends in .json")
	f.IntVar(&s.jobs, "jobs", 1, "judge this many candidates at once")
	f.DurationVar(&s.candidateTimeout, "candidate-timeout", candidateBound, "bound on the time for each candidate, 0 for none")
	f.StringVar(&s.save, "save", "", "keep a JSON report for each candidate in `DIR`, and skip the candidates that have one already")
	return cmd
}

func (s *scoreCmd) prepare(cmd *cobra.Command, args []string) error {
	if err := s.judging.prepare(cmd); err != nil {
		return err
	}
	s.minScoreSet = cmd.Flags().Changed("min-score")
	for _, w := range s.without {
		if w != result.RaceDetector && w != result.ScheduleSearch {
			return usage(cmd, "--without %q: want race or explore", w)
		}
	}
	switch {
	case s.feedback != "full" && s.feedback != "brief":
		return usage(cmd, "--feedback %q: want full or brief", s.feedback)
	case s.jobs < 1:
		return usage(cmd, "--jobs %d: want at least 1", s.jobs)
	case s.candidateTimeout < 0:
		return usage(cmd, "--candidate-timeout %s: want more than 0", s.candidateTimeout)
	case s.minScoreSet && (s.minScore < 0 || s.minScore > scoring.MaxScore):
		return usage(cmd, "--min-score %g: want 0 to %d", s.minScore, scoring.MaxScore)
	case s.from != "" && s.save != "":
		return usage(cmd, "--from reads a saved report: --save has nothing to keep")
	case s.from != "" && len(args) > 0:
		return usage(cmd, "--from judges a saved report: give no folder with it")
	case s.save != "" && len(args) == 0:
		return usage(cmd, "--save is for candidates: name their folders")
	case s.reward != "" && len(args) > 1:
		return usage(cmd, "--reward is for one candidate, not for %d", len(args))
	case len(s.targets) > 0 && len(args) > 1:
		return usage(cmd, "--report is for one candidate; use --save DIR for %d", len(args))
	}
	if s.reward != "" {
		// A stale reward must not survive a run that decides nothing.
		if err := os.Remove(s.reward); err != nil && !errors.Is(err, os.ErrNotExist) {
			return usage(cmd, "--reward: %w", err)
		}
		if err := report.CanWrite(s.reward); err != nil {
			return usage(cmd, "--reward: %w", err)
		}
	}
	return nil
}

// one judges a single candidate, or the built-in components.
func (s *scoreCmd) one(cmd *cobra.Command, args []string) error {
	if here := orHere(""); here != "" && len(args) == 0 {
		args = []string{here}
	}
	dir, name := "", ""
	if len(args) == 1 {
		names, err := distinctNames(args)
		if err != nil {
			return usage(cmd, "%w", err)
		}
		dir, name = args[0], names[0]
	}
	cand, err := loadCandidate(cmd, dir)
	if err != nil {
		return err
	}
	if err := s.makeSave(cmd); err != nil {
		return err
	}
	opts, err := s.question(cand, s.parallel)
	if err != nil {
		return err
	}
	file := s.savedIn(name)
	res := s.saved(file, opts)
	switch {
	case res == nil:
		if res, err = s.judgeAndSave(cmd.Context(), opts, file, ""); err != nil {
			return err
		}
	case !s.quiet:
		announce(s.err, "from the saved report "+file)
	}
	return s.settle(res)
}

// makeSave makes the folder for the reports, if there is to be one.
func (s *scoreCmd) makeSave(cmd *cobra.Command) error {
	if s.save == "" {
		return nil
	}
	if err := os.MkdirAll(s.save, 0o755); err != nil {
		return usage(cmd, "--save: %w", err)
	}
	return nil
}

// savedIn is the file of a candidate's saved report, or nothing.
func (s *scoreCmd) savedIn(name string) string {
	if s.save == "" {
		return ""
	}
	return filepath.Join(s.save, name+".json")
}

// question are the judge's options for a candidate.
func (s *scoreCmd) question(cand *candidate.Candidate, parallel int) (judge.Options, error) {
	opts, err := s.options(cand.Builtin)
	opts.Candidate = cand
	opts.Parallel = parallel
	opts.Score = true
	opts.Without = s.without
	opts.Budget = s.candidateTimeout
	return opts, err
}

// judgeAndSave judges a candidate and writes its report into file, unless there
// is none or the result is partial. The progress bears the label.
func (s *scoreCmd) judgeAndSave(ctx context.Context, opts judge.Options, file, label string) (*result.Result, error) {
	res, err := s.judge(ctx, opts, label)
	if err != nil || file == "" || res.Interrupted {
		return res, err
	}
	score := scoring.Of(res)
	doc := report.Document{Result: res, Score: &score, Brief: s.feedback == "brief"}
	return res, report.Target{Format: "json", Path: file}.Write(doc)
}

// again computes the score of a saved report.
func (s *scoreCmd) again(cmd *cobra.Command) error {
	f, err := os.Open(s.from)
	if err != nil {
		return usage(cmd, "--from: %w", err)
	}
	defer f.Close()
	res, err := report.ReadJSON(f)
	if err != nil {
		return usage(cmd, "--from %s: %w", s.from, err)
	}
	return s.settle(res)
}

// settle scores res, shows it and gives the verdict.
func (s *scoreCmd) settle(res *result.Result) error {
	score := scoring.Of(res)
	if err := s.show(report.Document{Result: res, Score: &score, Brief: s.feedback == "brief"}); err != nil {
		return err
	}
	if s.reward != "" && score.Score != nil {
		if err := report.WriteReward(s.reward, *score.Score/score.MaxScore); err != nil {
			return err
		}
	}
	return s.verdict(score)
}

func (s *scoreCmd) verdict(score scoring.Score) error {
	code := score.ExitCode()
	if s.minScoreSet && score.Score != nil {
		code = exitFindings
		if *score.Score >= s.minScore {
			code = exitClean
		}
	}
	if code == exitClean {
		return nil
	}
	return verdict(code)
}

// ranked is one row of the ranking.
type ranked struct {
	report.Ranked
	code  int
	saved bool // by an earlier run
}

// short is the outcome in a few words.
func (r ranked) short() string {
	text := r.Status
	if r.Score != nil {
		text = fmt.Sprintf("%.1f %s", *r.Score, text)
	}
	if r.saved {
		text += ", from the saved report"
	}
	return text
}

// many judges several candidates and ranks them. A candidate that cannot be
// loaded is a row of the ranking, not the end of it; a failure of racebench's own
// is the end, after the ranking of what had been judged.
func (s *scoreCmd) many(cmd *cobra.Command, dirs []string) error {
	names, err := distinctNames(dirs)
	if err != nil {
		return usage(cmd, "%w", err)
	}
	if err := s.makeSave(cmd); err != nil {
		return err
	}
	rows := make([]ranked, len(dirs))
	slots := make(chan struct{}, s.jobs)
	done := make(chan error, len(dirs))
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	var judged atomic.Int64
	for i, dir := range dirs {
		slots <- struct{}{} // in the order of the arguments
		go func() {
			defer func() { <-slots }()
			row, err := s.rank(ctx, cmd, dir, names[i])
			if err != nil {
				row.Status, row.Message, row.code = string(scoring.Inconclusive), err.Error(), exitTrouble
			}
			rows[i] = row
			switch {
			case err != nil:
				cancel() // what hinders one candidate hinders all
			case !s.quiet && row.code != exitInterrupted:
				announce(s.err, fmt.Sprintf("%d of %d: %s: %s", judged.Add(1), len(dirs), names[i], row.short()))
			}
			done <- err
		}()
	}
	var failed error
	for range dirs {
		// An interruption is what the first failure did to the others.
		if err := <-done; err != nil && (failed == nil || errors.Is(failed, context.Canceled)) {
			failed = err
		}
	}
	code := exitClean
	ranking := make([]report.Ranked, len(rows))
	for i, r := range rows {
		ranking[i] = r.Ranked
		code = worse(code, r.code)
	}
	if err := report.Ranking(s.out, s.format, ranking); err != nil {
		return err
	}
	switch {
	case failed != nil:
		return failed
	case code == exitClean:
		return nil
	}
	return verdict(code)
}

// worse is the exit code that wins by the rubric's precedence.
func worse(a, b int) int {
	order := []int{exitClean, exitTrouble, exitFindings, exitUsage, exitInterrupted}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// rank judges one candidate of many, or takes the result that an earlier run
// has saved of the same sources.
func (s *scoreCmd) rank(ctx context.Context, cmd *cobra.Command, dir, name string) (ranked, error) {
	row := ranked{Ranked: report.Ranked{Name: name}}
	cand, err := loadCandidate(cmd, dir)
	if err != nil {
		row.Status, row.Message, row.code = string(scoring.Error), err.Error(), exitUsage
		return row, nil
	}
	opts, err := s.question(cand, max(1, s.parallel/s.jobs))
	if err != nil {
		return row, err
	}
	file := s.savedIn(name)
	res := s.saved(file, opts)
	row.saved = res != nil
	if res == nil {
		if ctx.Err() != nil {
			row.Status, row.Message, row.code = string(scoring.Interrupted), "not judged", exitInterrupted
			return row, nil
		}
		if res, err = s.judgeAndSave(ctx, opts, file, name); err != nil {
			return row, fmt.Errorf("%s: %w", dir, err)
		}
	}
	score := scoring.Of(res)
	row.Score, row.Status, row.Message = score.Score, score.StatusText(), score.Message
	if score.Score != nil { // otherwise the points are provisional
		row.Lost = score.LostCategories()
	}
	row.code = score.ExitCode()
	if err := s.verdict(score); err == nil {
		row.code = exitClean
	}
	return row, nil
}

// saved is the result in file, if this racebench has made it of the same sources
// with the same options, or nil. The seed has to be the same if one was asked for,
// but a brief report does not tell its seed.
func (s *scoreCmd) saved(file string, opts judge.Options) *result.Result {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	res, err := report.ReadJSON(f)
	if err != nil || res.Candidate.Hash != opts.Candidate.Hash || res.Requested != opts.Iterations || res.Asked != opts.Asked() || len(res.Trouble) > 0 {
		return nil
	}
	if res.Tool.Version != judge.Version() || slices.ContainsFunc(res.Capabilities, func(c result.Capability) bool {
		return c.Waived != slices.Contains(opts.Without, c.Name)
	}) {
		return nil
	}
	if s.seedSet && s.feedback != "brief" && res.Seed != opts.Seed {
		return nil
	}
	return res
}

// candidateBound is many times what any judgement takes. A candidate that makes every
// scenario take nearly its deadline must not keep the judge for hours.
const candidateBound = 30 * time.Minute

// distinctNames gives every folder a name that no other has.
func distinctNames(dirs []string) ([]string, error) {
	names := make([]string, len(dirs))
	seen := map[string]string{}
	for i, d := range dirs {
		abs, err := filepath.Abs(d)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(abs)
		if other, ok := seen[name]; ok {
			name = strings.ReplaceAll(strings.TrimPrefix(abs, string(filepath.Separator)), string(filepath.Separator), "_")
			if other == abs {
				return nil, fmt.Errorf("%s is named twice", d)
			}
		}
		seen[name] = abs
		names[i] = name
	}
	return names, nil
}
