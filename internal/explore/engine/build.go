// Package engine builds test binaries whose scheduler is under control and
// drives them: it sends them schedules to run and turns their answers into
// outcomes. Which schedules to run, and what the outcomes mean, is the
// business of package explore.
package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"racebench/internal/explore/overlay"
)

// An UnsupportedError says that this machine cannot control the scheduler.
type UnsupportedError struct{ Reason string }

func (e *UnsupportedError) Error() string { return "controlled scheduling: " + e.Reason }

// A BuildError says that the packages under test do not build, or that their
// build uses what control cannot be combined with. It is the user's to mend.
type BuildError struct {
	Package string
	Output  string
}

func (e *BuildError) Error() string {
	if e.Package == "" {
		return e.Output
	}
	return e.Package + ": " + e.Output
}

// A Target says what to build.
type Target struct {
	Dir      string   // where patterns are resolved
	Go       string   // the go command; found in PATH if empty
	Patterns []string // as for go test
	Known    *Known   // what Patterns would find, if that is known; nil
	Tags     string
	Race     bool
	Flags    []string // further build flags, such as -mod=mod
	Compiler []string // flags of the compiler for the main modules, beside those that control needs
	Cache    string   // folder for build caches and overlays
	Env      []string // further environment
}

// A Package is a package with tests.
type Package struct {
	ImportPath string
	Dir        string
	Source     string // hash of the sources of the user's own packages it is made of; none if it is Known
}

// Known is the only package of a target whose caller has laid it out: the go
// command is not asked for it, which takes half a second.
type Known struct {
	Module     string // the path of its module
	ImportPath string
	Dir        string
}

// A Toolchain is the Go installation that the target's module selects.
type Toolchain struct {
	Root    string // a folder outside of the module cache
	Version string // "go1.26.8"
	cgo     bool
}

// A Builder builds test binaries for one target.
type Builder struct {
	Toolchain Toolchain
	Packages  []Package
	Untested  []string          // import paths of packages that match and have no test files
	Mistaken  map[string]string // packages that match but cannot be built, and why
	Tested    []string          // beginnings of function names of the main modules
	target    Target
	overlay   string
	modules   []string // paths of the main modules and of those that folders stand for
}

// A Binary is a test binary under control.
type Binary struct {
	Package Package
	Path    string
	Dir     string // working folder of its tests
	Race    bool
}

// Platform returns an *UnsupportedError where the scheduler cannot be controlled
// whatever the toolchain.
func Platform() error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return &UnsupportedError{fmt.Sprintf("needs linux/amd64, this is %s/%s", runtime.GOOS, runtime.GOARCH)}
	}
	return nil
}

// NewBuilder finds the toolchain and the packages of a target and writes the
// overlay.
func NewBuilder(ctx context.Context, t Target) (*Builder, error) {
	if err := Platform(); err != nil {
		return nil, err
	}
	b := &Builder{target: t}
	if err := b.refuse(); err != nil {
		return nil, err
	}
	if err := trimCache(t.Cache, maxCache); err != nil {
		return nil, err
	}
	if err := b.findToolchain(ctx); err != nil {
		return nil, err
	}
	if t.Race && !b.Toolchain.cgo {
		return nil, &UnsupportedError{"the race detector needs cgo and a C compiler; without -race plain memory accesses are no scheduling points"}
	}
	if err := b.findPackages(ctx); err != nil {
		return nil, err
	}
	return b, b.writeOverlay()
}

// refuse names the build flags that control cannot be combined with.
func (b *Builder) refuse() error {
	for _, f := range slices.Concat(b.target.Flags, b.goflags()) {
		name, _, _ := strings.Cut(strings.TrimLeft(f, "-"), "=")
		switch name {
		case "cover", "coverpkg", "covermode", "coverprofile", "msan", "asan", "toolexec", "buildmode", "compiler", "gccgoflags", "linkshared":
			return &BuildError{Output: "controlled scheduling cannot be combined with -" + name}
		}
	}
	return nil
}

// goflags are the flags that the go command takes from its environment.
func (b *Builder) goflags() []string {
	flags := os.Getenv("GOFLAGS")
	for _, v := range b.target.Env {
		if after, ok := strings.CutPrefix(v, "GOFLAGS="); ok {
			flags = after
		}
	}
	return strings.Fields(flags)
}

// run runs the go command of the target and returns its standard output.
func (b *Builder) run(ctx context.Context, env []string, args ...string) ([]byte, error) {
	goCmd := cmp.Or(b.target.Go, "go")
	if b.Toolchain.Root != "" {
		goCmd = filepath.Join(b.Toolchain.Root, "bin", "go")
		env = append(env, "GOROOT="+b.Toolchain.Root, "GOTOOLCHAIN=local")
	}
	cmd := exec.CommandContext(ctx, goCmd, args...)
	cmd.Dir = b.target.Dir
	cmd.Env = append(append(os.Environ(), b.target.Env...), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, &BuildError{Output: strings.TrimSpace(stderr.String() + stdout.String())}
		}
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return stdout.Bytes(), nil
}

// findToolchain asks for the toolchain that the target's module selects. The
// go command refuses to overlay files in the module cache, where downloaded
// toolchains live, so such a one gets a link outside.
func (b *Builder) findToolchain(ctx context.Context) error {
	out, err := b.run(ctx, nil, "env", "-json", "GOROOT", "GOVERSION", "GOMODCACHE", "CGO_ENABLED", "CC")
	if err != nil {
		return err
	}
	var env struct{ GOROOT, GOVERSION, GOMODCACHE, CGO_ENABLED, CC string }
	if err := json.Unmarshal(out, &env); err != nil {
		return err
	}
	version, _, _ := strings.Cut(env.GOVERSION, " ")
	root := env.GOROOT
	if rel, err := filepath.Rel(env.GOMODCACHE, root); err == nil && !strings.HasPrefix(rel, "..") {
		link := filepath.Join(b.target.Cache, "goroot", version)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return err
		}
		if to, err := os.Readlink(link); err != nil || to != root {
			os.Remove(link)
			if err := os.Symlink(root, link); err != nil && !errors.Is(err, os.ErrExist) {
				return err
			}
		}
		root = link
	}
	_, ccErr := exec.LookPath(strings.Fields(env.CC + " cc")[0])
	b.Toolchain = Toolchain{Root: root, Version: version, cgo: env.CGO_ENABLED == "1" && ccErr == nil}
	return nil
}

// listed is what is read of go list's output.
type listed struct {
	ImportPath, Dir, ForTest                string
	Standard                                bool
	TestGoFiles, XTestGoFiles, GoFiles      []string
	CgoFiles, SFiles, EmbedFiles, CFiles    []string
	TestEmbedFiles, XTestEmbedFiles, HFiles []string
	Module                                  *module
	DepsErrors                              []*struct{ Err string }
	Error                                   *struct{ Err string }
	Deps                                    []string
	TestImports, XTestImports               []string
}

// module is what is read of a package's module.
type module struct {
	Path    string
	Main    bool
	Replace *struct{ Version string }
}

// own reports whether a module's source is the user's to edit: it is a main
// module, or one that a folder stands for.
func (m *module) own() bool {
	return m != nil && (m.Main || m.Replace != nil && m.Replace.Version == "")
}

func (b *Builder) list(ctx context.Context, args ...string) ([]listed, error) {
	args = append([]string{"list", "-e", "-json=ImportPath,Dir,ForTest,Standard,GoFiles,CgoFiles,SFiles,CFiles,HFiles,EmbedFiles,TestGoFiles,XTestGoFiles,TestEmbedFiles,XTestEmbedFiles,Module,Error,Deps,TestImports,XTestImports"}, append(b.buildFlags(), args...)...)
	out, err := b.run(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
}

func (b *Builder) buildFlags() []string {
	flags := slices.Clone(b.target.Flags)
	if b.target.Tags != "" {
		flags = append(flags, "-tags="+b.target.Tags)
	}
	return flags
}

func (b *Builder) findPackages(ctx context.Context) error {
	if k := b.target.Known; k != nil {
		b.addModule(k.Module)
		b.addPackage(Package{ImportPath: k.ImportPath, Dir: k.Dir})
		return nil
	}
	patterns := b.target.Patterns
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	roots, err := b.list(ctx, append([]string{"--"}, patterns...)...)
	if err != nil {
		return err
	}
	var paths []string
	for _, l := range roots {
		switch {
		case l.Error != nil && isDir(l.Dir):
			if b.Mistaken == nil {
				b.Mistaken = map[string]string{}
			}
			b.Mistaken[l.ImportPath] = l.Error.Err
		case l.Error != nil:
			return &BuildError{Package: l.ImportPath, Output: l.Error.Err}
		case len(l.TestGoFiles)+len(l.XTestGoFiles) > 0:
			paths = append(paths, l.ImportPath)
		default:
			b.Untested = append(b.Untested, l.ImportPath)
		}
	}
	if len(roots) == 0 {
		return &BuildError{Output: "no packages match " + strings.Join(patterns, " ")}
	}
	if len(paths) == 0 {
		return nil
	}
	// The user's own packages that the tests are made of.
	all, err := b.list(ctx, append([]string{"-deps", "-test", "--"}, paths...)...)
	if err != nil {
		return err
	}
	own := map[string]listed{}
	for _, l := range all {
		if l.Module.own() && !strings.HasSuffix(l.ImportPath, ".test") && l.ForTest == "" {
			own[l.ImportPath] = l
		}
		if l.Module.own() {
			b.addModule(l.Module.Path)
		}
	}
	for _, l := range roots {
		if !slices.Contains(paths, l.ImportPath) {
			continue
		}
		hash, err := sourceHash(l, own)
		if err != nil {
			return err
		}
		b.addPackage(Package{ImportPath: l.ImportPath, Dir: l.Dir, Source: hash})
	}
	return nil
}

func (b *Builder) addModule(path string) {
	if !slices.Contains(b.modules, path) {
		b.modules = append(b.modules, path)
	}
	b.addTested(path+".", path+"/", path+"_test.")
}

func (b *Builder) addPackage(p Package) {
	b.Packages = append(b.Packages, p)
	b.addTested(pathPrefix(p.ImportPath)+".", pathPrefix(p.ImportPath)+"_test.")
}

func (b *Builder) addTested(beginnings ...string) {
	for _, p := range beginnings {
		if !slices.Contains(b.Tested, p) {
			b.Tested = append(b.Tested, p)
		}
	}
}

func isDir(name string) bool {
	fi, err := os.Stat(name)
	return name != "" && err == nil && fi.IsDir()
}

// pathPrefix writes an import path as it stands in the names of functions: the
// dots of the last element are escaped.
func pathPrefix(path string) string {
	i := strings.LastIndex(path, "/") + 1
	return path[:i] + strings.ReplaceAll(path[i:], ".", "%2e")
}

// sourceHash hashes the sources of a package, its tests, and the packages of
// the main modules that either imports.
func sourceHash(root listed, own map[string]listed) (string, error) {
	h := sha256.New()
	add := func(l listed, lists ...[]string) error {
		for _, f := range slices.Sorted(slices.Values(slices.Concat(lists...))) {
			b, err := os.ReadFile(filepath.Join(l.Dir, f))
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%s/%s %d\n", l.ImportPath, f, len(b))
			h.Write(b)
		}
		return nil
	}
	if err := add(root, root.TestGoFiles, root.XTestGoFiles, root.TestEmbedFiles, root.XTestEmbedFiles); err != nil {
		return "", err
	}
	deps := map[string]bool{root.ImportPath: true}
	for _, imp := range slices.Concat(root.Deps, root.TestImports, root.XTestImports) {
		deps[imp] = true
		for _, d := range own[imp].Deps {
			deps[d] = true
		}
	}
	names := make([]string, 0, len(deps))
	for d := range deps {
		names = append(names, d)
	}
	slices.Sort(names)
	for _, d := range names {
		l, ok := own[d]
		if !ok {
			continue
		}
		if err := add(l, l.GoFiles, l.CgoFiles, l.SFiles, l.CFiles, l.HFiles, l.EmbedFiles); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:12]), nil
}

// writeOverlay applies the edits to the toolchain's sources.
func (b *Builder) writeOverlay() error {
	o, err := overlay.Apply(b.Toolchain.Root, b.Toolchain.Version, b.target.Race)
	if err != nil {
		return err
	}
	extra := map[string]string{}
	for _, f := range slices.Concat(b.target.Flags, b.goflags()) {
		name, file, ok := strings.Cut(strings.TrimLeft(f, "-"), "=")
		if !ok || name != "overlay" {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			return &BuildError{Output: err.Error()}
		}
		var user struct{ Replace map[string]string }
		if err := json.Unmarshal(raw, &user); err != nil {
			return &BuildError{Output: file + ": " + err.Error()}
		}
		for from, to := range user.Replace {
			if to != "" && !filepath.IsAbs(to) {
				to = filepath.Join(filepath.Dir(file), to)
			}
			extra[from] = to
		}
	}
	kind := "plain"
	if b.target.Race {
		kind = "race"
	}
	// The folder is named after what is in it: another racebench that runs at
	// the same time must not put its own edits under this one's build.
	h := sha256.New()
	fmt.Fprintln(h, b.Toolchain.Root, extra)
	for _, name := range slices.Sorted(maps.Keys(o.Files)) {
		fmt.Fprintf(h, "%s %d\n%s", name, len(o.Files[name]), o.Files[name])
	}
	dir := filepath.Join(b.target.Cache, "overlay", b.Toolchain.Version+"-"+kind+"-"+hex.EncodeToString(h.Sum(nil)[:8]))
	b.overlay, err = o.Write(b.Toolchain.Root, dir, extra)
	return err
}

// First reports whether nothing was built with these edits on this machine yet:
// then Build compiles the standard library as well, which takes a minute.
func (b *Builder) First() bool {
	_, err := os.Stat(b.mark())
	return err != nil
}

// mark is the file that says that something was built.
func (b *Builder) mark() string { return filepath.Join(filepath.Dir(b.overlay), "built") }

// Build builds the test binary of a package into a file in dir.
func (b *Builder) Build(ctx context.Context, p Package, dir string) (*Binary, error) {
	out := filepath.Join(dir, strings.NewReplacer("/", "_", ":", "_").Replace(p.ImportPath)+".test")
	args := []string{"test", "-c", "-vet=off", "-overlay=" + b.overlay, "-o", out}
	compiler := b.target.Compiler
	if b.target.Race {
		args = append(args, "-race")
	} else {
		// The functions of sync/atomic must be calls there, to be scheduling
		// points.
		compiler = append([]string{"-d=ssa/intrinsics/off"}, compiler...)
	}
	if len(compiler) > 0 {
		for _, m := range b.modules {
			args = append(args, "-gcflags="+m+"/...="+strings.Join(compiler, " "))
		}
	}
	for _, f := range b.buildFlags() {
		if !strings.HasPrefix(strings.TrimLeft(f, "-"), "overlay=") {
			args = append(args, f)
		}
	}
	// A build cache of our own: hundreds of megabytes that would push useful
	// things out of the user's.
	env := []string{"GOCACHE=" + filepath.Join(b.target.Cache, "build")}
	if _, err := b.run(ctx, env, append(args, p.ImportPath)...); err != nil {
		var be *BuildError
		if errors.As(err, &be) {
			be.Package = p.ImportPath
		}
		return nil, err
	}
	_ = os.WriteFile(b.mark(), nil, 0o644) // without it the next build says once more that it takes long
	return &Binary{Package: p, Path: out, Dir: p.Dir, Race: b.target.Race}, nil
}
