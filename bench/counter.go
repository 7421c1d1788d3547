package main

import (
	"sync/atomic"
	"time"

	"github.com/puzpuzpuz/xsync/v4"

	"racebench/internal/counter"
	plain "racebench/internal/kit/baseline/counter"
)

// counterAPI is what the workloads call; read is Stats without its type.
type counterAPI interface {
	RecordRequest(success bool, elapsed time.Duration)
	read() uint64
}

type ourCounter struct{ *counter.Counter }

func (c ourCounter) read() uint64 { return c.Stats().Total }

type plainCounter struct{ *plain.Counter }

func (c plainCounter) read() uint64 { return c.Stats().Total }

// atomicCounter is an atomic a field.
type atomicCounter struct {
	total, succeeded, failed atomic.Uint64
	nanoseconds              atomic.Int64
}

func (c *atomicCounter) RecordRequest(success bool, elapsed time.Duration) {
	c.total.Add(1)
	if success {
		c.succeeded.Add(1)
	} else {
		c.failed.Add(1)
	}
	c.nanoseconds.Add(int64(max(elapsed, 0)))
}

func (c *atomicCounter) read() uint64 {
	stats := plain.Stats{
		Total: c.total.Load(), Succeeded: c.succeeded.Load(), Failed: c.failed.Load(),
		ProcessingTime: time.Duration(c.nanoseconds.Load()),
	}
	return stats.Total
}

// stripedCounter is an xsync.Counter a field.
type stripedCounter struct {
	total, succeeded, failed, nanoseconds *xsync.Counter
}

func newStripedCounter() stripedCounter {
	return stripedCounter{xsync.NewCounter(), xsync.NewCounter(), xsync.NewCounter(), xsync.NewCounter()}
}

func (c stripedCounter) RecordRequest(success bool, elapsed time.Duration) {
	c.total.Inc()
	if success {
		c.succeeded.Inc()
	} else {
		c.failed.Inc()
	}
	c.nanoseconds.Add(int64(max(elapsed, 0)))
}

func (c stripedCounter) read() uint64 {
	stats := plain.Stats{
		Total: uint64(c.total.Value()), Succeeded: uint64(c.succeeded.Value()), Failed: uint64(c.failed.Value()),
		ProcessingTime: time.Duration(c.nanoseconds.Value()),
	}
	return stats.Total
}

// counterWorkloads returns those of the counter.
func counterWorkloads() []workload {
	return []workload{
		counterWorkload("counter, read-heavy", 90, 1),
		counterWorkload("counter, write-heavy", 5, 1),
		counterWorkload("counter, read-heavy, 4 instances", 90, 4),
		counterWorkload("counter, write-heavy, 4 instances", 5, 4),
	}
}

// counterWorkload lets each goroutine use one of several instances; reads is the
// percentage of snapshots, the rest are requests of about a millisecond.
func counterWorkload(name string, reads, instances int) workload {
	contest := func(name, givesUp string, create func() counterAPI) contestant {
		return contestant{name: name, givesUp: givesUp, start: func(int) session {
			counters := make([]counterAPI, instances)
			for i := range counters {
				counters[i] = create()
			}
			return session{work: func(goroutine, operations int) {
				c := counters[goroutine%instances]
				for i := range operations {
					// 37 is prime to 100: reads and writes mix.
					if i*37%100 < reads {
						c.read()
					} else {
						c.RecordRequest(i%8 != 0, time.Duration(900_000+i&0xffff))
					}
				}
			}}
		}}
	}
	return workload{
		name:  name,
		ours:  contest("ours", "", func() counterAPI { return ourCounter{counter.New()} }),
		plain: contest("one mutex", "", func() counterAPI { return plainCounter{plain.New()} }),
		peers: []contestant{
			contest("atomics", "no joint snapshot, Reset is not one step", func() counterAPI { return new(atomicCounter) }),
			contest("xsync", "no joint snapshot, Reset loses what is added meanwhile", func() counterAPI { return newStripedCounter() }),
		},
	}
}
