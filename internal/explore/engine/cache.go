package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	// maxCache bounds the build cache of explorations, in bytes. A variant of
	// the standard library (with or without the race detector) takes some
	// hundred megabytes.
	maxCache = 4 << 30
	// trimEvery is how often the size is looked at.
	trimEvery = 6 * time.Hour
)

// trimCache removes what was not used for longest until the cache is below
// the bound, at most every few hours. A build that runs meanwhile rebuilds
// what it misses.
func trimCache(dir string, bound int64) error {
	marker := filepath.Join(dir, "trimmed")
	if fi, err := os.Stat(marker); err == nil && time.Since(fi.ModTime()) < trimEvery {
		return nil
	}
	type entry struct {
		name string
		size int64
		used time.Time
	}
	var all []entry
	var total int64
	err := filepath.WalkDir(filepath.Join(dir, "build"), func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		fi, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		all = append(all, entry{name, fi.Size(), fi.ModTime()})
		total += fi.Size()
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b entry) int { return a.used.Compare(b.used) })
	for _, e := range all {
		if total <= bound {
			break
		}
		if err := os.Remove(e.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		total -= e.size
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(marker, nil, 0o644)
}
