//go:build unix

package build

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// TestLock: it is held by one at a time, and who waits can be called off.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	unlock, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*lockPoll)
	defer cancel()
	if _, err := lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second one got %v, want the end of its time", err)
	}
	time.AfterFunc(lockPoll/2, unlock)
	again, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
