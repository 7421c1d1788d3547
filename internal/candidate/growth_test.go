package candidate_test

import (
	"strings"
	"testing"
)

// TestGrowth: types that grow out of proportion are refused before anybody
// resolves them, and what a right fix may contain is not.
func TestGrowth(t *testing.T) {
	const head = "package counter\n\ntype pair[A, B any] struct {\n\ta *A\n\tb *B\n}\n\n"
	lines := func(format string, n int) string {
		text := ""
		for i := 1; i <= n; i++ {
			text += strings.NewReplacer("NEW", string(rune('A'+i/26))+string(rune('a'+i%26)), "OLD", string(rune('A'+(i-1)/26))+string(rune('a'+(i-1)%26))).Replace(format) + "\n"
		}
		return text
	}
	for name, test := range map[string]struct {
		source  string
		refused bool
	}{
		"aliases of structs":     {"package counter\n\ntype Aa = int\n" + lines("type NEW = struct{ x, y OLD }", 30), true},
		"aliases of functions":   {"package counter\n\ntype Aa = int\n" + lines("type NEW = func(x, y OLD)", 30), true},
		"local aliases":          {head + "func f() {\n\ttype Aa = int\n" + lines("\ttype NEW = pair[OLD, OLD]", 30) + "}\n", true},
		"a generic alias":        {"package counter\n\ntype two[T any] = struct{ x, y *T }\n\nvar x " + strings.Repeat("two[", 30) + "int" + strings.Repeat("]", 30) + "\n", true},
		"a method":               {head + "func (p pair[A, B]) two() (z pair[pair[A, B], pair[A, B]]) { return }\n\nvar Aa pair[int, int]\n" + lines("var NEW = OLD.two()", 30), true},
		"nested pairs":           {head + "var x " + strings.Repeat("pair[int, ", 30) + "int" + strings.Repeat("]", 30) + "\n", false},
		"a chain of types":       {"package counter\n\ntype Aa int\n" + lines("type NEW struct{ x, y *OLD }", 60), false},
		"a chain of aliases":     {"package counter\n\ntype Aa = int\n" + lines("type NEW = []OLD", 60), false},
		"a tree":                 {head + "type tree[K comparable, V any] struct {\n\tleft, right *tree[K, V]\n\tboth map[K]pair[K, V]\n\tlock func(func(K) K) func(K) K\n}\n", false},
		"permutations":           {"package counter\n\nfunc perm[A, B, C, D, E any](n int) {\n\tif n > 0 {\n\t\tperm[B, C, D, E, A](n - 1)\n\t\tperm[B, A, C, D, E](n - 1)\n\t}\n}\n", true},
		"permutations, inferred": {"package counter\n\nfunc perm[A, B, C, D, E any](n int, a A, b B, c C, d D, e E) {\n\tif n > 0 {\n\t\tperm(n-1, b, c, d, e, a)\n\t}\n}\n", true},
		"five, not passed on":    {"package counter\n\ntype five[A, B, C, D, E any] struct{ n int }\n\nfunc (f *five[A, B, C, D, E]) add() { f.n++ }\n\nfunc use[A, B, C, D, E any](f *five[A, B, C, D, E]) { f.add() }\n", false},
		"helpers called often":   {head + "func keep[T any](x T) T { return x }\n\nvar Aa = 1\n" + lines("var NEW = keep(OLD)", 60), false},
		"a wrapper, ten layers":  {head + "func wrap[T any](f func(T) T) func(T) T { return f }\n\nvar Aa = func(x int) int { return x }\n" + lines("var NEW = wrap(OLD)", 10), false},
	} {
		t.Run(name, func(t *testing.T) {
			c := load(t, write(t, map[string]string{"counter/growth.go": test.source}))
			if refused := c.Unjudgeable != ""; refused != test.refused || refused && !strings.Contains(c.Unjudgeable, "exhausts") {
				t.Errorf("refused is %v, want %v: %q", refused, test.refused, messages(c))
			}
		})
	}
}

// TestTampering: the standard library's variables are for reading, and so is
// the text of a call stack for nobody.
func TestTampering(t *testing.T) {
	for name, test := range map[string]struct {
		source, reason string
	}{
		"assigned":      {"import \"time\"\n\nfunc init() { time.Local = nil }\n", "another package"},
		"through an &":  {"import \"context\"\n\nvar x = &context.Canceled\n", "another package"},
		"in a range":    {"import \"errors\"\n\nfunc init() { for _, errors.ErrUnsupported = range []error{nil} {} }\n", "another package"},
		"read":          {"import \"time\"\n\nvar x, y = time.Local, &struct{ *time.Location }{time.UTC}\n", ""},
		"own selector":  {"type s struct{ Local *int }\n\nfunc f(time s) { time.Local = nil }\n", ""},
		"searched":      {"import (\n\t\"runtime/debug\"\n\t\"strings\"\n)\n\nvar x = strings.Contains(string(debug.Stack()), \"main\")\n", "call stack"},
		"kept first":    {"import (\n\td \"runtime/debug\"\n\t\"strings\"\n)\n\nfunc f() bool {\n\tstack := d.Stack()\n\ttext := string(stack[8:])\n\treturn strings.HasPrefix(text, \"main\")\n}\n", "call stack"},
		"put in errors": {"import (\n\t\"fmt\"\n\t\"runtime/debug\"\n\t\"strings\"\n)\n\nfunc f(s string) error {\n\tif strings.Contains(s, \"x\") {\n\t\treturn nil\n\t}\n\treturn fmt.Errorf(\"%s\", debug.Stack())\n}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := load(t, write(t, map[string]string{"counter/tamper.go": "package counter\n\n" + test.source}))
			if (c.Unjudgeable != "") != (test.reason != "") || !strings.Contains(c.Unjudgeable, test.reason) {
				t.Errorf("want %q: %q", test.reason, messages(c))
			}
		})
	}
}
