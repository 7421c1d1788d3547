package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"racebench/internal/explore/trace"
)

const twoReports = `some output
==================
WARNING: DATA RACE
Write at 0x00c0000183c8 by goroutine 9:
  example.com/bank.(*Account).Take()
      /home/me/bank/bank.go:12 +0x44
  example.com/bank.TestBank.func1()
      /home/me/bank/bank_test.go:20 +0x30

Previous read at 0x00c0000183c8 by goroutine 8:
  example.com/bank.(*Account).Balance()
      /home/me/bank/bank.go:9 +0x3a

Goroutine 9 (running) created at:
  example.com/bank.TestBank()
      /home/me/bank/bank_test.go:19 +0x1d4

Goroutine 8 (finished) created at:
  example.com/bank.TestBank()
      /home/me/bank/bank_test.go:15 +0x11c
==================
==================
WARNING: DATA RACE
Read at 0x00c000012345 by goroutine 7:
  main.f()
      /home/me/a b/main.go:3 +0x1

Previous write at 0x00c000012345 by main goroutine:
  [failed to restore the stack]
==================
FAIL
`

func TestParseRaces(t *testing.T) {
	rs := parseRaces(twoReports)
	if len(rs) != 2 {
		t.Fatalf("%d reports", len(rs))
	}
	want := []RaceStack{
		{Title: "Write at 0x00c0000183c8 by goroutine 9", Stack: []trace.Frame{
			{Func: "example.com/bank.(*Account).Take", File: "/home/me/bank/bank.go", Line: 12},
			{Func: "example.com/bank.TestBank.func1", File: "/home/me/bank/bank_test.go", Line: 20},
		}},
		{Title: "Previous read at 0x00c0000183c8 by goroutine 8", Stack: []trace.Frame{
			{Func: "example.com/bank.(*Account).Balance", File: "/home/me/bank/bank.go", Line: 9},
		}},
	}
	if d := cmp.Diff(want, rs[0].Accesses); d != "" {
		t.Error(d)
	}
	if n := len(rs[0].Created); n != 2 || rs[0].Created[1].Stack[0].Line != 15 {
		t.Errorf("created: %+v", rs[0].Created)
	}
	if a := rs[1].Accesses; len(a) != 2 || a[0].Stack[0].File != "/home/me/a b/main.go" {
		t.Errorf("second: %+v", a)
	}
}

func FuzzParseRaces(f *testing.F) {
	f.Add(twoReports)
	f.Add("==================\nWARNING: DATA RACE\n      x\n==================")
	f.Fuzz(func(t *testing.T, s string) { parseRaces(s) })
}

func FuzzParseLine(f *testing.F) {
	f.Add(`outcome test="TestX" index=4 output="a\nb"`)
	f.Add(`x =`)
	f.Fuzz(func(t *testing.T, s string) {
		l := parseLine(s)
		l.stack("stack")
	})
}
