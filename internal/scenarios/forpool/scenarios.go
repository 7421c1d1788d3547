// Package forpool holds what is asked of a worker pool: scenarios, the gate, probes for
// over-locking, and the work by which performance is measured.
package forpool

import "racebench/internal/scenarios/harness"

// Scenarios returns those of the worker pool, in the order in which they run.
func Scenarios() []harness.Scenario {
	return []harness.Scenario{
		{
			Name: "workerpool/once", Component: harness.WorkerPool, Run: poolOnce,
			Doc:      "Several goroutines submit tasks. After Wait each has run exactly once and has left one result.",
			Contract: []string{"G1", "W3", "W4", "W10"},
		},
		{
			Name: "workerpool/order", Component: harness.WorkerPool, Run: poolOrder,
			Doc: "All workers but one are held while a queue builds up. The free one runs the tasks in the order of submission, " +
				"and the results are in the order in which they ended.",
			Contract: []string{"W3", "W4", "W13"},
		},
		{
			Name: "workerpool/sums", Component: harness.WorkerPool, Run: poolSums,
			Doc:      "Goroutines and tasks take snapshots while tasks come and go. The sums hold in each, and a running task is counted.",
			Contract: []string{"W4", "W7", "W9"},
		},
		{
			Name: "workerpool/failing-tasks", Component: harness.WorkerPool, Run: poolFails,
			Doc: "Tasks return errors and panic, more of them than there are workers. Each is counted and leaves its result, " +
				"and afterwards all workers still work.",
			Contract: []string{"W5", "W6", "W10"},
		},
		{
			Name: "workerpool/rendezvous", Component: harness.WorkerPool, Run: poolRendezvous,
			Doc: "As many tasks as there are workers wait for each other, again and again; and of more tasks no more than that " +
				"run at once.",
			Contract: []string{"W1", "W4", "W5", "L1"},
		},
		{
			Name: "workerpool/handover", Component: harness.WorkerPool, Run: poolHandover,
			Doc: "A chain of tasks runs, none of which ends before the next one has started. In every snapshot a worker is Busy and a " +
				"task active.",
			Contract: []string{"W4", "W5", "W7", "W9"},
		},
		{
			Name: "workerpool/phases", Component: harness.WorkerPool, Run: poolPhases,
			Doc: "One task comes and goes, and goroutines look at it by Pending, WorkerStates, Results and Stats in turn. None shows a phase " +
				"that another one has shown to be over.",
			Contract: []string{"W4", "W7", "W8"},
		},
		{
			Name: "workerpool/from-tasks", Component: harness.WorkerPool, Run: poolFromTasks,
			Doc:      "Tasks call every method they may, submit a tree of tasks, and reset. Wait returns when the last one has ended.",
			Contract: []string{"W2", "W9", "W10", "W12"},
		},
		{
			Name: "workerpool/burst", Component: harness.WorkerPool, Run: poolBurst,
			Doc: "A burst of tasks, larger than any buffer, is submitted while every worker is held or from inside a task. " +
				"Submit does not wait, nothing is dropped, and what waits is not a goroutine; nor is a result lost while a worker is held up.",
			Contract: []string{"W2", "W3", "W5", "W9", "G3"},
		},
		{
			Name: "workerpool/wait-own", Component: harness.WorkerPool, Run: poolWaitOwn,
			Doc:      "Goroutines submit a task and wait, over and over. When Wait returns, the caller's own task has ended.",
			Contract: []string{"W6", "W10"},
		},
		{
			Name: "workerpool/wait-held", Component: harness.WorkerPool, Run: poolWaitHeld,
			Doc:      "Several goroutines wait while workers hold the last tasks and nothing is pending. None returns before the tasks end.",
			Contract: []string{"W10"},
		},
		{
			Name: "workerpool/wait-chain", Component: harness.WorkerPool, Run: poolWaitChain,
			Doc:      "Each task submits the next one before it ends, while several goroutines wait. None returns before the last task of the chain has ended.",
			Contract: []string{"W9", "W10"},
		},
		{
			Name: "workerpool/close-race", Component: harness.WorkerPool, Run: poolCloseRace,
			Doc:      "Goroutines submit while another closes. What was accepted has run when Close returns; what was refused never does.",
			Contract: []string{"W2", "W3", "W11", "G3"},
		},
		{
			Name: "workerpool/close-held", Component: harness.WorkerPool, Run: poolCloseHeld,
			Doc: "Several goroutines close while every worker is held and tasks are pending. None returns before all have ended; " +
				"Wait, Close and Reset work afterwards, too.",
			Contract: []string{"W2", "W7", "W10", "W11", "W12", "G3"},
		},
		{
			Name: "workerpool/closing", Component: harness.WorkerPool, Run: poolClosing,
			Doc: "A pool closes with tasks pending and every worker held: it refuses new tasks before these end. Pending ones start in order, each leaves its " +
				"result at once, the last ones wait for each other, and what the closed pool returns is the caller's.",
			Contract: []string{"W2", "W3", "W4", "W5", "W11", "W13", "L1"},
		},
		{
			Name: "workerpool/lifecycle", Component: harness.WorkerPool, Run: poolLifecycle,
			Doc:      "Many pools are made, used or not, and closed, once and several times. Every worker stops.",
			Contract: []string{"W1", "W7", "W11", "G3"},
		},
		{
			Name: "workerpool/reset-held", Component: harness.WorkerPool, Run: poolReset,
			Doc: "A pool whose workers are all held is reset, sometimes while it closes. Pending tasks never run, running ones " +
				"leave nothing, and Wait and Close wait for them.",
			Contract: []string{"W3", "W4", "W7", "W10", "W12"},
		},
		{
			Name: "workerpool/reset-in-step", Component: harness.WorkerPool, Run: poolResetInStep,
			Doc: "A pool whose workers are all held is reset, and goroutines look at it by Pending, Results and Stats in turn. None shows what was " +
				"before when another one has shown what is after.",
			Contract: []string{"W7", "W8", "W12"},
		},
		{
			Name: "workerpool/reset-wait", Component: harness.WorkerPool, Run: poolResetWait,
			Doc: "A pool is reset while goroutines wait for tasks that no worker has started, or one closes the pool. All return " +
				"once nothing is pending or active, though no task has ended; and no worker is lost.",
			Contract: []string{"W5", "W7", "W10", "W11", "W12"},
		},
		{
			Name: "workerpool/reset-closing", Component: harness.WorkerPool, Run: poolResetClosing,
			Doc: "A pool is reset while it closes and tasks submit tasks. Every call returns, and in each snapshot on the way the sums " +
				"hold and no worker that has stopped is back.",
			Contract: []string{"W2", "W3", "W7", "W9", "W11", "W12"},
		},
		{
			Name: "workerpool/reset-storm", Component: harness.WorkerPool, Run: poolResetStorm,
			Doc: "A goroutine resets again and again while tasks come and go. The sums hold in each snapshot; no task runs twice, and none of the " +
				"results before a Reset comes back after it.",
			Contract: []string{"W3", "W7", "W12", "W13"},
		},
		{
			Name: "workerpool/isolation", Component: harness.WorkerPool, Run: poolIsolation,
			Doc:      "Callers write into the slices that Results and WorkerStates returned, and keep them across a Reset. Nobody else sees it.",
			Contract: []string{"W13"},
		},
		{
			Name: "workerpool/linearizable", Component: harness.WorkerPool, Run: poolHistories,
			Doc:      "Small histories of every method but Close, with the starts and ends of tasks, for the linearizability check.",
			Contract: []string{"G1", "W3", "W4", "W7", "W8", "W10", "W12", "W13"},
		},
		{
			Name: "workerpool/encounters", Component: harness.WorkerPool, Run: poolEncounters,
			Doc: "Two or three calls, and the ends of tasks that are held, meet in a pool of which it is known what runs and what is pending. All that " +
				"is left is looked at, for the linearizability check.",
			Contract: []string{"W3", "W4", "W7", "W8", "W12", "W13"},
		},
		{
			Name: "workerpool/memory", Component: harness.WorkerPool, Run: poolMemory, Stress: true,
			Doc:      "Many tasks run and are forgotten, or are dropped; they and their results must be free to be collected.",
			Contract: []string{"G4"},
		},
	}
}
