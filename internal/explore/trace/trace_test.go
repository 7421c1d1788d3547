package trace

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestOperationsAreThoseOfTheInjectedSources compares the numbering with the
// one that the test binary uses.
func TestOperationsAreThoseOfTheInjectedSources(t *testing.T) {
	b, err := os.ReadFile("../overlay/inject/runtime/ops.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	block, _, _ := strings.Cut(string(b), "racebenchOpCount")
	names := regexp.MustCompile(`(?m)^\tracebenchOp(\w+)`).FindAllStringSubmatch(block, -1)
	if len(names) != int(opCount) {
		t.Fatalf("%d operations there, %d here", len(names), opCount)
	}
	for i, want := range map[Op]string{
		None: "None", Start: "Start", Select: "Select", Lock: "Lock", WUnlock: "WUnlock", WaitGroupWait: "WGWait", OnceDo: "Once",
		PoolPut: "PoolPut", AtomicModify: "AtomicRMW", Write: "Write", Sleep: "Sleep",
	} {
		if names[i][1] != want {
			t.Errorf("operation %d is %s there, %s here", i, names[i][1], i)
		}
	}
}

func TestOpText(t *testing.T) {
	for o := range opCount {
		b, _ := o.MarshalText()
		var back Op
		if err := back.UnmarshalText(b); err != nil || back != o {
			t.Errorf("%s is read as %s, %v", b, back, err)
		}
	}
}

func TestTable(t *testing.T) {
	tr := Trace{
		Goroutines: []Goroutine{{ID: 1, Name: "1"}, {ID: 2, Name: "1.1"}},
		Steps: []Step{
			{Goroutine: 1, Op: Lock, Object: "mutex 1", Frame: Frame{"p.F", "/x/f.go", 3}},
			{Goroutine: 1, Op: Unlock, Frame: Frame{}}, // Go's own
			{Goroutine: 2, Op: Lock, Object: "mutex 1", Frame: Frame{"p.G", "/x/g.go", 7}, Decisive: true},
			{Goroutine: 2, Op: Lock, Phase: Blocked, Object: "mutex 1", Frame: Frame{"p.G", "/x/g.go", 7}},
		},
	}
	var b strings.Builder
	if err := tr.Table(&b, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	const want = "  step  goroutine 1              goroutine 1.1\n" +
		"     1  Lock mutex 1 f.go:3 (F)\n" +
		">    2                           Lock mutex 1 g.go:7 (G)\n" +
		"     3                           BLOCKS in Lock mutex 1 g.go:7 (G)\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	b.Reset()
	if err := tr.Table(&b, TableOptions{Rows: 1}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "… 1 more") || !strings.Contains(b.String(), ">    2") {
		t.Errorf("one row:\n%s", b.String())
	}
}

func TestObjectsAtOneAddress(t *testing.T) {
	var names Objects
	for i, c := range []struct {
		op   Op
		addr uint64
		want string
	}{
		{Write, 8, "var 1"}, {Lock, 8, "mutex 1"}, {Unlock, 8, "mutex 1"}, {Read, 8, "var 1"}, {Lock, 16, "mutex 2"}, {Lock, 0, ""}, {Select, 8, ""},
	} {
		if got := names.Name(c.op, c.addr); got != c.want {
			t.Errorf("%d: %s at %d is called %q, want %q", i, c.op, c.addr, got, c.want)
		}
	}
}

// TestTableFits: columns move together until every line fits, and no cell is
// lost.
func TestTableFits(t *testing.T) {
	var tr Trace
	for id := 1; id <= 4; id++ {
		tr.Goroutines = append(tr.Goroutines, Goroutine{ID: id, Name: "1.1.1." + strconv.Itoa(id)})
		tr.Steps = append(tr.Steps, Step{Goroutine: id, Op: Lock, Object: "mutex " + strconv.Itoa(id), Frame: Frame{"p.F", "/x/component.go", 100 + id}})
	}
	for _, width := range []int{0, 74, 50} {
		var b strings.Builder
		if err := tr.Table(&b, TableOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		for id := 1; id <= 4; id++ {
			for _, want := range []string{"1.1.1." + strconv.Itoa(id), "Lock mutex " + strconv.Itoa(id) + " component.go:10" + strconv.Itoa(id)} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("width %d: no %q in\n%s", width, want, b.String())
				}
			}
		}
		for line := range strings.Lines(b.String()) {
			if n := len(strings.TrimRight(line, "\n")); width > 0 && n > width {
				t.Errorf("width %d: %d characters: %q", width, n, line)
			}
		}
	}
}

func TestFrameName(t *testing.T) {
	for long, short := range map[string]string{
		"example.com/x.v2/cache.(*Cache[go.shape.int,go.shape.string]).Get":        "Get",
		"racebench/internal/cache.(*Cache[...]).GetOrLoad.func1":                   "GetOrLoad",
		"racebench/internal/cache.(*Cache[...]).GetOrLoad.deferwrap1":              "GetOrLoad",
		"racebench/internal/workerpool.New[go.shape.struct { X example.com/y.Z }]": "New",
		"main.main": "main", "p.F.func1.2": "F", "": "",
	} {
		if got := (Frame{Func: long}).name(); got != short {
			t.Errorf("%s: %q, want %q", long, got, short)
		}
	}
}
