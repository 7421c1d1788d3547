package candidate_test

import (
	"maps"
	"strings"
	"testing"

	"racebench/internal/candidate"
)

// with is the built-in components and one more file of package counter.
func with(text string) *candidate.Candidate {
	sources := maps.Clone(candidate.Builtin().Sources)
	sources["counter/extra.go"] = []byte("package counter\n\n" + text)
	return candidate.FromSources("with", sources)
}

func TestStackReading(t *testing.T) {
	const imports = "import (\n\t\"errors\"\n\t\"fmt\"\n\t\"runtime/debug\"\n\t\"slices\"\n\t\"strings\"\n)\n\n"
	for text, hostile := range map[string]bool{
		`func f() bool { return strings.Contains(string(debug.Stack()), "x") }`:                                                                                             true,
		`func f() bool { return len(strings.Split(string(debug.Stack()), "x")) > 1 }`:                                                                                       true,
		`func f() bool { s := string(debug.Stack()); return strings.ReplaceAll(s, "x", "") != s }`:                                                                          true,
		`func f() bool { return len(debug.Stack()) > 900 }`:                                                                                                                 true,
		`func f() bool { return slices.Contains(debug.Stack(), 'x') }`:                                                                                                      true,
		`func f() bool { return debug.Stack()[7] == 'x' }`:                                                                                                                  true,
		`func f() (n int) { for _, b := range debug.Stack() { n += int(b) }; return n }`:                                                                                    true,
		`func f() (a, b string) { fmt.Sscan(string(debug.Stack()), &a, &b); return a, b }`:                                                                                  true,
		`func f() int { switch string(debug.Stack()[:3]) { case "x": return 1 }; return 0 }`:                                                                                true,
		`var known = map[string]int{}; func f() int { return known[string(debug.Stack())] }`:                                                                                true,
		`func has(b []byte) bool { return strings.Contains(string(b), "x") }; func f() bool { return has(debug.Stack()) }`:                                                  true,
		`func look() []byte { return debug.Stack() }; func f() bool { return strings.HasPrefix(string(look()), "x") }`:                                                      true,
		`var look = debug.Stack; func f() bool { return strings.HasPrefix(string(look()), "x") }`:                                                                           true,
		`type t struct{ s []byte }; func f() bool { v := t{s: debug.Stack()}; return v.s[3] == 'x' }`:                                                                       true,
		`type t[T any] struct{ s []byte }; func f() bool { v := t[int]{debug.Stack()}; return v.s[3] == 'x' }`:                                                              true,
		`func f() bool { var b strings.Builder; b.Write(debug.Stack()); return b.String() == "x" }`:                                                                         true,
		`func f() bool { return fmt.Sprintf("%d %s", 1, debug.Stack()) == "x" }`:                                                                                            true,
		`type t struct{ v any; s []byte }; func f(v any) *t { return &t{v, debug.Stack()} }`:                                                                                false,
		`type t struct{ s []byte }; func (e *t) Error() string { if len(e.s) == 0 { return "" }; return "x\n" + string(e.s) }; func f() error { return &t{debug.Stack()} }`: false,
		`func f(v any) error { err := fmt.Errorf("panic: %v\n%s", v, debug.Stack()); if errors.Is(err, nil) || err != nil { return err }; return nil }`:                     false,
		`type t struct{ s []byte }; func (e *t) keep(s []byte) bool { e.s = s; return true }; func f(e *t) bool { return e.keep(debug.Stack()) == true }`:                   false,
		`func f() []byte { s := debug.Stack(); out := make([]byte, len(s)); copy(out, s); return out }`:                                                                     false,
		`func f() string { return strings.TrimSpace(string(debug.Stack()[:100])) }`:                                                                                         false,
	} {
		c := with(imports + text + "\n\nvar _ = errors.New\n")
		if got := strings.Contains(c.Unjudgeable, "call stack"); got != hostile || !hostile && c.Unjudgeable != "" {
			t.Errorf("%s\nfound: %q, want a finding: %v", text, messages(c), hostile)
		}
	}
}

func TestTamperingForms(t *testing.T) {
	for text, name := range map[string]string{
		`import "time"; func init() { time.Local = nil }`:                                                      "time.Local",
		`import . "time"; func init() { Local = nil }`:                                                         "Local",
		`import . "time"; import "sync"; var _ sync.Mutex; func f() { p := &Local; *p = nil }`:                 "Local",
		`import . "context"; func init() { Canceled = nil }`:                                                   "Canceled",
		`import "time"; func init() { *time.UTC = *time.FixedZone("x", 1) }`:                                   "time.Location",
		`import "time"; func init() { p := time.UTC; *p = *time.FixedZone("x", 1) }`:                           "time.Location",
		`import "time"; type t struct{ z *time.Location }; func f(v t) { v.z = time.UTC }`:                     "",
		`import . "time"; var last Time; func f() { last = Now(); n, _ := 1, 2; n++; p := &last; *p = Now() }`: "",
	} {
		c := with(text + "\n")
		if name == "" && c.Unjudgeable != "" || !strings.Contains(c.Unjudgeable, name) {
			t.Errorf("%s\nfound: %q, want %q", text, messages(c), name)
		}
	}
}
