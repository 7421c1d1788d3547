package candidate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"racebench/internal/result"
)

// The bounds on what is taken.
const (
	// maxFile is the size of one source in bytes.
	maxFile = 256 << 10
	// maxFiles is the number of sources of one package.
	maxFiles = 32
	// maxEntries is the number of names in a package's folder that are looked
	// at; a folder with more is refused.
	maxEntries = 1024
)

// read takes the sources from dir. It goes through an os.Root, so that no
// symbolic link leads out of the folder, and looks at each name with lstat, so
// that none is followed inside of it either.
func (c *Candidate) read(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	defer func() { _ = root.Close() }()
	c.Sources = make(map[string][]byte)
	c.Prefix = layout(root)
	c.noteIgnored(root)
	for _, component := range result.Components() {
		if err := c.readPackage(root, component); err != nil {
			return err
		}
		c.checkPresent(component)
	}
	return nil
}

// layout finds out where the packages lie: at the top, or below internal.
func layout(root *os.Root) (prefix string) {
	for _, component := range result.Components() {
		if _, err := root.Lstat(string(component)); err == nil {
			return ""
		}
	}
	for _, component := range result.Components() {
		if _, err := root.Lstat("internal/" + string(component)); err == nil {
			return "internal/"
		}
	}
	return ""
}

// Shaped reports whether dir looks like a candidate: its top holds a folder for
// each of the components.
func Shaped(dir string) bool {
	for _, component := range result.Components() {
		if info, err := os.Lstat(filepath.Join(dir, string(component))); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// noteIgnored says that files which would configure a build do not. The go.mod is
// that of the kit.
func (c *Candidate) noteIgnored(root *os.Root) {
	for _, name := range []string{"go.sum", "go.work", "vendor", "Makefile"} {
		if _, err := root.Lstat(name); err == nil {
			c.Notes = append(c.Notes, name+" is ignored: the candidate is built in a module of racebench's own")
		}
	}
}

// checkPresent reports a component without sources, unless something else was
// already found in their place.
func (c *Candidate) checkPresent(component result.Component) {
	for name := range c.Sources {
		if strings.HasPrefix(name, string(component)+"/") {
			return
		}
	}
	if slices.ContainsFunc(c.Findings, func(f result.Finding) bool { return f.Component == component }) {
		return
	}
	dir := string(component)
	c.add(result.API, component, at(path.Join(dir, dir+".go"), 0, 0), "missing", "missing: there is no Go file of package "+dir)
}

// readPackage takes the files of one package.
func (c *Candidate) readPackage(root *os.Root, component result.Component) error {
	dir := c.Prefix + string(component)
	info, err := root.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	if !info.IsDir() {
		c.add(result.Hostile, component, at(string(component), 0, 0), "file-type",
			describe(info.Mode())+" in place of the folder "+string(component))
		return nil
	}
	folder, err := root.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		c.add(result.API, component, at(string(component), 0, 0), "unreadable", "the folder cannot be read: permission denied")
		return nil
	}
	if err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	entries, err := folder.ReadDir(maxEntries + 1)
	_ = folder.Close()
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("candidate: %w", err)
	}
	if len(entries) > maxEntries {
		c.add(result.API, component, at(string(component), 0, 0), "entries", fmt.Sprintf("the folder holds more than %d files", maxEntries))
		return nil
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	taken := 0
	folded := make(map[string]string)
	for _, entry := range entries {
		name := path.Join(string(component), entry.Name())
		if !c.wanted(component, name, entry) {
			continue
		}
		if taken++; taken > maxFiles {
			c.add(result.API, component, at(string(component), 0, 0), "files", fmt.Sprintf("the package has more than %d Go files", maxFiles))
			return nil
		}
		lower := strings.ToLower(name)
		if other, ok := folded[lower]; ok {
			c.add(result.Hostile, component, at(name, 0, 0), "name",
				fmt.Sprintf("the name differs from that of %s in upper and lower case only: file systems disagree about which of them there is, and Go refuses both", other))
			continue
		}
		folded[lower] = name
		if err := c.readFile(root, component, name); err != nil {
			return err
		}
	}
	return nil
}

// plainName is a file name that means the same to every tool and terminal.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*\.go$`)

// native are the endings of files that the go command would compile or link
// into the package beside its Go files.
var native = []string{".s", ".S", ".sx", ".c", ".cc", ".cpp", ".cxx", ".m", ".h", ".hh", ".hpp", ".hxx", ".f", ".F", ".for", ".f90", ".swig", ".swigcxx", ".syso", ".a", ".o", ".so"}

// wanted says whether a directory entry is a source to be read. What is left
// out is noted, what must not be there reported.
func (c *Candidate) wanted(component result.Component, name string, entry fs.DirEntry) bool {
	base := entry.Name()
	ending := printable(path.Ext(base))
	name = printable(name)
	switch {
	case slices.Contains(native, ending):
		c.add(result.Hostile, component, at(name, 0, 0), "native",
			fmt.Sprintf("a file that Go would build or link as native code (%s), which escapes the race detector and may run before main", ending))
		return false
	case strings.HasSuffix(base, "_test.go"):
		c.Notes = append(c.Notes, fmt.Sprintf("%s is ignored: a candidate's own tests, TestMain included, are not run", name))
		return false
	case ending != ".go", strings.HasPrefix(base, "_"), strings.HasPrefix(base, "."):
		what := "it is not a Go file of the package"
		if entry.IsDir() {
			what = "only the package's own folder is taken"
		}
		c.Notes = append(c.Notes, fmt.Sprintf("%s is ignored: %s", name, what))
		return false
	case !entry.Type().IsRegular():
		c.add(result.Hostile, component, at(name, 0, 0), "file-type",
			describe(entry.Type())+" in place of the source file "+name)
		return false
	case !plainName.MatchString(base):
		c.add(result.API, component, at(name, 0, 0), "name", "a source file's name may have letters, digits, dot, hyphen and underscore only")
		return false
	}
	if tag := constraint(base); tag != "" {
		c.add(result.Hostile, component, at(name, 0, 0), "build-tag",
			fmt.Sprintf("the ending _%s of the file name is a build constraint, which shows different sources to different builds", tag))
		return false
	}
	return true
}

// readFile takes one file. The folder may change under our hands, so the type
// is checked again on the open file; a named pipe does not block the open.
func (c *Candidate) readFile(root *os.Root, component result.Component, name string) error {
	f, err := root.OpenFile(c.Prefix+name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrPermission) {
		c.add(result.API, component, at(name, 0, 0), "unreadable", "the file cannot be read: permission denied")
		return nil
	}
	if err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	again, err := root.Lstat(c.Prefix + name)
	if err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	if !again.Mode().IsRegular() || !os.SameFile(info, again) {
		c.add(result.Hostile, component, at(name, 0, 0), "file-type", "the file was exchanged while it was read")
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	if len(text) > maxFile {
		c.add(result.API, component, at(name, 0, 0), "size", fmt.Sprintf("larger than %d KiB", maxFile>>10))
		return nil
	}
	c.Sources[name] = text
	return nil
}

// checkText reports a text that is no Go source whatever it says.
func (c *Candidate) checkText(s *source) (refused bool) {
	switch {
	case bytes.IndexByte(s.text, 0) >= 0:
		c.add(result.Build, s.component, at(s.name, 0, 0), "text", "contains a NUL byte")
	case !utf8.Valid(s.text):
		c.add(result.Build, s.component, at(s.name, 0, 0), "text", "is not UTF-8")
	default:
		return false
	}
	return true
}

// printable is a name from the file system that can be shown.
func printable(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return name
	}
	quoted := fmt.Sprintf("%+q", name)
	return quoted[1 : len(quoted)-1]
}

// describe names a type of file.
func describe(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode.IsDir():
		return "a folder"
	case mode.IsRegular():
		return "a file"
	}
	return "something that is no regular file"
}

// constraint returns the part of a file name that the go command reads as a
// build constraint, as "linux" in cache_linux.go; see "go help buildconstraint".
func constraint(base string) string {
	name := strings.TrimSuffix(base, ".go")
	// The go command cuts at the first dot, and ignores what comes before the
	// first underscore.
	name, _, _ = strings.Cut(name, ".")
	_, name, found := strings.Cut(name, "_")
	if !found {
		return ""
	}
	parts := strings.Split(name, "_")
	if last := parts[len(parts)-1]; knownOS[last] || knownArch[last] {
		return last
	}
	return ""
}

// The systems and processors that file names can be bound to, from
// internal/syslist of Go 1.26.
var (
	knownOS = set("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos")

	knownArch = set("386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le " +
		"ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm")
)

// set is the set of the words of a line.
func set(words string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
