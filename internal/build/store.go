package build

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The parts of the cache folder.
const (
	binDir     = "bin"      // one folder per binary, named by its key
	objectsDir = "go-build" // the go command's own cache
	tempDir    = "tmp"      // modules being built
	sourceDir  = "src"      // what modules have in common, one folder for each racebench
	lockDir    = "lock"     // one file per key being built
	stdDir     = "std"      // one file per variant of the standard library
	homeDir    = "home"     // the go command's HOME
	pathDir    = "gopath"   // the go command's GOPATH, which stays empty
)

// parts are made by this package; the cache of explorations lies beside them.
var parts = []string{binDir, objectsDir, tempDir, sourceDir, lockDir, stdDir, homeDir, pathDir}

const (
	// DefaultBinaries and DefaultObjects cap the two parts of the cache, in
	// bytes. One binary has 3 to 8 MB; the standard library's objects have
	// some 150 MB per variant.
	DefaultBinaries = 2 << 30
	DefaultObjects  = 4 << 30
	// inUse is how long an entry is safe from eviction after its last use: a
	// concurrent racebench may be about to start it.
	inUse = time.Hour
	// abandoned is the age at which a temporary folder has no owner any more.
	abandoned = 6 * time.Hour
	// outdated is how long sources that nobody builds from are kept.
	outdated = 7 * 24 * time.Hour
	// trimInterval is how long a cache is left alone after a trimming, which looks
	// at every file: those are many, and each candidate has builders of its own.
	trimInterval = 10 * time.Minute
)

// CacheDir is the folder of racebench's cache, "racebench" in the user's cache
// folder. It need not exist yet.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	return filepath.Join(dir, "racebench"), nil
}

// CleanCache removes CacheDir with everything in it.
func CleanCache() error {
	dir, err := CacheDir()
	if err != nil {
		return err
	}
	return clean(dir)
}

// clean removes a cache folder. It refuses one that holds anything else than a
// cache does.
func clean(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	for _, entry := range entries {
		if !slices.Contains(parts, entry.Name()) && entry.Name() != markFile && entry.Name() != "explore" {
			return fmt.Errorf("cache: %s is not a cache of racebench: it holds %q", dir, entry.Name())
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}

// markFile tells the user and backup programs what the folder is. Its
// modification time is that of the last trimming.
const markFile = "CACHEDIR.TAG"

const markText = "Signature: 8a477f597d28d172789f06886806bc55\n# Cache of racebench; \"racebench cache clean\" removes it.\n"

// openStore creates the cache folder where it is missing.
func openStore(dir string) error {
	for _, part := range parts {
		if err := os.MkdirAll(filepath.Join(dir, part), 0o700); err != nil {
			return fmt.Errorf("cache: %w", err)
		}
	}
	mark := filepath.Join(dir, markFile)
	if _, err := os.Stat(mark); err != nil {
		if err := os.WriteFile(mark, []byte(markText), 0o600); err != nil {
			return fmt.Errorf("cache: %w", err)
		}
	}
	return nil
}

// entry is one thing that can be evicted.
type entry struct {
	path string
	size int64
	used time.Time
}

// trimDue says whether the cache is to be trimmed now, and notes that it is.
func trimDue(dir string, now time.Time) bool {
	mark := filepath.Join(dir, markFile)
	info, err := os.Stat(mark)
	if err != nil || now.Sub(info.ModTime()) < trimInterval {
		return false
	}
	return os.Chtimes(mark, now, now) == nil
}

// trim brings both parts of the cache below their limits, least recently used
// first, and removes what a killed racebench left behind. It does what it can:
// another process may be doing the same.
func trim(dir string, binaries, objects int64, now time.Time) {
	var bins, objs []entry
	for _, e := range list(filepath.Join(dir, binDir)) {
		e.size = treeSize(e.path)
		bins = append(bins, e)
	}
	for _, shard := range list(filepath.Join(dir, objectsDir)) {
		objs = append(objs, list(shard.path)...)
	}
	evict(bins, binaries, now)
	evict(objs, objects, now)
	for part, age := range map[string]time.Duration{tempDir: abandoned, lockDir: abandoned, sourceDir: outdated} {
		for _, e := range list(filepath.Join(dir, part)) {
			if now.Sub(e.used) > age {
				_ = os.RemoveAll(e.path)
			}
		}
	}
}

// evict removes the least recently used entries until the rest fits in limit.
func evict(entries []entry, limit int64, now time.Time) {
	var total int64
	for _, e := range entries {
		total += e.size
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.path, b.path))
	})
	for _, e := range entries {
		if total <= limit || now.Sub(e.used) < inUse {
			return
		}
		if os.RemoveAll(e.path) == nil {
			total -= e.size
		}
	}
}

// list returns what a folder holds, nothing where it cannot be read.
func list(dir string) []entry {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var entries []entry
	for _, f := range found {
		if info, err := f.Info(); err == nil {
			entries = append(entries, entry{filepath.Join(dir, f.Name()), info.Size(), info.ModTime()})
		}
	}
	return entries
}

// treeSize sums the sizes of the files below dir.
func treeSize(dir string) int64 {
	var size int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return size
}
