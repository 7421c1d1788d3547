package corpus_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"racebench/internal/corpus"
)

// tree is a corpus of the three bases and what the test adds.
func tree(entries map[string]string) fstest.MapFS {
	files := fstest.MapFS{
		"pass/cache-mutex.txtar":      {Data: []byte("what: base\n-- cache/cache.go --\npackage cache\n\nvar a = 1\nvar b = 2\n")},
		"pass/counter-mutex.txtar":    {Data: []byte("what: base\n-- counter/counter.go --\npackage counter\n")},
		"pass/workerpool-mutex.txtar": {Data: []byte("what: base\n-- workerpool/workerpool.go --\npackage workerpool\n")},
	}
	for name, content := range entries {
		files[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return files
}

const header = "what: w\nwhy: y\n  and more\ncategory: race, sync\nevidence: data-race\n"

func edit(blocks ...string) string {
	return "-- cache/cache.go.edit --\n" + strings.Join(blocks, "")
}

func replace(old, with string) string {
	return "<<<<<<< old\n" + old + "=======\n" + with + ">>>>>>> new\n"
}

func TestEditsApplyToTheBase(t *testing.T) {
	c, err := corpus.Load(tree(map[string]string{
		// The second block's anchor also occurs in what the first one inserts.
		"fail/cache-x.txtar": header + edit(replace("var b = 2\n", "var b = 3\n"), replace("var a = 1\n", "var b = 2\n")),
	}))
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.Find("cache-x")
	if err != nil {
		t.Fatal(err)
	}
	e := found[0]
	files := e.Files()
	if got, want := string(files["cache/cache.go"]), "package cache\n\nvar b = 2\nvar b = 3\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := string(files["counter/counter.go"]); got != "package counter\n" {
		t.Errorf("the counter is not that of the base: %q", got)
	}
	if e.Why != "y and more" || e.Base != "pass/cache-mutex" || e.Component != "cache" {
		t.Errorf("header: %+v", e)
	}
	if twin := c.Twin(e); twin == nil || twin.Path != "pass/cache-mutex" {
		t.Errorf("twin: %+v", twin)
	}
}

func TestMalformedEntries(t *testing.T) {
	for name, test := range map[string]struct{ content, want string }{
		"anchor ambiguous": {header + edit(replace("\n", "")), "occurs 4 times"},
		"anchor missing":   {header + edit(replace("var c = 2\n", "")), "occurs 0 times"},
		"overlap":          {header + edit(replace("var a = 1\nvar b = 2\n", ""), replace("var b = 2\n", "")), "overlap"},
		"no blocks":        {header + "-- cache/cache.go.edit --\n", "malformed edit"},
		"text outside":     {header + edit("x\n", replace("var b = 2\n", "")), "malformed edit"},
		"no such base":     {"base: nobody\n" + header + edit(replace("var b = 2\n", "")), "no base pass/cache-nobody"},
		"unknown key":      {"who: me\n" + header, "unknown key"},
		"no why":           {"what: w\ncategory: race\nevidence: panic\n" + edit(replace("var b = 2\n", "")), "no why"},
		"no evidence":      {"what: w\nwhy: y\ncategory: race\n" + edit(replace("var b = 2\n", "")), "no evidence"},
		"whole file":       {header + "-- cache/cache.go --\npackage cache\n", "no right twin"},
		"bad path":         {header + "-- ../cache.go --\npackage cache\n", "bad path"},
		"bad header":       {"hello\n" + header, "want key: value"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := corpus.Load(tree(map[string]string{"fail/cache-x.txtar": test.content}))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err != nil && !strings.Contains(err.Error(), "fail/cache-x") {
				t.Errorf("%v does not name the entry", err)
			}
		})
	}
}

func TestWriteAHostileEntry(t *testing.T) {
	c, err := corpus.Load(tree(map[string]string{
		"hostile/link.txtar": "what: w\nwhy: y\nstatus: error\nreason: symbolic link | regular\nsymlink: cache/cache.go -> ../counter/counter.go\nomit: workerpool\n-- cache/extra_test.go --\npackage cache\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.Find("hostile/*")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := found[0].Write(dir); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(filepath.Join(dir, "cache", "cache.go")); err != nil || target != "../counter/counter.go" {
		t.Errorf("link: %q, %v", target, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "workerpool")); err == nil {
		t.Error("the omitted component was written")
	}
	for _, name := range []string{"cache/extra_test.go", "counter/counter.go"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if len(found[0].Reasons) != 2 {
		t.Errorf("reasons: %q", found[0].Reasons)
	}
}

func TestFindNothing(t *testing.T) {
	c, err := corpus.Load(tree(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"nobody", "["} {
		if found, err := c.Find(pattern); err == nil {
			t.Errorf("Find(%q) = %v, want an error", pattern, found)
		}
	}
}
