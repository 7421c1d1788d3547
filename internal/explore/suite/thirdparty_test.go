package suite

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"racebench/internal/explore"
)

var thirdPartyFile = flag.String("thirdparty", "", "TestThirdParty writes its table, in Markdown, to this file")

// modules are public modules whose own tests are explored. Patterns are
// resolved in the module's folder.
var modules = []struct {
	path, version string
	patterns      []string
}{
	{"golang.org/x/sync", "v0.16.0", []string{"./errgroup", "./singleflight", "./semaphore", "./syncmap"}},
	{"github.com/hashicorp/golang-lru/v2", "v2.0.7", []string{"./..."}},
	{"github.com/maypok86/otter/v2", "v2.2.1", []string{"."}},
	{"github.com/puzpuzpuz/xsync/v4", "v4.2.0", []string{"."}},
	{"github.com/alitto/pond/v2", "v2.5.0", []string{"."}},
	{"github.com/panjf2000/ants/v2", "v2.11.3", []string{"."}},
	{"github.com/sourcegraph/conc", "v0.3.0", []string{"./..."}},
	{"github.com/gorilla/websocket", "v1.5.3", []string{"."}},
	{"github.com/jackc/puddle/v2", "v2.2.2", []string{"."}},
	{"go.etcd.io/bbolt", "v1.4.3", []string{"./internal/freelist"}},
	{"github.com/hashicorp/raft", "v1.7.3", []string{"."}},
	{"github.com/patrickmn/go-cache", "v2.1.0+incompatible", []string{"."}},
	{"go.uber.org/atomic", "v1.11.0", []string{"."}},
	{"github.com/eapache/go-resiliency", "v1.7.0", []string{"./..."}},
}

// TestThirdParty explores the own tests of public modules, 100 schedules each.
// What it finds is for a person to judge: the test fails only where racebench
// does.
func TestThirdParty(t *testing.T) {
	if !slow {
		t.Skip("downloads modules: needs the build tag slow")
	}
	var table strings.Builder
	table.WriteString("| module | go | tests | schedules | clean | findings | of which need a late machine | undecided | red without control | time |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, m := range modules {
		t.Run(strings.ReplaceAll(m.path, "/", "_"), func(t *testing.T) {
			dir := fetch(t, m.path, m.version)
			if dir == "" {
				return
			}
			start := time.Now()
			r, err := explore.Run(t.Context(), explore.Config{
				Dir: dir, Patterns: m.patterns, Cache: cacheDir(t), Schedules: 100, Corpus: t.TempDir(), ReadOnly: true, Short: true,
				Minimise: 2 * time.Second, Budget: 3 * time.Minute, Stall: 20 * time.Second, Flags: []string{"-mod=mod"},
			})
			if err != nil {
				fmt.Fprintf(&table, "| %s %s | | | | | | | %s | | |\n", m.path, m.version, firstLine(err.Error()))
				t.Logf("not explored: %v", err)
				return
			}
			var tests, schedules, clean, late, undecided, red int
			for _, p := range r.Packages {
				for _, tr := range p.Tests {
					tests++
					schedules += tr.Schedules
					switch {
					case tr.Error != "":
						undecided++
					case tr.Red != "":
						red++
					case len(tr.Findings) == 0:
						clean++
					}
				}
			}
			for _, f := range r.Findings() {
				switches, slips := 0, 0
				if f.Schedule != nil {
					switches, slips = len(f.Schedule.Switches), f.Schedule.Slips()
				}
				if slips > 0 {
					late++
				}
				t.Logf("FINDING %s %s %s: %s (always %v, schedule %d, %d switches, %d early timers, confirmed %v %s)", f.Package, f.Test, f.Kind, firstLine(f.Message), f.Always, f.Index, switches, slips, f.Confirmed, f.NotReproducible)
			}
			for _, u := range r.Undecided() {
				t.Logf("UNDECIDED %s", firstLine(u))
			}
			for _, p := range r.Packages {
				for _, tr := range p.Tests {
					if len(tr.Limits) > 0 {
						t.Logf("LIMITS %s: %s", tr.Name, strings.Join(tr.Limits, "; "))
					}
				}
			}
			fmt.Fprintf(&table, "| %s %s | %s | %d | %d | %d | %d | %d | %d | %d | %v |\n", m.path, m.version, language(t, dir), tests, schedules, clean, len(r.Findings()), late, undecided, red, time.Since(start).Round(time.Second))
		})
	}
	t.Log("\n" + table.String())
	if *thirdPartyFile != "" {
		if err := os.WriteFile(*thirdPartyFile, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.ReplaceAll(s, "|", "/")
}

// fetch copies a module to a folder of its own. It returns "" where the module
// proxy has no answer.
func fetch(t *testing.T, path, version string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", path+"@"+version)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	var got struct{ Dir, Error string }
	if err != nil || json.Unmarshal(out, &got) != nil || got.Dir == "" {
		t.Logf("SKIP %s@%s: %v %s", path, version, err, got.Error)
		return ""
	}
	dir := filepath.Join(t.TempDir(), "module")
	if err := os.CopyFS(dir, os.DirFS(got.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chmod(name, 0o755)
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		write(t, filepath.Join(dir, "go.mod"), []byte("module "+path+"\n\ngo 1.20\n"))
	}
	return dir
}

// language returns the Go version in a module's go.mod.
func language(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(l, "go "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
