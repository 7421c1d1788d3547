package runner

import (
	"io"
	"sync"
)

// The parts of a worker's output that are kept, in bytes. The rest is read and
// dropped, so that a worker may print as much as it likes.
const (
	keptHead = 4 << 10
	keptTail = 512 << 10
)

// capture keeps the beginning and the end of a stream.
type capture struct {
	mu    sync.Mutex
	head  []byte
	tail  []byte
	total int64
}

// Write keeps what has room. It never fails.
func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(p)
	c.total += int64(n)
	if room := keptHead - len(c.head); room > 0 {
		k := min(room, len(p))
		c.head = append(c.head, p[:k]...)
		p = p[k:]
	}
	c.tail = append(c.tail, p...)
	if len(c.tail) > 2*keptTail {
		c.tail = append(c.tail[:0], c.tail[len(c.tail)-keptTail:]...)
	}
	return n, nil
}

// String is what was kept, in the order in which it was written.
func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if dropped := c.total - int64(len(c.head)) - int64(len(c.tail)); dropped > 0 {
		return string(c.head) + "\n[…]\n" + string(c.tail)
	}
	return string(c.head) + string(c.tail)
}

// drain copies a stream into c until it ends.
func (c *capture) drain(r io.Reader) {
	// Reading ends with the process, or when the descriptor is closed.
	_, _ = io.Copy(c, r)
}
