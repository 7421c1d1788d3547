// Package terminal knows what a stream can show: whether it is a terminal, how
// wide it is, and whether it gets colour. It is the one place that decides
// colour, and the one that makes foreign text harmless before it is shown.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fatih/color"
	"golang.org/x/term"
)

// DefaultWidth is used for streams that are no terminal, in columns.
const DefaultWidth = 80

// ColorMode is the user's wish about colour.
type ColorMode string

// The colour modes. Auto colours terminals unless NO_COLOR is set or TERM is
// dumb.
const (
	Auto   ColorMode = "auto"
	Always ColorMode = "always"
	Never  ColorMode = "never"
)

// ParseColorMode reads a --color value.
func ParseColorMode(s string) (ColorMode, error) {
	switch m := ColorMode(s); m {
	case Auto, Always, Never:
		return m, nil
	}
	return "", fmt.Errorf("invalid colour mode %q: want auto, always or never", s)
}

// Stream is one output with what it can show.
type Stream struct {
	io.Writer
	// TTY says that a person is likely to be watching.
	TTY bool
	// Width is the number of columns.
	Width int
	color bool
}

// Of examines w. getenv reads the environment (NO_COLOR, TERM, COLUMNS).
func Of(w io.Writer, mode ColorMode, getenv func(string) string) *Stream {
	s := &Stream{Writer: w, Width: DefaultWidth}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.TTY = true
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			s.Width = n
		}
	}
	if n := 0; !s.TTY {
		if _, err := fmt.Sscanf(getenv("COLUMNS"), "%d", &n); err == nil && n >= 40 {
			s.Width = n
		}
	}
	switch mode {
	case Always:
		s.color = true
	case Never:
	default:
		s.color = s.TTY && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	}
	return s
}

// paint applies attributes where the stream has colour.
func (s *Stream) paint(text string, attrs ...color.Attribute) string {
	c := color.New(attrs...)
	if s.color {
		c.EnableColor()
	} else {
		c.DisableColor()
	}
	return c.Sprint(text)
}

// Good, Bad, Doubtful, Faint and Strong colour a text by its meaning.
func (s *Stream) Good(text string) string { return s.paint(text, color.FgGreen) }

// Bad marks what is wrong.
func (s *Stream) Bad(text string) string { return s.paint(text, color.FgRed, color.Bold) }

// Doubtful marks what could not be decided or deserves a look.
func (s *Stream) Doubtful(text string) string { return s.paint(text, color.FgYellow) }

// Faint marks what is of secondary interest.
func (s *Stream) Faint(text string) string { return s.paint(text, color.Faint) }

// Strong marks what is to be read first.
func (s *Stream) Strong(text string) string { return s.paint(text, color.Bold) }

// Clean makes text that may come from a candidate harmless to show: control
// characters, ANSI escapes and bidirectional overrides become visible escapes.
// Line ends and tabs stay.
func Clean(text string) string {
	if !strings.ContainsFunc(text, unsafeRune) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case unsafeRune(r) && r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case unsafeRune(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	return b.String()
}

func unsafeRune(r rune) bool {
	if r == '\n' || r == '\t' {
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}
