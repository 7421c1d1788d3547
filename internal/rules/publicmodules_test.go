package rules

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"racebench/internal/result"
)

var publicModules = flag.Bool("public-modules", false, "apply the rules to well-known public modules, fetched by the go command, and write docs/rules/public-modules.md")

// modules are well-known for getting concurrency right. What an error-level
// rule says about them is taken to be a mistake of the rule.
var modules = []string{
	"github.com/alitto/pond/v2@v2.5.0",
	"github.com/allegro/bigcache/v3@v3.1.0",
	"github.com/dgraph-io/ristretto/v2@v2.4.2",
	"github.com/gammazero/workerpool@v1.3.0",
	"github.com/golang/groupcache@v0.0.0-20241129210726-2c02b8208cf8",
	"github.com/gorilla/websocket@v1.5.3",
	"github.com/hashicorp/golang-lru/v2@v2.0.7",
	"github.com/jackc/pgx/v5@v5.12.0",
	"github.com/jackc/puddle/v2@v2.2.3",
	"github.com/jellydator/ttlcache/v3@v3.4.1",
	"github.com/maypok86/otter/v2@v2.2.1",
	"github.com/nats-io/nats.go@v1.55.0",
	"github.com/orcaman/concurrent-map/v2@v2.0.1",
	"github.com/panjf2000/ants/v2@v2.11.3",
	"github.com/patrickmn/go-cache@v2.1.0+incompatible",
	"github.com/puzpuzpuz/xsync/v4@v4.2.0",
	"github.com/sourcegraph/conc@v0.3.0",
	"go.etcd.io/bbolt@v1.4.3",
	"golang.org/x/sync@v0.24.0",
	"golang.org/x/time@v0.14.0",
}

// explained are the remarks of error-level rules that were read one by one and
// found to be true by the letter of the rule, in code whose contract is another
// one than that of our components. Such a module is not one of the ten.
var explained = map[string]string{
	"github.com/allegro/bigcache/v3 RB1001": "an iterator locks in SetNext and not in Value: right as long as one goroutine iterates",
	"github.com/nats-io/nats.go RB1001":     "TLSConnectionState asks for the status without the lock that every other caller holds",
	"github.com/nats-io/nats.go RB1013":     "Wait under if, by a goroutine that alone consumes its list and looks for nil afterwards",
}

// TestPublicModules needs the network, or a module cache that holds the
// modules; it runs on demand only:
//
//	go test ./internal/rules -run PublicModules -public-modules
func TestPublicModules(t *testing.T) {
	if !*publicModules {
		t.Skip("on demand: -public-modules")
	}
	dir := t.TempDir()
	command := func(args ...string) []byte {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, stderr.Bytes())
		}
		return out
	}
	command("mod", "init", "modules")
	command(append([]string{"get"}, modules...)...)

	var table strings.Builder
	table.WriteString("# The rules on public modules\n\nModules that are known for getting concurrency right. What an error-level rule says about one of them counts as the rule's mistake, until\nshown otherwise: the rule is then made more precise or becomes a warning (RB2005 became one here). Tests,\nexamples and commands are left out.\n\nMade by `go test ./internal/rules -run PublicModules -public-modules`, which fetches the modules with the go command.\n\n| module | version | packages | errors | warnings |\n|---|---|---|---|---|\n")
	var said []string
	silent := 0
	for _, m := range modules {
		name, version, _ := strings.Cut(m, "@")
		if got := strings.TrimSpace(string(command("list", "-m", "-f", "{{.Version}}", name))); got != version {
			version = got // another module of the list needs a newer one
		}
		pkgs, err := packages.Load(&packages.Config{
			Mode: packages.LoadSyntax | packages.NeedModule, Dir: dir,
			Env: append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off"),
		}, name+"/...")
		if err != nil {
			t.Fatal(err)
		}
		counts := map[result.Severity]map[string]int{result.Error: {}, result.Warning: {}}
		n := 0
		for _, pkg := range pkgs {
			if aside(strings.TrimPrefix(pkg.PkgPath, name)) {
				continue
			}
			if len(pkg.Errors) > 0 || len(pkg.Syntax) == 0 {
				t.Logf("%s: left out: %v", pkg.PkgPath, pkg.Errors)
				continue
			}
			n++
			found, err := apply(&program{fset: pkg.Fset, files: pkg.Syntax, pkg: pkg.Types, info: pkg.TypesInfo, sizes: pkg.TypesSizes}, result.Cache, All())
			if err != nil {
				t.Errorf("%s: %v", pkg.PkgPath, err)
			}
			for _, f := range found {
				counts[f.Severity][f.Rule]++
				rel := strings.TrimPrefix(pkg.PkgPath, name)
				said = append(said, fmt.Sprintf("- %s%s/%s:%d: %s: %s", name, rel, filepath.Base(f.Positions[0].File), f.Positions[0].Line, f.Rule, f.Message))
				if f.Severity != result.Error {
					continue
				}
				if why, ok := explained[name+" "+f.Rule]; ok {
					said[len(said)-1] += " *(" + why + ")*"
				} else {
					t.Errorf("%s: %s", pkg.PkgPath, show(f))
				}
			}
		}
		if len(counts[result.Error]) == 0 {
			silent++
		}
		fmt.Fprintf(&table, "| %s | %s | %d | %s | %s |\n", name, version, n, tally(counts[result.Error]), tally(counts[result.Warning]))
	}
	if silent < 10 {
		t.Errorf("error-level rules are silent on %d modules only, ten are asked for", silent)
	}
	fmt.Fprintf(&table, "\nSilent for every error-level rule: %d of %d. What is said of the others is explained below.\n", silent, len(modules))
	table.WriteString("\n## What was said\n\n" + strings.Join(said, "\n") + "\n")
	if err := os.WriteFile(filepath.Join("..", "..", "docs", "rules", "public-modules.md"), []byte(table.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// aside reports whether a package is not what the module is known for.
func aside(rel string) bool {
	for _, part := range strings.Split(rel, "/") {
		switch part {
		case "examples", "contrib", "bench", "test", "tests", "cmd":
			return true
		}
	}
	return false
}

func tally(counts map[string]int) string {
	var parts []string
	for rule, n := range counts {
		parts = append(parts, fmt.Sprintf("%s×%d", rule, n))
	}
	slices.Sort(parts)
	return cmp.Or(strings.Join(parts, " "), "none")
}
