package candidate_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"racebench/internal/candidate"
	"racebench/internal/result"
)

// write lays the built-in components out in a folder, with changes.
func write(t *testing.T, changes map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "fix")
	files := make(map[string]string)
	for name, text := range candidate.Builtin().Sources {
		files[name] = string(text)
	}
	maps.Copy(files, changes)
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, dir string) *candidate.Candidate {
	t.Helper()
	c, err := candidate.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func messages(c *candidate.Candidate) []string {
	var out []string
	for _, f := range c.Findings {
		out = append(out, string(f.Kind)+": "+f.Message)
	}
	return out
}

func TestBuiltinKeepsContract(t *testing.T) {
	dir := write(t, nil)
	c := load(t, dir)
	if len(c.Findings) > 0 || c.Unjudgeable != "" || len(c.Notes) > 0 {
		t.Fatalf("findings %q, notes %q", messages(c), c.Notes)
	}
	b := candidate.Builtin()
	if c.Hash != b.Hash || c.Hash == "" || !maps.EqualFunc(c.Sources, b.Sources, func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Error("the sources were not taken as they are")
	}
	if c.Name != "fix" || c.Dir != dir || c.Builtin {
		t.Errorf("%+v", c.Description())
	}
	if f := candidate.FromSources("again", b.Sources); len(f.Findings) > 0 || f.Hash != b.Hash {
		t.Errorf("FromSources: %q", messages(f))
	}
}

func TestNames(t *testing.T) {
	for name, source := range map[string]string{"cache/CACHE.go": "package cache\n", "cache/x.go": "package _\n"} {
		c := load(t, write(t, map[string]string{name: source}))
		if !strings.Contains(c.Unjudgeable, name) {
			t.Errorf("%s: %q", name, c.Unjudgeable)
		}
	}
}

func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := write(t, nil)
	if err := os.Chmod(filepath.Join(dir, "cache/cache.go"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "counter"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "counter"), 0o700) })
	c := load(t, dir)
	if len(c.Findings) != 2 || !strings.Contains(c.Unjudgeable, "cannot be read") {
		t.Errorf("%q", messages(c))
	}
}

func TestInternalLayout(t *testing.T) {
	dir := t.TempDir()
	if err := os.Rename(write(t, nil), filepath.Join(dir, "internal")); err != nil {
		t.Fatal(err)
	}
	c := load(t, dir)
	if len(c.Findings) > 0 || c.Prefix != "internal/" || c.Hash != candidate.Builtin().Hash {
		t.Errorf("prefix %q, findings %q", c.Prefix, messages(c))
	}
}

func TestNoFolder(t *testing.T) {
	if _, err := candidate.Load(filepath.Join(t.TempDir(), "nothing")); err == nil {
		t.Error("no error for a folder that does not exist")
	}
}

// stub is a counter in the contract's shape that the cases below change.
const stub = `package counter

import "time"

type Counter struct{}

func New() *Counter { return nil }

func (c *Counter) RecordRequest(success bool, elapsed time.Duration) {}

func (c *Counter) Increment() {}

func (c *Counter) SuccessRate() float64 { return 0 }

func (c *Counter) AverageProcessingTime() time.Duration { return 0 }

func (c *Counter) Stats() Stats { return Stats{} }

func (c *Counter) Reset() Stats { return Stats{} }

type Stats struct {
	Total, Succeeded, Failed uint64
	ProcessingTime           time.Duration
}

func (s Stats) SuccessRate() float64 { return 0 }

func (s Stats) AverageProcessingTime() time.Duration { return 0 }
`

// edited is stub with replacements, old and new in turns.
func edited(t *testing.T, pairs ...string) map[string]string {
	t.Helper()
	text := stub
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("stub lacks %q", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return map[string]string{"counter/counter.go": text}
}

// TestMessages pins what a person reads about each difference and each trick
// that shows in the sources.
func TestMessages(t *testing.T) {
	add := func(file, text string) map[string]string { return map[string]string{file: text} }
	cases := []struct {
		name    string
		changes map[string]string
		want    []string
	}{
		{"right", edited(t), nil},
		{
			"more names, fields, files, another order, aliases, named results, value receivers", map[string]string{
				"counter/counter.go": strings.NewReplacer(
					"Counter struct{}", "Counter = impl\n\ntype impl struct{ n int }\n\nfunc (impl) Extra() {}",
					"(c *Counter) Increment()", "(c impl) Increment()",
					"Failed uint64", "Failed uint64; extra, More int; _ byte",
					"success bool, elapsed time.Duration", "ok bool, d clock.Duration",
					`"time"`, `clock "time"`, "time.Duration", "clock.Duration",
					"Stats() Stats { return", "Stats() (s snapshot) { return",
				).Replace(stub),
				"counter/more.go": "package counter\n\ntype snapshot = Stats\n\nfunc init() {}\n",
			}, nil,
		},
		{"missing method", edited(t, "func (c *Counter) Reset() Stats { return Stats{} }", ""), []string{
			"api: counter/counter.go:5: missing: func (c *Counter) Reset() Stats",
		}},
		{"unexported method", edited(t, ") Reset()", ") reset()"), []string{
			"api: counter/counter.go:5: missing: func (c *Counter) Reset() Stats; there is func (c *Counter) reset() Stats",
		}},
		{"missing function", edited(t, "func New() *Counter { return nil }", ""), []string{
			"api: counter/counter.go: missing: func New() *Counter",
		}},
		{"changed result", edited(t, "Reset() Stats { return Stats{} }", "Reset() { }"), []string{
			`api: counter/counter.go:19: Counter.Reset differs from the contract; the contract has "func (c *Counter) Reset() Stats", this is "func (c *Counter) Reset()"`,
		}},
		{"changed parameter", edited(t, "elapsed time.Duration", "elapsed int64"), []string{
			`api: counter/counter.go:9: Counter.RecordRequest differs from the contract; the contract has "func (c *Counter) RecordRequest(success bool, elapsed time.Duration)", this is "func (c *Counter) RecordRequest(success bool, elapsed int64)"`,
		}},
		{"pointer receiver", edited(t, "(s Stats) SuccessRate", "(s *Stats) SuccessRate"), []string{
			`api: counter/counter.go:26: Stats.SuccessRate has a pointer receiver, want a value receiver; the contract has "func (s Stats) SuccessRate() float64", this is "func (s *Stats) SuccessRate() float64"`,
		}},
		{"missing and changed field", edited(t, "Total, Succeeded, Failed uint64", "Total, Succeeded int64"), []string{
			`api: counter/counter.go:21: missing: Failed uint64`,
			`api: counter/counter.go:22: Stats.Total differs from the contract; the contract has "Total uint64", this is "Total int64"`,
			`api: counter/counter.go:22: Stats.Succeeded differs from the contract; the contract has "Succeeded uint64", this is "Succeeded int64"`,
		}},
		{"incomparable", edited(t, "Failed uint64", "Failed uint64; all []int"), []string{
			`api: counter/counter.go:21: Stats has a field that makes its values incomparable with ==`,
		}},
		{"not a function", edited(t, "func New() *Counter { return nil }", "var New = func() *Counter { return nil }"), []string{
			`api: counter/counter.go:7: New is a variable; the contract has "func New() *Counter", this is "var New = func() *Counter { return nil }"`,
		}},
		{"other package", edited(t, "package counter", "package main"), []string{
			"api: counter/counter.go:1: the package is named main, want counter",
		}},
		{"syntax error", edited(t, "type Counter struct{}", "type Counter struct{"), []string{
			"build: counter/counter.go:7: syntax error: expected '}', found 'func'",
		}},
		{"forbidden import", edited(t, `import "time"`, "import (\n\t\"time\"\n\tnothing \"os\"\n)"), []string{
			"api: counter/counter.go:5: imports os: it could end the process (os.Exit), and reads the environment, the arguments and the judge's files",
		}},
		{"blank and dot imports", edited(t, `import "time"`, "import (\n\t\"time\"\n\t_ \"net/http/pprof\"\n\t. \"runtime\"\n)"), []string{
			"api: counter/counter.go:5: imports net/http/pprof: it could reach the network",
			"api: counter/counter.go:6: imports runtime into the file's own names; only runtime.Gosched and runtime.NumCPU may be used, and must be seen to be used",
		}},
		{"unsafe", edited(t, `import "time"`, "import \"time\"\nimport \"unsafe\""), []string{
			"hostile: counter/counter.go:4: imports unsafe: it could change the judge's memory and patch its code",
		}},
		{"cgo", edited(t, `import "time"`, "import \"time\"\n\n// int f() { return 1; }\nimport \"C\""), []string{
			"hostile: counter/counter.go:6: imports C: cgo: native code escapes the race detector and may run before main",
		}},
		{"the reference", edited(t, `import "time"`, "import (\n\t\"time\"\n\t\"racebench/internal/model\"\n)"), []string{
			"api: counter/counter.go:5: imports racebench/internal/model: it reaches for the judge's own packages: the reference implementation and the expected values",
		}},
		{"third party", edited(t, `import "time"`, "import (\n\t\"time\"\n\t\"example.com/x\"\n)"), []string{
			"api: counter/counter.go:5: imports example.com/x: it is not of the standard library",
		}},
		{"symbols", edited(t, `import "time"`, "import \"time\"\nimport rt \"runtime\"\nimport \"runtime/debug\"", "{ return nil }",
			"{ rt.Gosched(); rt.GOMAXPROCS(1); _ = rt.NumCPU(); debug.SetGCPercent(-1); _ = debug.Stack(); f := (rt).LockOSThread; f(); return nil }"), []string{
			"api: counter/counter.go:9: uses runtime.GOMAXPROCS: it changes how many goroutines run at once, to look safe; of this package only runtime.Gosched and runtime.NumCPU may be used",
			"api: counter/counter.go:9: uses runtime/debug.SetGCPercent: it switches the garbage collector off, to look fast; of this package only runtime/debug.Stack may be used",
			"api: counter/counter.go:9: uses runtime.LockOSThread: it binds goroutines to threads, to look fast or safe; of this package only runtime.Gosched and runtime.NumCPU may be used",
		}},
		{"a variable named runtime", edited(t, "{ return nil }", "{ var runtime struct{ GC func() }; _ = runtime.GC; return nil }"), nil},
		{"norace", edited(t, "func New()", "//go:norace\nfunc New()"), []string{
			"hostile: counter/counter.go:7: the directive //go:norace hides a function from the race detector",
		}},
		{"linkname", edited(t, "func New()", "//go:linkname exit runtime.exit\nfunc exit(int32)\n\nfunc New()"), []string{
			"hostile: counter/counter.go:7: the directive //go:linkname reaches unexported functions of the runtime and of the judge",
		}},
		{"build tag", map[string]string{"counter/counter.go": "//go:build !race\n\n" + stub}, []string{
			"hostile: counter/counter.go:1: the directive //go:build is a build tag, which shows one source to the race detector and another to the benchmark",
		}},
		{"old build tag", map[string]string{"counter/counter.go": "// +build !race\n\n" + stub}, []string{
			"hostile: counter/counter.go:1: the directive //+build is a build tag, which shows one source to the race detector and another to the benchmark",
		}},
		{"line directive", edited(t, "func New()", "//line cache.go:1\nfunc New()"), []string{
			"hostile: counter/counter.go:7: the directive //line forges the positions in race reports and findings",
		}},
		{"line directive in line", edited(t, "func New()", "/*line cache.go:1:1*/func New()"), []string{
			"hostile: counter/counter.go:7: the directive //line forges the positions in race reports and findings",
		}},
		{"embed", edited(t, "type Counter", "//go:embed x\nvar x string\n\ntype Counter"), []string{
			"hostile: counter/counter.go:5: the directive //go:embed puts files into the binary",
		}},
		{"unknown directive", edited(t, "func New()", "//go:tomorrow x\nfunc New()"), []string{
			"hostile: counter/counter.go:7: the directive //go:tomorrow is not among those that a candidate may use",
		}},
		{"harmless comments", edited(t, "func New()", "//go:noinline\n//export to others: not a directive.\n//lines of text: none\n// go:norace is not used here\nfunc New()"), nil},
		{"file name", add("counter/more_linux.go", "package counter\n"), []string{
			"hostile: counter/more_linux.go: the ending _linux of the file name is a build constraint, which shows different sources to different builds",
		}},
		{"assembly", add("counter/exit_amd64.s", "TEXT ·x(SB),0,$0\n"), []string{
			"hostile: counter/exit_amd64.s: a file that Go would build or link as native code (.s), which escapes the race detector and may run before main",
		}},
		{"prebuilt object", add("counter/x.syso", "\x7fELF"), []string{
			"hostile: counter/x.syso: a file that Go would build or link as native code (.syso), which escapes the race detector and may run before main",
		}},
		{"large", add("counter/large.go", "package counter\n//"+strings.Repeat("x", 256<<10)), []string{
			"api: counter/large.go: larger than 256 KiB",
		}},
		{"odd name", add("counter/a\x1b[2J.go", "package counter\n"), []string{
			`api: counter/a\x1b[2J.go: a source file's name may have letters, digits, dot, hyphen and underscore only`,
		}},
		{"binary", add("counter/more.go", "package counter\n\x00"), []string{
			"build: counter/more.go: contains a NUL byte",
		}},
		{"constant bomb", add("counter/more.go", "package counter\n\nconst a0 = \"0123456789\"\n"+doubling(40)+"const n = len(a40)\n"), []string{
			"hostile: counter/more.go:20: a constant string of more than 1048576 bytes, which exhausts compilers and checkers",
		}},
		{"nesting bomb", add("counter/more.go", "package counter\n\nvar x = "+strings.Repeat("(", 2000)+"1"+strings.Repeat(")", 2000)+"\n"), []string{
			"hostile: counter/more.go:3: nested more than 500 levels deep, which exhausts compilers and checkers",
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			changes := edited(t)
			maps.Copy(changes, tc.changes)
			c := load(t, write(t, changes))
			got := messages(c)
			if !slices.Equal(got, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
			if (c.Unjudgeable != "") != (len(tc.want) > 0) {
				t.Errorf("unjudgeable: %q", c.Unjudgeable)
			}
			for _, f := range c.Findings {
				if f.Component != result.Counter || f.ID == "" || f.Origin != result.FromCandidate || len(f.Positions) != 1 {
					t.Errorf("incomplete finding %+v", f)
				}
			}
		})
	}
}

// doubling declares constants that are each the last one twice.
func doubling(n int) string {
	var b strings.Builder
	name := func(i int) string { return "a" + string(rune('0'+i/10)) + string(rune('0'+i%10)) }
	for i := 1; i <= n; i++ {
		last := name(i - 1)
		if i == 1 {
			last = "a0"
		}
		b.WriteString("const " + name(i) + " = " + last + " + " + last + "\n")
	}
	return b.String()
}

// TestGenericAPI covers the parts of the contract that the counter has not.
func TestGenericAPI(t *testing.T) {
	cases := []struct {
		name, file string
		pairs      []string
		want       []string
	}{
		{"other parameter names and an equal constraint", "cache/cache.go", []string{
			"type Cache[K comparable, V any]", "type key interface{ comparable }\n\ntype Cache[Key key, Value interface{}]",
			"func New[K comparable, V any](capacity int) *Cache[K, V]", "func New[A key, B any](n int) *Cache[A, B]",
			"func (c *Cache[K, V]) Len()", "func (self *Cache[_, _]) Len()",
		}, nil},
		{"other constraint", "cache/cache.go", []string{
			"type Cache[K comparable,", "type Cache[K ~int | ~string,",
		}, []string{`api: cache/cache.go:3: Cache has other type parameters; the contract has "type Cache[K comparable, V any] struct", this is "type Cache[K ~int | ~string, V any] struct"`}},
		{"results exchanged", "cache/cache.go", []string{
			"Get(key K) (V, bool) { panic(0) }", "Get(key K) (bool, V) { panic(0) }",
		}, []string{`api: cache/cache.go:6: Cache.Get differs from the contract; the contract has "func (c *Cache[K, V]) Get(key K) (V, bool)", this is "func (c *Cache[K, V]) Get(key K) (bool, V)"`}},
		{"parameters exchanged", "cache/cache.go", []string{
			"type Cache[K comparable, V any]", "type Cache[V any, K comparable]",
			"func New[K comparable, V any](capacity int) *Cache[K, V]", "func New[V any, K comparable](capacity int) *Cache[V, K]",
		}, []string{
			`api: cache/cache.go:3: Cache has other type parameters; the contract has "type Cache[K comparable, V any] struct", this is "type Cache[V any, K comparable] struct"`,
			`api: cache/cache.go:5: New differs from the contract; the contract has "func New[K comparable, V any](capacity int) *Cache[K, V]", this is "func New[V any, K comparable](capacity int) *Cache[V, K]"`,
		}},
		{"promoted methods", "cache/cache.go", []string{
			"type Cache[K comparable, V any] struct{}", "type Cache[K comparable, V any] struct{ *base[K, V] }\n\ntype base[A comparable, B any] struct{}\n\nfunc (b *base[A, B]) Get(key A) (B, bool) { panic(0) }",
			"func (c *Cache[K, V]) Get(key K) (V, bool) { panic(0) }", "",
		}, nil},
		{"constants in another order", "workerpool/workerpool.go", []string{
			"Idle State = iota\n\tBusy", "Busy State = iota\n\tIdle",
		}, []string{
			`api: workerpool/workerpool.go:23: Busy differs from the contract; the contract has "const Busy State = 1", this is "const Busy State = 0"`,
			`api: workerpool/workerpool.go:24: Idle differs from the contract; the contract has "const Idle State = 0", this is "const Idle State = 1"`,
		}},
		{"error variable", "workerpool/workerpool.go", []string{
			"var ErrClosed error", "type closed struct{}\n\nfunc (closed) Error() string { return \"\" }\n\nvar ErrClosed = closed{}",
		}, []string{`api: workerpool/workerpool.go:39: ErrClosed differs from the contract; the contract has "var ErrClosed error", this is "var ErrClosed = closed{}"`}},
		{"error variable by inference", "workerpool/workerpool.go", []string{
			"package workerpool\n", "package workerpool\n\nimport \"errors\"\n",
			"var ErrClosed error", "var ErrClosed = errors.New(\"closed\")",
		}, nil},
		{"state of another type", "workerpool/workerpool.go", []string{
			"type State int", "type State uint8",
		}, []string{`api: workerpool/workerpool.go:20: State differs from the contract; the contract has "type State int", this is "type State uint8"`}},
		{"result of another shape", "workerpool/workerpool.go", []string{
			"Value T\n", "Value any\n", "[]Result[T]", "[]*Result[T]",
		}, []string{
			`api: workerpool/workerpool.go:10: Pool.Results differs from the contract; the contract has "func (p *Pool[T]) Results() []Result[T]", this is "func (p *Pool[T]) Results() []*Result[T]"`,
			`api: workerpool/workerpool.go:16: Result.Value differs from the contract; the contract has "Value T", this is "Value any"`,
		}},
		{"embedded from elsewhere", "cache/cache.go", []string{
			"package cache\n", "package cache\n\nimport \"container/list\"\n",
			"Cache[K comparable, V any] struct{}", "Cache[K comparable, V any] struct{ list.List }",
			"func (c *Cache[K, V]) Len() int { panic(0) }", "",
		}, nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			component, _, _ := strings.Cut(tc.file, "/")
			text := candidate.Contract(result.Component(component))
			for i := 0; i < len(tc.pairs); i += 2 {
				if !strings.Contains(text, tc.pairs[i]) {
					t.Fatalf("contract lacks %q", tc.pairs[i])
				}
				text = strings.Replace(text, tc.pairs[i], tc.pairs[i+1], 1)
			}
			sources := candidate.Builtin().Sources
			maps.DeleteFunc(sources, func(name string, _ []byte) bool { return strings.HasPrefix(name, component+"/") })
			sources[tc.file] = []byte(text)
			got := messages(candidate.FromSources("x", sources))
			if !slices.Equal(got, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

// TestStrangeFiles: what is no regular file is neither followed nor opened.
func TestStrangeFiles(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.go")
	if err := os.WriteFile(outside, []byte(stub), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		change func(dir string) error
		want   string
		notes  string
	}{
		{"missing file", func(dir string) error { return os.RemoveAll(dir + "/counter") }, "api: counter/counter.go: missing: there is no Go file of package counter", ""},
		{"link for a file", func(dir string) error {
			_ = os.Remove(dir + "/counter/counter.go")
			return os.Symlink(outside, dir+"/counter/counter.go")
		}, "hostile: counter/counter.go: a symbolic link in place of the source file counter/counter.go", ""},
		{"link for a folder", func(dir string) error {
			_ = os.Rename(dir+"/counter", dir+"/elsewhere")
			return os.Symlink("elsewhere", dir+"/counter")
		}, "hostile: counter: a symbolic link in place of the folder counter", ""},
		{"pipe", func(dir string) error { return syscall.Mkfifo(dir+"/counter/pipe.go", 0o600) }, "hostile: counter/pipe.go: a named pipe in place of the source file counter/pipe.go", ""},
		{"folder", func(dir string) error { return os.Mkdir(dir+"/counter/x.go", 0o700) }, "hostile: counter/x.go: a folder in place of the source file counter/x.go", ""},
		{"file for a folder", func(dir string) error {
			_ = os.RemoveAll(dir + "/counter")
			return os.WriteFile(dir+"/counter", nil, 0o600)
		}, "hostile: counter: a file in place of the folder counter", ""},
		{"own tests and extra files", func(dir string) error {
			for name, text := range map[string]string{
				"counter/counter_test.go": "package counter\nfunc TestMain(m *testing.M) { os.Exit(0) }\n",
				"counter/README":          "", "counter/_hidden.go": "nonsense", "counter/.x.go": "nonsense",
				"go.mod": "module x\nreplace racebench => /\ntoolchain go1.99\n", "go.work": "nonsense", "TASK.md": "",
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					return err
				}
			}
			return os.MkdirAll(dir+"/counter/inner", 0o700)
		}, "", strings.Join([]string{
			`go.work is ignored: the candidate is built in a module of racebench's own`,
			`counter/.x.go is ignored: it is not a Go file of the package`,
			`counter/README is ignored: it is not a Go file of the package`,
			`counter/_hidden.go is ignored: it is not a Go file of the package`,
			`counter/counter_test.go is ignored: a candidate's own tests, TestMain included, are not run`,
			`counter/inner is ignored: only the package's own folder is taken`,
		}, "\n")},
		{"many files", func(dir string) error {
			for i := range 33 {
				if err := os.WriteFile(fmt.Sprintf("%s/counter/f%02d.go", dir, i), []byte("package counter\n"), 0o600); err != nil {
					return err
				}
			}
			return nil
		}, "api: counter: the package has more than 32 Go files", ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			dir := write(t, edited(t))
			if err := tc.change(dir); err != nil {
				t.Fatal(err)
			}
			c := load(t, dir)
			var want []string
			if tc.want != "" {
				want = []string{tc.want}
			}
			if got := messages(c); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), tc.want)
			}
			if notes := strings.Join(c.Notes, "\n"); notes != tc.notes {
				t.Errorf("notes\n%s\nwant\n%s", notes, tc.notes)
			}
		})
	}
}
