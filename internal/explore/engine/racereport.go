package engine

import (
	"strconv"
	"strings"

	"racebench/internal/explore/trace"
)

// A RaceStack is one stack of a race report.
type RaceStack struct {
	Title string        `json:"title"` // "Write at 0x… by goroutine 9"
	Stack []trace.Frame `json:"stack,omitempty"`
}

// A RaceReport is one report of the race detector.
type RaceReport struct {
	Text     string      `json:"text"`
	Accesses []RaceStack `json:"accesses,omitempty"` // the two accesses, the later one first
	Created  []RaceStack `json:"created,omitempty"`  // where their goroutines were started
}

// parseRaces reads the reports in the output of the race detector. Text
// outside reports is skipped.
func parseRaces(text string) []RaceReport {
	const rule = "=================="
	var reports []RaceReport
	for {
		start := strings.Index(text, rule+"\nWARNING: DATA RACE\n")
		if start < 0 {
			return reports
		}
		body := text[start+len(rule)+1:]
		end := strings.Index(body, "\n"+rule)
		if end < 0 {
			return reports
		}
		reports = append(reports, parseRace(body[:end+1]))
		text = body[end+1+len(rule):]
	}
}

func parseRace(text string) RaceReport {
	r := RaceReport{Text: text}
	var cur *RaceStack
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		switch {
		case strings.HasPrefix(l, "      "):
			if cur == nil || len(cur.Stack) == 0 {
				continue
			}
			place, _, _ := strings.Cut(strings.TrimSpace(l), " +0x")
			file, number, _ := cutLast(place, ":")
			f := &cur.Stack[len(cur.Stack)-1]
			f.File = file
			f.Line, _ = strconv.Atoi(number)
		case strings.HasPrefix(l, "  "):
			if cur != nil {
				name := strings.TrimSpace(l)
				cur.Stack = append(cur.Stack, trace.Frame{Func: strings.TrimSuffix(name, "()")})
			}
		case strings.HasSuffix(l, ":"):
			s := RaceStack{Title: strings.TrimSuffix(l, ":")}
			if strings.HasPrefix(l, "Goroutine ") {
				r.Created = append(r.Created, s)
				cur = &r.Created[len(r.Created)-1]
			} else {
				r.Accesses = append(r.Accesses, s)
				cur = &r.Accesses[len(r.Accesses)-1]
			}
		}
	}
	return r
}

// cutLast cuts s around the last sep.
func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
