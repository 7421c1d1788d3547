package overlay

// membership: which goroutines belong to a session.
var membership = []Edit{
	{
		Name: "g-field", File: "runtime/runtime2.go",
		Reason:  "every goroutine knows its session and its number in it",
		Old:     `(?m)^	bubble\s+\*synctestBubble\n`,
		New:     "	bubble  *synctestBubble\n	racebench racebenchMember\n",
		Pattern: true,
	},
	{
		Name: "new-g-clear", File: "runtime/proc.go",
		Reason: "goroutine structs are reused",
		Old:    "	newg.startpc = fn.fn\n",
		New:    "	newg.startpc = fn.fn\n	newg.racebench = racebenchMember{}\n",
	},
	{
		Name: "new-g-inherit", File: "runtime/proc.go",
		Reason: "a goroutine belongs to its creator's session; system goroutines do not",
		Old:    "		newg.bubble = callergp.bubble\n",
		New:    "		newg.bubble = callergp.bubble\n		racebenchNewG(newg, callergp)\n",
	},
	{
		Name: "g-exit", File: "runtime/proc.go",
		Reason:  "a session counts its living goroutines",
		Old:     `(?m)^func gdestroy\(gp \*g\) \{\n	mp := getg\(\)\.m\n	pp := mp\.p\.ptr\(\)\n`,
		New:     "func gdestroy(gp *g) {\n	racebenchExit(gp)\n	mp := getg().m\n	pp := mp.p.ptr()\n",
		Pattern: true,
	},
}

// selection: who runs next, and what happens when nobody can.
var selection = []Edit{
	{
		Name: "find-runnable", File: "runtime/proc.go",
		Reason: "the strategy, not the run queues, says who goes on",
		Old:    "	// Check the global runnable queue once in a while to ensure fairness.\n",
		New: "	if racebench.on {\n		if gp := racebenchSchedule(pp); gp != nil {\n			return gp, false, false\n		}\n	}\n" +
			"	// Check the global runnable queue once in a while to ensure fairness.\n",
	},
	{
		Name: "idle", File: "runtime/proc.go",
		Reason: "when nobody can run: virtual time goes on, or it is a deadlock or the end",
		Old:    "	// Before we drop our P, make a snapshot of the allp slice,\n",
		New:    "	if racebench.on && racebenchIdle(pp) {\n		goto top\n	}\n\n	// Before we drop our P, make a snapshot of the allp slice,\n",
	},
	{
		Name: "handoff", File: "runtime/proc.go",
		Reason: "goroutines in the session's set are work too",
		Old:    "	if !runqempty(pp) || !sched.runq.empty() {\n		startm(pp, false, false)",
		New:    "	if !runqempty(pp) || !sched.runq.empty() || racebenchPending() {\n		startm(pp, false, false)",
	},
	{
		Name: "park", File: "runtime/proc.go",
		Reason: "a session knows who is blocked, and in what",
		Old:    "		throw(\"gopark: bad g status\")\n	}\n",
		New:    "		throw(\"gopark: bad g status\")\n	}\n	if racebench.on {\n		racebenchPark(gp, reason)\n	}\n",
	},
	{
		Name: "gosched", File: "runtime/proc.go",
		Reason: "runtime.Gosched is a scheduling point by which a goroutine gives way",
		Old:    "func Gosched() {\n	checkTimeouts()\n",
		New:    "func Gosched() {\n	if racebench.on {\n		racebenchGosched()\n	}\n	checkTimeouts()\n",
	},
}

// preemption: being taken off the thread is no decision.
var preemption = []Edit{
	{
		Name: "time-slice", File: "runtime/proc.go",
		Reason: "no time slices: they depend on the wall clock",
		Old:    "			} else if pd.schedwhen+forcePreemptNS <= now {\n				preemptone(pp)",
		New: "			} else if racebench.on && pd.schedwhen+2*forcePreemptNS > now {\n" +
			"			} else if pd.schedwhen+forcePreemptNS <= now {\n				preemptone(pp)",
		Last: 25,
	},
	{
		Name: "time-slice", File: "runtime/proc.go",
		Reason: "no time slices: they depend on the wall clock",
		First:  26,
		Old:    "		} else if pd.schedwhen+forcePreemptNS <= now {\n			preemptone(pp)",
		New: "		} else if racebench.on && pd.schedwhen+2*forcePreemptNS > now {\n" +
			"		} else if pd.schedwhen+forcePreemptNS <= now {\n			preemptone(pp)",
	},
	{
		Name: "preempted", File: "runtime/proc.go",
		Reason: "a goroutine preempted for the collector or the profiler goes on first",
		Old:    "	dropg()\n	lock(&sched.lock)\n	globrunqput(gp)\n	unlock(&sched.lock)\n\n	if mainStarted {",
		New:    "	dropg()\n	if preempted {\n		racebenchPreempted(gp)\n	}\n	lock(&sched.lock)\n	globrunqput(gp)\n	unlock(&sched.lock)\n\n	if mainStarted {",
		Last:   25,
	},
	{
		Name: "preempted", File: "runtime/proc.go",
		Reason: "a goroutine preempted for the collector or the profiler goes on first",
		First:  26,
		Old:    "	dropg()\n	if preempted && sched.gcwaiting.Load() {\n",
		New:    "	dropg()\n	if preempted {\n		racebenchPreempted(gp)\n	}\n	if preempted && sched.gcwaiting.Load() {\n",
	},
	{
		Name: "preempt-park", File: "runtime/proc.go",
		Reason: "as above, for preemption at the collector's request",
		Old:    "	casGToPreemptScan(gp, _Grunning, _Gscan|_Gpreempted)\n",
		New:    "	racebenchPreempted(gp)\n	casGToPreemptScan(gp, _Grunning, _Gscan|_Gpreempted)\n",
	},
	{
		Name: "blocking-syscall", File: "runtime/proc.go",
		Reason: "nobody else runs while a goroutine is in a system call that gives up its P",
		Old:    "	gp.m.syscalltick = gp.m.p.ptr().syscalltick\n	gp.m.p.ptr().syscalltick++\n\n	addGSyscallNoP(gp.m)",
		New:    "	gp.m.syscalltick = gp.m.p.ptr().syscalltick\n	gp.m.p.ptr().syscalltick++\n	racebenchBlockSyscall(gp)\n\n	addGSyscallNoP(gp.m)",
		First:  26,
	},
	{
		Name: "blocking-syscall", File: "runtime/proc.go",
		Reason:  "nobody else runs while a goroutine is in a system call that gives up its P",
		Old:     `(?m)^func entersyscallblock\(\) \{\n	gp := getg\(\)\n`,
		New:     "func entersyscallblock() {\n	gp := getg()\n	racebenchBlockSyscall(gp)\n",
		Pattern: true,
		Last:    25,
	},
}

// clock: virtual time.
var clock = []Edit{
	{
		Name: "time-bubble", File: "runtime/time.go",
		Reason:  "time follows the session's clock",
		Old:     `getg\(\)\.bubble\b`,
		New:     "getg().timeBubble()",
		Pattern: true, Count: -1,
	},
	{
		Name: "time-nano", File: "runtime/time.go",
		Reason: "time follows the session's clock",
		Old:    "	if gp.bubble != nil {\n		return gp.bubble.now\n	}\n",
		New:    "	if b := gp.timeBubble(); b != nil {\n		return racebenchReadClock(b)\n	}\n",
	},
	{
		Name: "time-now", File: "runtime/time.go",
		Reason: "no two readings of the clock are equal",
		Old:    "		sec = bubble.now / (1000 * 1000 * 1000)\n",
		New:    "		racebenchReadClock(bubble)\n		sec = bubble.now / (1000 * 1000 * 1000)\n",
	},
	{
		Name: "time-before", File: "runtime/time.go",
		Reason: "what happens before a session is earlier than all in it",
		Old:    "		return sec, nsec, 0\n	}\n	return time_now()\n",
		New:    "		return sec, nsec, 0\n	}\n	return racebenchWallClock()\n",
	},
	{
		Name: "sleep-fake", File: "runtime/time.go",
		Reason: "a sleep ends by the session's clock",
		Old:    "		if gp.bubble != nil {\n			t.isFake = true\n		}\n",
		New:    "		if gp.timeBubble() != nil {\n			t.isFake = true\n		}\n",
	},
	{
		Name: "sleep-now", File: "runtime/time.go",
		Reason: "a sleep begins by the session's clock",
		Old:    "	if bubble := gp.bubble; bubble != nil {\n",
		New:    "	if bubble := gp.timeBubble(); bubble != nil {\n",
	},
	{
		Name: "timer-enter", File: "runtime/time.go",
		Reason: "what a timer starts belongs to the session",
		Old:    "		gp.bubble = bubble\n		bubble.changegstatus(gp, _Gdead, _Grunning)\n",
		New:    "		racebenchEnterTimer(gp, bubble)\n",
	},
	{
		Name: "timer-leave", File: "runtime/time.go",
		Reason: "undoes timer-enter",
		Old:    "		bubble.changegstatus(gp, _Grunning, _Gdead)\n		if raceenabled {",
		New:    "		racebenchLeaveTimer(gp, bubble)\n		if raceenabled {",
	},
	{
		Name: "timer-channel", File: "runtime/time.go",
		Reason:  "the session's channels carry no bubble, so that they can be used from outside",
		Old:     `getg\(\)\.timeBubble\(\) != c\.bubble|c\.bubble != getg\(\)\.timeBubble\(\)`,
		New:     "!racebenchSameBubble(c)",
		Pattern: true, Count: 2,
	},
	{
		Name: "timer-channel-run", File: "runtime/time.go",
		Reason: "as above, where a timer channel is run by its reader",
		Old:    "		t.unlockAndRun(now, c.bubble)\n",
		New:    "		t.unlockAndRun(now, racebenchTimerBubble(t, c))\n",
	},
	{
		Name: "mutex-clock", File: "runtime/sema.go",
		Reason: "how long a goroutine waits for a mutex decides who gets it next",
		Old:    "func internal_sync_nanotime() int64 {\n	return nanotime()\n",
		New:    "func internal_sync_nanotime() int64 {\n	return racebenchNanotime()\n",
	},
	{
		Name: "one-processor", File: "runtime/debug.go",
		Reason: "a program that asks for more processors would run beside the schedule",
		Old:    "	if n <= 0 {\n		unlock(&sched.lock)\n		return ret\n",
		New:    "	if n <= 0 || racebench.on {\n		unlock(&sched.lock)\n		return ret\n",
	},
	{
		Name: "one-processor-default", File: "runtime/debug.go",
		Reason: "as above",
		Old:    "func SetDefaultGOMAXPROCS() {\n",
		New:    "func SetDefaultGOMAXPROCS() {\n	if racebench.on {\n		return\n	}\n",
	},
}

// randomness: the runtime's random choices come from the schedule's seed.
var randomness = []Edit{
	{
		Name: "select-order", File: "runtime/select.go",
		Reason: "which of several ready cases a select takes",
		Old:    "cheaprandn(uint32(norder + 1))",
		New:    "racebenchRandn(uint32(norder + 1))",
	},
	{
		Name: "rand", File: "runtime/rand.go",
		Reason: "maps' order and hash seeds, math/rand",
		Old:    "func rand() uint64 {\n",
		New:    "func rand() uint64 {\n	if x, ok := racebenchRand(); ok {\n		return x\n	}\n",
	},
	{
		Name: "rand-start", File: "runtime/rand.go",
		Reason: "what happens before the first session is the same in every process",
		Old:    "	globalRand.state.Init(*seed)\n",
		New:    "	for i := range seed {\n		seed[i] = byte(i + 1)\n	}\n	globalRand.state.Init(*seed)\n",
	},
	{
		Name: "timer-ties", File: "runtime/time.go",
		Reason: "which of several timers due at once fires first",
		Old:    "			t.rand = cheaprand()\n",
		New:    "			t.rand = racebenchTimerRand()\n",
	},
	{
		Name: "pool-drop", File: "sync/pool.go", Mode: Race,
		Reason: "with the race detector a Pool drops values at random",
		Old:    "if runtime_randn(4) == 0 {",
		New:    "if racebenchRandn(4) == 0 {",
	},
}

// channels: scheduling points of channel operations.
var channels = []Edit{
	{
		Name: "send", File: "runtime/chan.go",
		Reason: "scheduling point",
		Old:    "	if debugChan {\n		print(\"chansend: chan=\", c, \"\\n\")\n	}\n",
		New:    "	if racebench.on {\n		racebenchChan(racebenchOpSend, unsafe.Pointer(c), sys.GetCallerPC(), getcallerfp())\n	}\n	if debugChan {\n		print(\"chansend: chan=\", c, \"\\n\")\n	}\n",
	},
	{
		Name: "receive", File: "runtime/chan.go",
		Reason: "scheduling point",
		Old:    "	if debugChan {\n		print(\"chanrecv: chan=\", c, \"\\n\")\n	}\n",
		New:    "	if racebench.on {\n		racebenchChan(racebenchOpRecv, unsafe.Pointer(c), sys.GetCallerPC(), getcallerfp())\n	}\n	if debugChan {\n		print(\"chanrecv: chan=\", c, \"\\n\")\n	}\n",
	},
	{
		Name: "close", File: "runtime/chan.go",
		Reason: "scheduling point",
		Old:    "func closechan(c *hchan) {\n",
		New:    "func closechan(c *hchan) {\n	if racebench.on {\n		racebenchChan(racebenchOpClose, unsafe.Pointer(c), sys.GetCallerPC(), getcallerfp())\n	}\n",
	},
	{
		Name: "select", File: "runtime/select.go",
		Reason: "scheduling point",
		Old:    "	gp := getg()\n	if debugSelect {\n",
		New:    "	if racebench.on {\n		racebenchSelect(cas0, nsends+nrecvs, sys.GetCallerPC(), getcallerfp())\n	}\n	gp := getg()\n	if debugSelect {\n",
	},
}

// failures: what ends a process ends only the session.
var failures = []Edit{
	{
		Name: "panic", File: "runtime/panic.go",
		Reason: "a panic that nobody recovers ends the session, not the process",
		Old:    "	preprintpanics(&p)\n\n	fatalpanic(&p)",
		New:    "	preprintpanics(&p)\n	if racebench.on {\n		racebenchPanic(p.arg)\n	}\n\n	fatalpanic(&p)",
	},
	{
		Name: "fatal", File: "runtime/panic.go",
		Reason: "so does a fatal error that is the program's own",
		Old:    "func fatal(s string) {\n",
		New:    "func fatal(s string) {\n	if racebench.on {\n		racebenchFatal(s)\n	}\n",
	},
	{
		Name: "race-end", File: "runtime/proc.go", Mode: Race,
		Reason: "the detector must not compare accesses of different sessions",
		Old:    "		racegoend()\n	}\n	trace := traceAcquire()",
		New:    "		racebenchRaceEnd(getg())\n		racegoend()\n	}\n	trace := traceAcquire()",
	},
}
