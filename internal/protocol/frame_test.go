package protocol

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
)

func TestFramesGoThere(t *testing.T) {
	var pipe bytes.Buffer
	sent := []Reply{
		{ID: 1, Nonce: "n", Ready: &Ready{Version: Version, LeakProfile: true}},
		{ID: 2, Nonce: "n", Outcome: &Outcome{Violations: []Violation{{Kind: "invariant", Observed: "\x00\n\xff"}}, Histories: []History{{Model: "cache", Init: []int64{1}, Ops: []Operation{{Name: "Get", In: []int64{1}}}}}}},
	}
	for _, r := range sent {
		if err := Write(&pipe, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range sent {
		var got Reply
		if err := Read(&pipe, &got); err != nil {
			t.Fatal(err)
		}
		if want.Outcome != nil { // JSON replaces what is no UTF-8
			want.Outcome.Violations[0].Observed = "\x00\n\ufffd"
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if err := Read(&pipe, new(Reply)); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestBrokenFrames(t *testing.T) {
	for name, frame := range map[string]string{
		"cut in the length": "\x00\x00",
		"cut in the body":   "\x00\x00\x00\x09{}",
		"too long":          "\xff\xff\xff\xff{}",
		"no JSON":           "\x00\x00\x00\x03abc",
	} {
		if err := Read(bytes.NewReader([]byte(frame)), new(Reply)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: got %v, want an error that is no end", name, err)
		}
	}
}

// FuzzRead: whatever arrives is an error or a frame, and costs no more memory
// than it is long.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\x7f\xff\xff\xff{}"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		var r Reply
		if err := Read(bytes.NewReader(frame), &r); err == nil && len(frame) < 6 {
			t.Errorf("%q was taken for a frame", frame)
		}
	})
}
