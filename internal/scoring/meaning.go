package scoring

import (
	"slices"

	"racebench/internal/result"
)

// meanings say what a kind of finding tells, and what usually helps.
var meanings = []struct {
	kind          result.Kind
	means, remedy string
}{
	{
		result.DataRace, "Two goroutines accessed the same memory, at least one of them wrote, and nothing ordered the two: the race detector saw it.",
		"Hold one and the same lock for both accesses, also for those that only read, or make both atomic.",
	},
	{
		result.LostUpdate, "The totals at the end are not the sum of what was done: two goroutines read the same old value, and the second one to write took the first one's away.",
		"Read and write in one critical section, or with one atomic operation such as Add. A lock around each half is not enough.",
	},
	{
		result.Invariant, "A call returned, or a snapshot showed, what can be true at no instant: two values of different moments, or a sum that does not hold.",
		"Everything that belongs together has to change, and to be read, in one critical section under one lock. Atomic fields one by one do not make a snapshot.",
	},
	{
		result.NotLinearizable, "No order of the recorded calls, each placed between its begin and its end, explains what they returned.",
		"Look at the calls named last: one of them saw a state in which another one was half done. Do each call's work in one critical section.",
	},
	{
		result.Deadlock, "Goroutines wait for each other, or for a signal that nobody will give any more.",
		"Look at what each blocked goroutine waits for, and who should have woken it: a condition is checked in a loop, every change that can make it true signals, locks are always taken in the same order, and none is held while waiting.",
	},
	{
		result.LockOrder, "Two locks are taken in one order here and in the other order there: two goroutines that do both at once wait for each other.",
		"Take them in one order everywhere, or let one lock guard both.",
	},
	{
		result.GoroutineLeak, "A goroutine is blocked for ever on what nobody can reach any more.",
		"Whoever starts a goroutine sees to its end: close the channel it waits at, wake it when there is nothing to wait for.",
	},
	{
		result.Livelock, "Goroutines run without end and nothing is achieved.",
		"Wait at a lock, a condition variable or a channel instead of looking again and again.",
	},
	{result.Panic, "A method panicked where the contract asks for no panic.", "The stack names the place; often it is a state that another goroutine changed between check and use."},
	{result.Fatal, "The run-time ended the process: concurrent use of a map, the unlock of an unlocked mutex, all goroutines asleep.", "These cannot be recovered from: the access named has to be guarded."},
	{result.Exit, "The candidate ended its process.", "No method of a component has a reason to."},
	{result.ResourceLimit, "Memory, threads, processor time or output went far beyond what any fix needs.", "Look for what grows with the number of calls."},
	{result.Slow, "A scenario needed more than its deadline, and was done when it had the machine for itself. It costs nothing.", "Often the machine was busy."},
	{result.Static, "A static rule recognised a way of writing that is wrong, whatever a run shows.", "racebench explain RULE shows a wrong and a right example."},
	{result.API, "The candidate differs from the contract before anything is run: a name, a signature, an import, a file.", "The message says what was expected."},
	{result.Hostile, "The candidate tries to influence how it is judged.", "The reason names the trick; nothing of it is needed for a fix."},
	{result.Build, "The candidate does not compile.", "The compiler's message stands beside it."},
	{result.Behaviour, "One goroutine alone got an answer that the contract does not give: that is no race.", "Compare the call shown with the sentence named."},
	{result.OverLocking, "Things that the contract wants to go on at the same time, or to take constant time, do not (L1 to L4).", "Hold a lock no longer than its data needs it: never while a task or a load runs, never one for all instances."},
}

// Meaning is what there is to know about a kind of finding.
type Meaning struct {
	Kind result.Kind
	// Means says what was seen, Remedy what usually helps.
	Means, Remedy string
	// Costs are the categories that can lose points by it.
	Costs []CategoryID
	// Forfeits says that nothing is scored.
	Forfeits bool
}

// Meanings lists the kinds of finding.
func Meanings() []Meaning {
	out := make([]Meaning, len(meanings))
	for i, m := range meanings {
		f := result.Finding{Kind: m.kind, Confirmed: true, Severity: result.Error}
		if m.kind == result.Invariant {
			f.Contract = []string{"C8"} // it may be one that is promised in one step
		}
		out[i] = Meaning{Kind: m.kind, Means: m.means, Remedy: m.remedy, Costs: Costs(f), Forfeits: Forfeits(f) || unscored(m.kind)}
		if out[i].Forfeits {
			out[i].Costs = nil
		}
	}
	return out
}

// unscored are the kinds of finding after which there is nothing to score.
func unscored(k result.Kind) bool {
	return slices.Contains([]result.Kind{result.API, result.Build, result.Behaviour}, k)
}
