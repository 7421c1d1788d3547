package engine

import (
	"fmt"
	"strconv"
	"strings"

	"racebench/internal/explore/trace"
)

// A line is one message from a test binary: a word and its values. The first
// value that cannot be read is kept in err.
type line struct {
	word string
	args map[string]string
	err  error
}

// parseLine reads a line of the protocol: word key=value key="value" …
func parseLine(s string) line {
	l := line{args: map[string]string{}}
	l.word, s, _ = strings.Cut(s, " ")
	for s != "" {
		key, rest, ok := strings.Cut(s, "=")
		if !ok {
			l.err = fmt.Errorf("engine: no value in %q", s)
			return l
		}
		if q, err := strconv.QuotedPrefix(rest); err == nil {
			l.args[key], _ = strconv.Unquote(q)
			s = strings.TrimPrefix(rest[len(q):], " ")
			continue
		}
		l.args[key], s, _ = strings.Cut(rest, " ")
	}
	return l
}

func (l *line) str(key string) string { return l.args[key] }

func (l *line) uint(key string, base int) uint64 {
	n, err := strconv.ParseUint(l.args[key], base, 64)
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("engine: %s: %s=%q", l.word, key, l.args[key])
	}
	return n
}

func (l *line) int(key string) int {
	n, err := strconv.Atoi(l.args[key])
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("engine: %s: %s=%q", l.word, key, l.args[key])
	}
	return n
}

func (l *line) bool(key string) bool { return l.args[key] == "true" }

// stack reads "function\tfile\tline" lines.
func (l *line) stack(key string) []trace.Frame {
	var fs []trace.Frame
	for s := range strings.Lines(l.args[key]) {
		f := strings.Split(strings.TrimSuffix(s, "\n"), "\t")
		if len(f) != 3 {
			continue
		}
		n, _ := strconv.Atoi(f[2])
		fs = append(fs, trace.Frame{Func: f[0], File: f[1], Line: n})
	}
	return fs
}

// writeLine formats a line of the protocol.
func writeLine(b *strings.Builder, word string, pairs ...any) {
	b.WriteString(word)
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(b, " %s=", pairs[i])
		switch v := pairs[i+1].(type) {
		case string:
			b.WriteString(strconv.Quote(v))
		default:
			fmt.Fprint(b, v)
		}
	}
	b.WriteByte('\n')
}
