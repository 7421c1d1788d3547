package suite

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"racebench/internal/explore/engine"
)

// The Go distribution brings kernels of published concurrency bugs to test its
// goroutine leak profile with: GoKer (Yuan et al.: GoBench: A benchmark suite of
// real-world Go concurrency bugs, CGO 2021) and patterns of its own. They are
// programs with one registered function for each bug. kernelFolders are their
// folders below runtime/testdata.
var kernelFolders = map[string]string{"patterns": "testgoroutineleakprofile", "goker": "testgoroutineleakprofile/goker"}

// benign are the registered functions that leave nothing behind for good.
var benign = []string{"DaisyChain", "NoLeakGlobal"}

// unreachable are the kernels whose bug the version in the Go distribution
// cannot show, with the reason. The test proves it by running all schedules.
var unreachable = map[string]string{
	"Moby27782": "readLogs holds the logger's lock until followLogs has returned, and Close needs that lock to close what followLogs waits for",
}

// A kernel is one registered function.
type kernel struct {
	folder, name string
}

func (k kernel) benign() bool { return slices.Contains(benign, k.name) }

// kernels writes a module with one package for each folder and one test for
// each registered function. It returns "" where this Go brings no kernels.
func kernels(t *testing.T) (module string, all []kernel) {
	t.Helper()
	root := filepath.Join(goroot(t), "src", "runtime", "testdata")
	module = t.TempDir()
	write(t, filepath.Join(module, "go.mod"), []byte("module kernels\n\ngo 1.25\n"))
	for pkg, folder := range kernelFolders {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Logf("SKIP %s: not in this GOROOT", folder)
			continue
		}
		dir := filepath.Join(module, pkg)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		var tests bytes.Buffer
		fmt.Fprintf(&tests, "package %s\n\nimport (\n\t\"io\"\n\t\"testing\"\n)\n\ntype noProfile struct{}\n\nfunc (noProfile) WriteTo(io.Writer, int) error { return nil }\n", pkg)
		for _, f := range files {
			text, names, err := adapt(f, pkg)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, strings.TrimSuffix(filepath.Base(f), ".go")+"_kernel_test.go"), text)
			for _, n := range names {
				fmt.Fprintf(&tests, "\nfunc Test%s(t *testing.T) { %s() }\n", n, n)
				all = append(all, kernel{pkg, n})
			}
		}
		write(t, filepath.Join(dir, "all_test.go"), tests.Bytes())
	}
	slices.SortFunc(all, func(a, b kernel) int { return strings.Compare(a.folder+a.name, b.folder+b.name) })
	return module, all
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// adapt makes a file of a kernel program part of a test package and returns the
// functions that it registers. The profile, which exists only under an
// experiment, is replaced by one that writes nothing. Where a program runs
// hundreds of copies of its bug at once, or goes round thousands of times, to
// make it likely, one copy and ten rounds are left: to make it likely is the
// exploration's business.
func adapt(file, pkg string) (text []byte, names []string, err error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	source = bytes.ReplaceAll(source, []byte("\t\"runtime/pprof\"\n"), nil)
	source = bytes.ReplaceAll(source, []byte(`pprof.Lookup("goroutineleak")`), []byte("noProfile{}"))
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, source, parser.ParseComments)
	if err != nil {
		return nil, nil, err
	}
	f.Name.Name = pkg
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "register" && len(call.Args) == 2 {
				if fn, ok := call.Args[1].(*ast.Ident); ok {
					names = append(names, fn.Name)
				}
			}
		}
		return true
	})
	f.Decls = slices.DeleteFunc(f.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && fn.Recv == nil && fn.Name.Name == "main"
	})
	ast.Inspect(f, func(n ast.Node) bool {
		if loop, ok := n.(*ast.ForStmt); ok {
			if limit, n := bound(loop); n >= 1000 {
				limit.Value = "10"
			}
		}
		return true
	})
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || !slices.Contains(names, fn.Name.Name) {
			continue
		}
		for _, s := range fn.Body.List {
			if loop, ok := s.(*ast.ForStmt); ok {
				once(loop)
			}
		}
	}
	var b bytes.Buffer
	if err := format.Node(&b, fset, f); err != nil {
		return nil, nil, err
	}
	return b.Bytes(), names, nil
}

// bound returns the constant that ends a loop, and its value.
func bound(loop *ast.ForStmt) (*ast.BasicLit, int) {
	cond, ok := loop.Cond.(*ast.BinaryExpr)
	if !ok {
		return nil, 0
	}
	limit, ok := cond.Y.(*ast.BasicLit)
	if !ok || limit.Kind != token.INT {
		return nil, 0
	}
	n, err := strconv.Atoi(limit.Value)
	if err != nil {
		return nil, 0
	}
	return limit, n
}

// once makes a loop that only multiplies goroutines run once.
func once(loop *ast.ForStmt) {
	limit, n := bound(loop)
	if n < 10 {
		return
	}
	for _, s := range loop.Body.List {
		if _, ok := s.(*ast.GoStmt); ok {
			loop.Cond.(*ast.BinaryExpr).Op, limit.Value = token.LSS, "1"
			return
		}
	}
}

// expectations reads which functions Go's own test of the leak profile finds
// blocked, by kernel. A kernel that is not in it has none.
func expectations(t *testing.T) map[string][]*regexp.Regexp {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(goroot(t), "src", "runtime", "goroutineleakprofile_test.go"))
	if err != nil {
		t.Logf("SKIP which functions leak: %v", err)
		return nil
	}
	want := map[string][]*regexp.Regexp{}
	for _, m := range expectation.FindAllSubmatch(text, -1) {
		for _, p := range quoted.FindAllSubmatch(m[2], -1) {
			function, _, _ := strings.Cut(string(p[1]), ` \[`) // what follows is the wait reason
			function = strings.TrimSuffix(strings.TrimSuffix(function, ".*"), `\(`)
			re, err := regexp.Compile(strings.ReplaceAll(function, `\(*`, `\(\*`))
			if err != nil {
				t.Fatal(err)
			}
			want[string(m[1])] = append(want[string(m[1])], re)
		}
	}
	return want
}

var (
	expectation = regexp.MustCompile(`(?s)make(?:Flaky)?Test\("(\w+)",(.*?)\n\t\t\)`)
	quoted      = regexp.MustCompile("`([^`]*)`")
)

func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// exposes wants a schedule that leaves one of the given functions blocked. Of a
// kernel of which nothing is known any failure will do.
func exposes(functions []*regexp.Regexp) func(*engine.Outcome) engine.Evidence {
	failure := showing(engine.Leak, engine.Deadlock, engine.Panic, engine.Fatal)
	return func(o *engine.Outcome) engine.Evidence {
		e := failure(o)
		if e == engine.Panic || e == engine.Fatal || len(functions) == 0 {
			return e
		}
		for _, l := range o.Left {
			for _, f := range l.Stack {
				if l.Blocked && slices.ContainsFunc(functions, func(re *regexp.Regexp) bool { return re.MatchString(f.Func) }) {
					return e
				}
			}
		}
		return ""
	}
}

// exhaust runs all schedules of a test, up to the order of independent
// operations. It reports how many there are, what the first failing one is
// evidence of, and whether the search came to its end.
func (tg *target) exhaust(t *testing.T, test string, seed uint64, most int) (runs int, e engine.Evidence, complete bool) {
	t.Helper()
	job := engine.Job{Test: test, Mix: []engine.Strategy{{Kind: engine.Exhaustive, Depth: -1}}, Seed: seed, Count: 4096}
	failure := showing(engine.Leak, engine.Deadlock, engine.Panic, engine.Fatal)
	for int(job.From) < most {
		p := tg.start(t, "^"+test+"$")
		for int(job.From) < most {
			tot, err := p.Explore(job, func(o *engine.Outcome) bool {
				e = failure(o)
				return e == ""
			})
			if err != nil {
				p.Close()
				t.Fatal(err)
			}
			if tot.Restarted {
				runs = 0
			}
			runs += tot.Runs
			job.From, job.Path = tot.Next, tot.Path
			if tot.Complete || tot.Broken || e != "" {
				p.Close()
				return runs, e, tot.Complete
			}
			if tot.Retire {
				break
			}
		}
		p.Close()
	}
	return runs, e, false
}

// kernelBudget is the number of schedules for each kernel.
const kernelBudget = 1000

// TestKernels explores the kernels that come with Go.
func TestKernels(t *testing.T) {
	if !slow {
		t.Skip("needs the build tag slow")
	}
	module, all := kernels(t)
	functions := expectations(t)
	for _, k := range all {
		t.Run(k.name, func(t *testing.T) {
			tg := build(t, module, "./"+k.folder, false)
			if why := unreachable[k.name]; why != "" {
				for _, seed := range []uint64{1, 2, 3} { // what select chooses comes from the seed
					runs, e, complete := tg.exhaust(t, "Test"+k.name, seed, 100_000)
					if e != "" || !complete {
						t.Errorf("seed %d: %s in %d schedules, complete: %v", seed, e, runs, complete)
					}
					t.Logf("| %s | %s | none in all %d schedules: %s |", k.folder, k.name, runs, why)
				}
				return
			}
			var firsts []string
			for _, seed := range []uint64{1, 2, 3} {
				h := tg.search(t, "Test"+k.name, exposes(functions[k.name]), portfolio, seed, kernelBudget)
				firsts = append(firsts, fmt.Sprintf("%d (%s)", h.first, h.evidence))
				if k.benign() && h.first > 0 {
					t.Errorf("seed %d: accused of a %s by schedule %d", seed, h.evidence, h.first)
				}
				if !k.benign() && h.first == 0 {
					t.Errorf("seed %d: not exposed in %d schedules", seed, kernelBudget)
				}
			}
			t.Logf("| %s | %s | %s |", k.folder, k.name, strings.Join(firsts, ", "))
		})
	}
}
