package protocol

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxFrame bounds one frame in bytes, so that a worker gone wild cannot fill
// the judge's memory.
const MaxFrame = 32 << 20

// ErrFrameTooLarge is returned for a frame longer than MaxFrame.
var ErrFrameTooLarge = errors.New("protocol: frame too large")

// Write sends v as one frame: four bytes of length, big-endian, then JSON. It
// makes one call to w.Write, so that frames of several goroutines do not mix
// where w is safe for concurrent use.
func Write(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("protocol: %w", err)
	}
	if len(body) > MaxFrame {
		return ErrFrameTooLarge
	}
	frame := make([]byte, 4, 4+len(body))
	binary.BigEndian.PutUint32(frame, uint32(len(body)))
	_, err = w.Write(append(frame, body...))
	return err
}

// Read receives one frame into v. It returns io.EOF only between frames.
func Read(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > MaxFrame {
		return ErrFrameTooLarge
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return fmt.Errorf("protocol: truncated frame: %w", io.ErrUnexpectedEOF)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("protocol: malformed frame: %w", err)
	}
	return nil
}
