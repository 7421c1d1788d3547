// Package kit holds the starter kit: the task as somebody gets it who is to fix
// the three components. Its components keep docs/contract.md as long as one
// goroutine drives them, so that they pass the gate, and break it in the ways
// of the task when several do:
//
//   - cache: look-up, count and value are separate steps, and so are the check
//     for room, the eviction and the insertion; the statistics are bare; callers
//     who miss together all load; a load ends the flight of another; waiters of a
//     load that panicked get no error; Clear is two steps.
//   - counter: nothing is synchronised; increments are lost, snapshots and
//     averages torn, and what is recorded during Reset vanishes.
//   - workerpool: tasks are linked behind a tail that another Submit may have
//     moved, which loses them, and Wait then hangs; worker states and the copies
//     of results are bare; Close is checked and set in two steps and returns to
//     the second caller at once; the end of the last task wakes one of those who
//     wait, and the others hang; Reset is two steps.
//
// What a worker and a single driver share is ordered by the pool's lock, so that
// none of this shows before a second goroutine calls the pool.
//
// The kit is a txtar archive because its go.mod would keep go:embed out, and
// because broken packages should not be part of this module.
package kit

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strconv"

	"golang.org/x/tools/txtar"
)

//go:embed starter.txtar
var starter []byte

// File is one file of the kit.
type File struct {
	// Name is the path in the kit's folder, with forward slashes.
	Name string
	Data []byte
}

// Files returns the files of the starter kit in the order in which they are
// written, the statement of the task first.
func Files() []File {
	var files []File
	for _, f := range txtar.Parse(starter).Files {
		files = append(files, File{f.Name, f.Data})
	}
	return files
}

// OccupiedError is returned by Write for a folder that is not empty.
type OccupiedError struct {
	// Dir is the folder as it was given, Entry the name of something in it.
	Dir, Entry string
}

func (e *OccupiedError) Error() string {
	return fmt.Sprintf("%s is not empty: it holds %s", e.Dir, e.Entry)
}

// Write writes the starter kit into dir, which it makes where there is none. It
// returns an *OccupiedError for a folder that is not empty, unless force is set:
// then files of the kit that are already there are replaced, and everything else
// stays. Nothing is written outside of dir, whatever links it contains. Each
// file appears as a whole or not at all.
func Write(dir string, force bool) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if !force {
		entries, err := fs.ReadDir(root.FS(), ".")
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			return &OccupiedError{Dir: dir, Entry: entries[0].Name()}
		}
	}
	for _, f := range Files() {
		if err := writeFile(root, f); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

// writeFile puts one file in its place by renaming, so that an interruption or
// a full disk leaves the old one or none.
func writeFile(root *os.Root, f File) (err error) {
	if err := root.MkdirAll(path.Dir(f.Name), 0o777); err != nil {
		return err
	}
	temporary := f.Name + "." + strconv.FormatUint(rand.Uint64(), 36)
	file, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, root.Remove(temporary))
		}
	}()
	_, err = file.Write(f.Data)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return root.Rename(temporary, f.Name)
}
