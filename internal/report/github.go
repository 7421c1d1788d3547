package report

import (
	"fmt"
	"io"
	"path"
	"strings"

	"racebench/internal/result"
	"racebench/internal/terminal"
)

// GitHub writes the findings as workflow commands of GitHub Actions, which
// become annotations on the lines they point at.
func GitHub(w io.Writer, d Document) error {
	if d.Brief {
		d = brief(d)
	}
	for _, f := range d.Result.Findings {
		level := "error"
		switch f.Severity {
		case result.Warning:
			level = "warning"
		case result.Note:
			level = "notice"
		}
		props := []string{}
		if p, ok := firstPosition(f); ok {
			props = append(props, "file="+property(path.Join(d.Result.Candidate.Dir, d.Result.Candidate.Prefix, p.File)))
			if p.Line > 0 {
				props = append(props, fmt.Sprintf("line=%d", p.Line))
			}
		}
		title := string(f.Kind)
		if f.Rule != "" {
			title += " " + f.Rule
		}
		props = append(props, "title="+property(title))
		if _, err := fmt.Fprintf(w, "::%s %s::%s\n", level, strings.Join(props, ","), message(findingText(f))); err != nil {
			return err
		}
	}
	status := RunStatus(d.Result)
	good, text := status == "clean", status+": "+runMessage(d.Result)
	if d.Score != nil {
		good = d.Score.ExitCode() == 0
		text = fmt.Sprintf("%s %s: %s", pointsText(d.Score), d.Score.StatusText(), d.Score.Message)
	}
	level := "error"
	if good {
		level = "notice"
	}
	_, err := fmt.Fprintf(w, "::%s title=racebench::%s\n", level, message(text))
	return err
}

func firstPosition(f result.Finding) (result.Position, bool) {
	if len(f.Positions) > 0 {
		return f.Positions[0], true
	}
	for _, s := range f.Stacks {
		if len(s.Frames) > 0 {
			return s.Frames[0], true
		}
	}
	return result.Position{}, false
}

// message escapes the data of a workflow command.
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(terminal.Clean(s))
}

// property escapes a property of a workflow command.
func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(message(s))
}
