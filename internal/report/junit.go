package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"racebench/internal/result"
	"racebench/internal/scoring"
	"racebench/internal/terminal"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Error   *junitMessage `xml:"error,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes the document in the XML that CI systems read: a suite for each
// component with its scenarios as cases, and one for the categories.
func JUnit(w io.Writer, d Document) error {
	if d.Brief {
		d = brief(d)
	}
	all := junitSuites{Name: "racebench " + terminal.Clean(d.Result.Candidate.Name), Time: seconds(d.Result.Elapsed)}
	for _, c := range result.Components() {
		all.add(componentSuite(d.Result, c))
	}
	all.add(otherSuite(d.Result))
	if d.Score != nil {
		all.add(scoreSuite(d.Score))
	} else {
		all.add(runSuite(d.Result))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuites) add(suite junitSuite) {
	if len(suite.Cases) == 0 {
		return
	}
	for _, c := range suite.Cases {
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Error != nil {
			suite.Errors++
		}
	}
	if suite.Time == "" {
		suite.Time = "0.000"
	}
	s.Suites = append(s.Suites, suite)
	s.Tests += suite.Tests
	s.Failures += suite.Failures
	s.Errors += suite.Errors
}

func componentSuite(r *result.Result, c result.Component) junitSuite {
	suite := junitSuite{Name: string(c)}
	var spent time.Duration
	for _, sc := range r.Scenarios {
		if sc.Component != c {
			continue
		}
		spent += sc.Elapsed
		tc := junitCase{Name: sc.Name, Class: "racebench." + string(c), Time: seconds(sc.Elapsed)}
		if fs := findingsOf(r, func(f result.Finding) bool { return accuses(f) && f.Scenario == sc.Name }); len(fs) > 0 {
			tc.Failure = failure(fs)
		}
		suite.Cases = append(suite.Cases, tc)
	}
	suite.Time = seconds(spent)
	return suite
}

// accuses reports whether a finding is more than a note, which fails nothing.
func accuses(f result.Finding) bool { return f.Severity != result.Note }

// otherSuite holds the findings that belong to no scenario.
func otherSuite(r *result.Result) junitSuite {
	known := map[string]bool{}
	for _, sc := range r.Scenarios {
		known[sc.Name] = true
	}
	suite := junitSuite{Name: "candidate"}
	for _, f := range r.Findings {
		if known[f.Scenario] || !accuses(f) {
			continue
		}
		suite.Cases = append(suite.Cases, junitCase{
			Name: terminal.Clean(f.ID), Class: "racebench." + string(f.Origin), Time: "0.000",
			Failure: failure([]result.Finding{f}),
		})
	}
	return suite
}

func scoreSuite(s *scoring.Score) junitSuite {
	suite := junitSuite{Name: "score"}
	for _, c := range s.Categories {
		tc := junitCase{Name: c.Name, Class: "racebench.score", Time: "0.000"}
		switch {
		case c.Lost():
			var reasons []string
			for _, l := range c.Losses {
				reasons = append(reasons, terminal.Clean(l.Reason))
			}
			tc.Failure = &junitMessage{Message: fmt.Sprintf("%g of %g points", c.Points, c.Max), Type: "points", Text: strings.Join(reasons, "\n")}
		case c.Undecided != "":
			tc.Error = &junitMessage{Message: terminal.Clean(c.Undecided), Type: string(scoring.Inconclusive)}
		}
		suite.Cases = append(suite.Cases, tc)
	}
	if s.Status == scoring.Inconclusive || s.Status == scoring.Interrupted {
		suite.Cases = append(suite.Cases, undecided(suite.Name, string(s.Status), s.Message))
	}
	return suite
}

// runSuite says of a run without a score that it is no pass, where the
// scenarios alone would look like one.
func runSuite(r *result.Result) junitSuite {
	suite := junitSuite{Name: "run"}
	if status := RunStatus(r); status == "inconclusive" || status == "interrupted" {
		suite.Cases = append(suite.Cases, undecided(suite.Name, status, strings.Join(append([]string{runMessage(r)}, r.Trouble...), "; ")))
	}
	return suite
}

// undecided is the case that keeps a report without a failure from reading as a
// pass.
func undecided(suite, status, message string) junitCase {
	return junitCase{
		Name: "verdict", Class: "racebench." + suite, Time: "0.000",
		Error: &junitMessage{Message: terminal.Clean(message), Type: status},
	}
}

func failure(fs []result.Finding) *junitMessage {
	var b strings.Builder
	for _, f := range fs {
		b.WriteString(findingText(f))
		b.WriteByte('\n')
	}
	return &junitMessage{Message: terminal.Clean(fs[0].Message), Type: string(fs[0].Kind), Text: b.String()}
}

func findingsOf(r *result.Result, match func(result.Finding) bool) []result.Finding {
	var out []result.Finding
	for _, f := range r.Findings {
		if match(f) {
			out = append(out, f)
		}
	}
	return out
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
