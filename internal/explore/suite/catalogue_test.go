package suite

import (
	"math"

	"racebench/internal/explore/engine"
)

// A bug is a test of package fail in testdata/bugs. Its right twin has the same
// name in package pass.
type bug struct {
	name string
	want engine.Evidence // what a schedule that shows the bug is evidence of

	// race: the bug is in plain memory accesses and is looked for in a build
	// with the race detector.
	race bool

	// depth is the number of ordering constraints between operations of
	// different goroutines that are enough to show the bug (d in Burckhardt et
	// al., ASPLOS 2010). 0: every schedule does.
	depth int

	// goroutines and steps are upper bounds, counted from the source: all
	// goroutines of a schedule, and decisions of which of several goes on. They
	// are given where a budget is made from them.
	goroutines, steps int
}

// The budget of schedules for bugs of a small depth, under the portfolio.
const shallow = 1000

// miss is the accepted chance that a search within budget finds nothing.
const miss = 1e-3

// budget is the number of schedules within which the bug has to be found. PCT
// shows a bug of depth d with a chance of at least p = 1/(n·k^(d-1)) in each
// schedule, so that n·k^(d-1)·ln(1/miss) schedules are enough but for miss:
// (1-p)^(1/p·ln(1/miss)) < miss.
func (b bug) budget() int {
	if b.depth <= 2 {
		return shallow
	}
	return int(math.Ceil(float64(b.goroutines) * math.Pow(float64(b.steps), float64(b.depth-1)) * math.Log(1/miss)))
}

// mix is the strategy by which the bug has to be found within budget.
func (b bug) mix() []engine.Strategy {
	if b.depth <= 2 {
		return portfolio
	}
	return []engine.Strategy{{Kind: engine.PCT, Depth: b.depth}}
}

var portfolio = []engine.Strategy{{Kind: engine.Random}, {Kind: engine.PCT, Depth: 3}, {Kind: engine.POS}, {Kind: engine.Sticky, Stay: 7}}

// catalogue lists all bugs, in the order of the files.
//
// n and k of the deep ones are counted like this: the test's goroutine and its
// root come on top of those that it starts; a goroutine has a step for its
// start, one for each operation, and one for WaitGroup.Done; the test has one
// for each WaitGroup.Add, for Wait, and for each operation of its own.
var catalogue = []bug{
	// atomics
	{name: "TestLoadStore", want: engine.Fail, depth: 2},
	{name: "TestPlainIncrement", want: engine.Race, race: true},
	{name: "TestMixedAccess", want: engine.Race, race: true},
	{name: "TestAtomicFunctions", want: engine.Fail, depth: 2},
	{name: "TestTornPair", want: engine.Fail, depth: 2},
	{name: "TestHandMadeLock", want: engine.Fail, depth: 3, goroutines: 4, steps: 18}, // 2·(1+5+1)+3+1
	{name: "TestPeterson", want: engine.Fail, depth: 3, goroutines: 4, steps: 22},     // 2·(1+7+1)+3+1
	{name: "TestResurrection", want: engine.Panic, depth: 2},
	{name: "TestFlagBeforeData", want: engine.Panic, depth: 2},
	{name: "TestDoubleChecked", want: engine.Race, race: true, depth: 1},
	{name: "TestCheckedOnce", want: engine.Fail, depth: 2},
	{name: "TestABA", want: engine.Fail, depth: 2},
	{name: "TestSequenceLock", want: engine.Fail, depth: 2},
	{name: "TestStaleMaximum", want: engine.Fail, depth: 2},
	{name: "TestSpinLivelock", want: engine.Livelock, depth: 2},
	{name: "TestMoreProcessors", want: engine.Fail, depth: 2},
	// channels
	{name: "TestSendOnClosed", want: engine.Panic, depth: 2},
	{name: "TestDoubleClose", want: engine.Panic, depth: 2},
	{name: "TestLeakOnTimeout", want: engine.Leak, depth: 1},
	{name: "TestLeakOnFirstError", want: engine.Leak},
	{name: "TestDroppedNotification", want: engine.Deadlock, depth: 1},
	{name: "TestMissingClose", want: engine.Deadlock, depth: 1},
	{name: "TestBothReceive", want: engine.Deadlock, depth: 2},
	{name: "TestSelectAfterStop", want: engine.Fail},
	{name: "TestSlotLost", want: engine.Deadlock},
	{name: "TestPipelineLeak", want: engine.Leak, depth: 1},
	{name: "TestLenThenReceive", want: engine.Deadlock, depth: 2},
	{name: "TestNilChannel", want: engine.Deadlock, depth: 1},
	// deep
	{name: "TestPhilosophers3", want: engine.Deadlock, depth: 3, goroutines: 5, steps: 22}, // 3·(1+4+1)+4
	{name: "TestPhilosophers4", want: engine.Deadlock, depth: 4, goroutines: 6, steps: 29}, // 4·(1+4+1)+5
	{name: "TestTurns3", want: engine.Fail, depth: 3, goroutines: 4, steps: 16},            // 2·(1+4+1)+3+1
	{name: "TestTurns4", want: engine.Fail, depth: 4, goroutines: 4, steps: 18},            // (1+6+1)+(1+4+1)+3+1
	{name: "TestOneCond", want: engine.Deadlock, depth: 3, goroutines: 6, steps: 33},       // 4·(1+3+2+1)+5
	{name: "TestABA3", want: engine.Fail, depth: 3, goroutines: 5, steps: 20},              // (1+2+1)+(1+4+1)+(1+2+1)+4+1
	{name: "TestBakery", want: engine.Fail, depth: 3, goroutines: 4, steps: 20},            // 2·(1+6+1)+3+1
	{name: "TestTwoLost", want: engine.Fail, depth: 3, goroutines: 5, steps: 17},           // 3·(1+2+1)+4+1
	{name: "TestTwoWindows", want: engine.Fail, depth: 3, goroutines: 5, steps: 16},        // 3·(1+2+1)+4
	{name: "TestThreeWindows", want: engine.Fail, depth: 4, goroutines: 6, steps: 22},      // 3·(1+2+1)+(1+3+1)+5
	// locks
	{name: "TestOppositeOrder", want: engine.Deadlock, depth: 2},
	{name: "TestOrderFarApart", want: engine.LockOrder},
	{name: "TestGateLock", want: engine.Deadlock, depth: 2},
	{name: "TestTransferDeadlock", want: engine.Deadlock, depth: 2},
	{name: "TestTransferAudit", want: engine.Fail, depth: 2},
	{name: "TestRecursiveRead", want: engine.Deadlock, depth: 2},
	{name: "TestUpgrade", want: engine.Fail, depth: 2},
	{name: "TestUpgradeInPlace", want: engine.Deadlock, depth: 1},
	{name: "TestUnlockTwice", want: engine.Fatal, depth: 2},
	{name: "TestLockLeftHeld", want: engine.Leak},
	{name: "TestSelfDeadlock", want: engine.Deadlock, depth: 1},
	{name: "TestCopiedLock", want: engine.Race, race: true},
	{name: "TestUnlockedRead", want: engine.Race, race: true, depth: 1},
	{name: "TestPoliteLivelock", want: engine.Livelock, depth: 2},
	// maps
	{name: "TestMapWrites", want: engine.Race, race: true},
	{name: "TestMapReadWrite", want: engine.Race, race: true},
	{name: "TestSliceAppend", want: engine.Race, race: true},
	{name: "TestCheckThenAct", want: engine.Fail, depth: 2},
	{name: "TestSyncMapCount", want: engine.Fail, depth: 2},
	{name: "TestSyncMapMake", want: engine.Fail, depth: 2},
	{name: "TestSyncMapDelete", want: engine.Panic, depth: 2},
	{name: "TestStaleLoad", want: engine.Fail, depth: 2},
	// parts
	{name: "TestPoolSubmitAfterClose", want: engine.Panic, depth: 2},
	{name: "TestPoolSelfSubmit", want: engine.Deadlock, depth: 1},
	{name: "TestTaskTwice", want: engine.Fail, depth: 2},
	{name: "TestTaskLost", want: engine.Fail, depth: 2},
	{name: "TestPublishUnsubscribe", want: engine.Panic, depth: 2},
	{name: "TestPublishUnderLock", want: engine.Deadlock, depth: 1},
	{name: "TestTokenBucket", want: engine.Fail, depth: 2},
	{name: "TestSemaphoreRelease", want: engine.Fail, depth: 2},
	{name: "TestFlightForgotten", want: engine.Fail, depth: 2},
	{name: "TestFlightPanic", want: engine.Deadlock},
	{name: "TestFirstError", want: engine.Fail, depth: 1},
	{name: "TestSharedResult", want: engine.Race, race: true},
	{name: "TestNilMap", want: engine.Panic, depth: 1},
	{name: "TestIndex", want: engine.Panic, depth: 1},
	{name: "TestExit", want: engine.Exit, depth: 1},
	{name: "TestRecoveredLock", want: engine.Deadlock, depth: 2},
	{name: "TestIdleCheck", want: engine.Fail, depth: 2},
	{name: "TestConnectionLost", want: engine.Fail, depth: 2},
	// time
	{name: "TestAfterFuncStop", want: engine.Panic, depth: 1},
	{name: "TestTimerDrain", want: engine.Deadlock, depth: 1},
	{name: "TestTickerLeak", want: engine.Leak},
	{name: "TestSleepInsteadOfWait", want: engine.Fail, depth: 1},
	{name: "TestAnswerAfterTimeout", want: engine.Panic, depth: 1},
	{name: "TestContextWatcher", want: engine.Leak, depth: 2},
	{name: "TestCancelOrResult", want: engine.Fail},
	{name: "TestDeadlineCheck", want: engine.Deadlock, depth: 2},
	{name: "TestContextAfterFunc", want: engine.Fail, depth: 1},
	{name: "TestDaemon", want: engine.Leak},
	{name: "TestQueue", want: engine.Leak},
	// waiting
	{name: "TestMissedSignal", want: engine.Deadlock, depth: 2},
	{name: "TestWaitWithoutLoop", want: engine.Panic, depth: 2},
	{name: "TestSignalBeforeChange", want: engine.Deadlock, depth: 2},
	{name: "TestNegativeWaitGroup", want: engine.Panic, depth: 2},
	{name: "TestAddInGoroutine", want: engine.Fail, depth: 1},
	{name: "TestMissingDone", want: engine.Deadlock, depth: 1},
	{name: "TestOnceFailed", want: engine.Panic, depth: 1},
	{name: "TestOnceCircle", want: engine.Deadlock, depth: 2},
	{name: "TestOncePerCall", want: engine.Fail, depth: 2},
	{name: "TestWaitTooEarly", want: engine.Fail, depth: 1},
	{name: "TestBarrier", want: engine.Deadlock, depth: 2},
}
