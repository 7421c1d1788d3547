package main

import (
	"sync"

	"github.com/alitto/pond/v2"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/pool"

	plain "racebench/internal/kit/baseline/workerpool"
	"racebench/internal/workerpool"
)

// poolWorkers is the number of workers of every pool.
const poolWorkers = 4

// poolAPI is what the workloads call; read is Stats without its type, nil if a
// pool has nothing like it.
type poolAPI struct {
	submit func(task func() (int, error))
	read   func()
	wait   func()
	stop   func()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func ourPool() poolAPI {
	p := workerpool.New[int](poolWorkers)
	return poolAPI{
		submit: func(task func() (int, error)) { must(p.Submit(task)) },
		read:   func() { _ = p.Stats() },
		wait:   p.Wait,
		stop:   p.Close,
	}
}

func plainPool() poolAPI {
	p := plain.New[int](poolWorkers)
	return poolAPI{
		submit: func(task func() (int, error)) { must(p.Submit(task)) },
		read:   func() { _ = p.Stats() },
		wait:   p.Wait,
		stop:   p.Close,
	}
}

func antsPool() poolAPI {
	p, err := ants.NewPool(poolWorkers)
	must(err)
	var tasks sync.WaitGroup
	return poolAPI{
		submit: func(task func() (int, error)) {
			tasks.Add(1)
			must(p.Submit(func() {
				defer tasks.Done()
				_, _ = task()
			}))
		},
		read: func() { _, _ = p.Running(), p.Waiting() },
		wait: tasks.Wait,
		stop: p.Release,
	}
}

func pondPool() poolAPI {
	p := pond.NewPool(poolWorkers)
	var tasks sync.WaitGroup
	return poolAPI{
		submit: func(task func() (int, error)) {
			tasks.Add(1)
			must(p.Go(func() {
				defer tasks.Done()
				_, _ = task()
			}))
		},
		read: func() {
			_, _, _ = p.RunningWorkers(), p.WaitingTasks(), p.SubmittedTasks()
			_, _ = p.SuccessfulTasks(), p.FailedTasks()
		},
		wait: tasks.Wait,
		stop: p.StopAndWait,
	}
}

func concPool() poolAPI {
	p := pool.New().WithMaxGoroutines(poolWorkers)
	return poolAPI{
		submit: func(task func() (int, error)) {
			p.Go(func() { _, _ = task() })
		},
		wait: p.Wait,
		stop: func() {},
	}
}

// The peers of the worker pool.
var (
	antsPeer = poolContestant{"ants", "Submit waits for room; no order, no results, no snapshot", antsPool}
	pondPeer = poolContestant{"pond", "no results kept, no worker states, no snapshot", pondPool}
	concPeer = poolContestant{"conc", "Submit waits for room; no order, no results, no statistics", concPool}
)

// poolReadWorkloads returns those that look at the worker pool; conc has nothing
// to look at.
func poolReadWorkloads() []workload {
	return []workload{
		poolWorkload("pool, read-heavy", 90, 1, antsPeer, pondPeer),
		poolWorkload("pool, read-heavy, 4 instances", 90, 4, antsPeer, pondPeer),
	}
}

// poolWriteWorkloads returns those that do nothing but submit.
func poolWriteWorkloads() []workload {
	return []workload{
		poolWorkload("pool, write-heavy", 0, 1, antsPeer, pondPeer, concPeer),
		poolWorkload("pool, write-heavy, 4 instances", 0, 4, antsPeer, pondPeer, concPeer),
	}
}

// poolContestant is an implementation that poolWorkload can start.
type poolContestant struct {
	name, givesUp string
	create        func() poolAPI
}

// poolWorkload lets each goroutine use one of several instances; reads is the
// percentage of snapshots, the rest are submissions of very small tasks. The
// work ends when the last task has.
func poolWorkload(name string, reads, instances int, peers ...poolContestant) workload {
	contest := func(c poolContestant) contestant {
		return contestant{name: c.name, givesUp: c.givesUp, start: func(int) session {
			pools := make([]poolAPI, instances)
			for i := range pools {
				pools[i] = c.create()
			}
			return session{
				work: func(goroutine, operations int) {
					p := pools[goroutine%instances]
					for i := range operations {
						if i*37%100 >= reads {
							p.submit(func() (int, error) { return i, nil })
						} else {
							p.read()
						}
					}
				},
				finish: func() {
					for _, p := range pools {
						p.wait()
					}
				},
				stop: func() {
					for _, p := range pools {
						p.stop()
					}
				},
			}
		}}
	}
	w := workload{
		name:  name,
		ours:  contest(poolContestant{"ours", "", ourPool}),
		plain: contest(poolContestant{"one mutex", "", plainPool}),
	}
	for _, peer := range peers {
		w.peers = append(w.peers, contest(peer))
	}
	return w
}
