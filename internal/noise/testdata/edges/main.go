// Program edges makes one data race between two goroutines whose order is
// forced in a way that the race detector does not see. Whatever stands between
// the two writes decides whether the race is reported.
package main

import (
	"os"
	"runtime"
	"sync/atomic"

	"racebench/internal/noise"
)

var (
	shared int
	first  bool
	edge   atomic.Int64
)

//go:norace
func setFirst() { first = true }

//go:norace
func isFirst() bool { return first }

func main() {
	between := noise.Point
	noise.Set(1, noise.Off)
	switch os.Args[1] {
	case "heavy":
		noise.Set(1, noise.Heavy)
	case "atomic":
		between = func() { edge.Add(1) }
	}
	done := make(chan bool)
	go func() {
		shared = 1
		for range 1000 {
			between()
		}
		setFirst()
		done <- true
	}()
	go func() {
		for !isFirst() {
			runtime.Gosched()
		}
		for range 1000 {
			between()
		}
		shared = 2
		done <- true
	}()
	<-done
	<-done
}
