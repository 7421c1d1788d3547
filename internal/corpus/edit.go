package corpus

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// The lines that frame a block of an edit.
var (
	oldMark  = []byte("<<<<<<< old\n")
	midMark  = []byte("=======\n")
	newMark  = []byte(">>>>>>> new\n")
	errShape = errors.New("malformed edit: want blocks of <<<<<<< old, =======, >>>>>>> new")
)

// block is one change: what stands at an offset, and what comes there instead.
type block struct {
	at       int
	old, new []byte
}

// apply changes content as the blocks of edit say. What a block replaces must
// occur exactly once in content itself, so that neither the order of the blocks
// nor what they insert decides where they apply.
func apply(content, edit []byte) ([]byte, error) {
	blocks, err := locate(content, edit)
	if err != nil {
		return nil, err
	}
	var changed []byte
	end := 0
	for _, b := range blocks {
		if b.at < end {
			return nil, fmt.Errorf("blocks overlap at:\n%s", b.old)
		}
		changed = append(changed, content[end:b.at]...)
		changed = append(changed, b.new...)
		end = b.at + len(b.old)
	}
	return append(changed, content[end:]...), nil
}

// locate reads the blocks of edit and sorts them by their place in content.
func locate(content, edit []byte) ([]block, error) {
	var blocks []block
	for rest := edit; len(bytes.TrimSpace(rest)) > 0; {
		before, after, ok := bytes.Cut(rest, oldMark)
		if !ok || len(bytes.TrimSpace(before)) > 0 {
			return nil, errShape
		}
		old, after, ok := bytes.Cut(after, midMark)
		if !ok || len(old) == 0 {
			return nil, errShape
		}
		replacement, after, ok := bytes.Cut(after, newMark)
		if !ok {
			return nil, errShape
		}
		if n := bytes.Count(content, old); n != 1 {
			return nil, fmt.Errorf("an anchor occurs %d times, want once:\n%s", n, old)
		}
		blocks = append(blocks, block{bytes.Index(content, old), old, replacement})
		rest = after
	}
	if len(blocks) == 0 {
		return nil, errShape
	}
	slices.SortFunc(blocks, func(a, b block) int { return cmp.Compare(a.at, b.at) })
	return blocks, nil
}
