package overlay

// renamed returns edits that rename methods, so that the ones of the added
// file stand before them.
func renamed(file, receiver string, methods ...string) []Edit {
	var edits []Edit
	for _, m := range methods {
		edits = append(edits, Edit{
			Name: receiver + "." + m, File: file,
			Reason: "scheduling point",
			Old:    "func (" + receiver + ") " + m + "(",
			New:    "func (" + receiver + ") racebench" + m + "(",
		})
	}
	return edits
}

// syncPoints: scheduling points of package sync. Where one type is made of
// another only the outer one counts.
var syncPoints = concat(
	renamed("sync/mutex.go", "m *Mutex", "Lock", "TryLock", "Unlock"),
	renamed("sync/rwmutex.go", "rw *RWMutex", "RLock", "TryRLock", "RUnlock", "Lock", "TryLock", "Unlock"),
	renamed("sync/waitgroup.go", "wg *WaitGroup", "Add", "Wait"),
	renamed("sync/cond.go", "c *Cond", "Wait", "Signal", "Broadcast"),
	renamed("sync/once.go", "o *Once", "Do"),
	between(0, 25, renamed("sync/hashtriemap.go", "m *Map", mapMethods...)),
	between(26, 0, renamed("sync/map.go", "m *Map", mapMethods...)),
	renamed("sync/pool.go", "p *Pool", "Put", "Get"),
	[]Edit{
		{
			Name: "rwmutex-inner", File: "sync/rwmutex.go",
			Reason: "the mutex inside a RWMutex is not an object of its own",
			Old:    `\brw\.w\.(Lock|TryLock|Unlock)\(`,
			New:    "rw.w.racebench$1(", Pattern: true, Count: 4,
		},
		{
			Name: "cond-block", File: "sync/cond.go",
			Reason: "a goroutine blocks in Wait, not in the Unlock before it",
			Old:    "	runtime_notifyListWait(&c.notify, t)\n",
			New:    "	c.racebenchBlock()\n	runtime_notifyListWait(&c.notify, t)\n",
		},
		{
			Name: "once-lock", File: "sync/once.go",
			Reason: "a Once is held while its function runs",
			Old:    "	o.m.Lock()\n	defer o.m.Unlock()\n",
			New:    "	o.racebenchEnter()\n	defer o.racebenchLeave()\n",
		},
		{
			Name: "pool-inner", File: "sync/pool.go",
			Reason:  "the mutex of all Pools is not an object of its own",
			Old:     `\ballPoolsMu\.(Lock|Unlock)\(`,
			New:     "allPoolsMu.racebench$1(",
			Pattern: true, Count: 2,
		},
	},
)

var mapMethods = []string{"Load", "Store", "Clear", "LoadOrStore", "LoadAndDelete", "Swap", "CompareAndSwap", "CompareAndDelete", "Range", "Delete"}

// between bounds edits to minor versions of Go.
func between(first, last int, edits []Edit) []Edit {
	for i := range edits {
		edits[i].First, edits[i].Last = first, last
	}
	return edits
}

func concat(lists ...[]Edit) []Edit {
	var all []Edit
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// atomicPoints: scheduling points of the types of sync/atomic where the race
// detector has none.
var atomicPoints = concat(atomicFunctions("sync/atomic/doc.go", "32"), atomicFunctions("sync/atomic/doc_64.go", "64"), []Edit{
	{
		Name: "atomic-assembly", File: "sync/atomic/asm.s", Mode: Plain,
		Reason:  "the functions have bodies now, which the compiler makes of its intrinsics",
		Old:     `(?m)^TEXT ·(?:Swap|CompareAndSwap|Add|And|Or|Load|Store)(?:Int|Uint)(?:32|64)\(SB\),NOSPLIT,\$0\n	JMP	[^\n]*\n`,
		New:     "",
		Pattern: true, Count: 28,
	},
	{
		Name: "atomic-load", File: "sync/atomic/type.go", Mode: Plain,
		Reason:  "scheduling point",
		Old:     `(?m)^(func \(x \*\w+(?:\[T\])?\) Load\(\)[^{]*\{)`,
		New:     "//go:noinline\n$1 racebenchAtomic(racebenchOpAtomicLoad, unsafe.Pointer(x));",
		Pattern: true, Count: 7,
	},
	{
		Name: "atomic-store", File: "sync/atomic/type.go", Mode: Plain,
		Reason:  "scheduling point",
		Old:     `(?m)^(func \(x \*\w+(?:\[T\])?\) Store\([^{]*\{)`,
		New:     "//go:noinline\n$1 racebenchAtomic(racebenchOpAtomicStore, unsafe.Pointer(x));",
		Pattern: true, Count: 7,
	},
	{
		Name: "atomic-modify", File: "sync/atomic/type.go", Mode: Plain,
		Reason:  "scheduling point",
		Old:     `(?m)^(func \(x \*\w+(?:\[T\])?\) (?:Swap|CompareAndSwap|Add|And|Or)\([^{]*\{)`,
		New:     "//go:noinline\n$1 racebenchAtomic(racebenchOpAtomicRMW, unsafe.Pointer(x));",
		Pattern: true, Count: 29,
	},
	{
		Name: "value-load", File: "sync/atomic/value.go", Mode: Plain,
		Reason: "scheduling point",
		Old:    "func (v *Value) Load() (val any) {\n",
		New:    "func (v *Value) Load() (val any) {\n	racebenchAtomic(racebenchOpAtomicLoad, unsafe.Pointer(v))\n",
	},
	{
		Name: "value-store", File: "sync/atomic/value.go", Mode: Plain,
		Reason: "scheduling point",
		Old:    "func (v *Value) Store(val any) {\n",
		New:    "func (v *Value) Store(val any) {\n	racebenchAtomic(racebenchOpAtomicStore, unsafe.Pointer(v))\n",
	},
	{
		Name: "value-modify", File: "sync/atomic/value.go", Mode: Plain,
		Reason:  "scheduling point",
		Old:     `(?m)^(func \(v \*Value\) (?:Swap|CompareAndSwap)\([^{]*\{\n)`,
		New:     "$1	racebenchAtomic(racebenchOpAtomicRMW, unsafe.Pointer(v))\n",
		Pattern: true, Count: 2,
	},
})

// atomicFunctions gives bodies to the functions of sync/atomic for integers of
// the given size. A body calls the function itself, which the compiler turns
// into the instruction; so it does in all other packages, except for the ones
// under test, which are compiled without such intrinsics.
func atomicFunctions(file, size string) []Edit {
	var edits []Edit
	for _, f := range []struct{ op, kind, args, result string }{
		{"Load", "Load", "addr", "return "},
		{"Store", "Store", "addr, val", ""},
		{"Swap", "RMW", "addr, new", "return "},
		{"CompareAndSwap", "RMW", "addr, old, new", "return "},
		{"Add", "RMW", "addr, delta", "return "},
		{"And", "RMW", "addr, mask", "return "},
		{"Or", "RMW", "addr, mask", "return "},
	} {
		edits = append(edits, Edit{
			Name: "atomic-" + f.op + size, File: file, Mode: Plain,
			Reason:  "scheduling point",
			Old:     `(?m)^//go:noescape\nfunc (` + f.op + `(?:Int|Uint)` + size + `)(\(.*\))$`,
			New:     "//go:noinline\nfunc $1$2 { racebenchAtomic(racebenchOpAtomic" + f.kind + ", unsafe.Pointer(addr)); " + f.result + "$1(" + f.args + ") }",
			Pattern: true, Count: 2,
		})
	}
	edits = append(edits, Edit{
		Name: "atomic-import" + size, File: file, Mode: Plain,
		Reason:  "the bodies need package unsafe",
		Old:     `(?m)^package atomic\n(?:\nimport \(\n	"unsafe"\n\)\n)?`,
		New:     "package atomic\n\nimport \"unsafe\"\n",
		Pattern: true,
	})
	return edits
}

// The hooks in assembly have no frame, so that the return address stays where
// the race runtime looks for it; they make room for the spilled arguments of
// the function they call, and have no locals for the collector to look at.
const (
	asmOpen  = "	NO_LOCAL_POINTERS\n	CMPB	runtime·racebenchMemory(SB), $0\n"
	asmClose = "	ADJSP	$-32\n"
)

// memoryPoints: scheduling points at memory accesses and atomic operations,
// from the race detector's hooks.
var memoryPoints = []Edit{
	{
		Name: "race-read", File: "runtime/race_amd64.s", Mode: Race,
		Reason: "scheduling point before a read",
		Old:    "TEXT	runtime·raceread<ABIInternal>(SB), NOSPLIT, $0-8\n	MOVQ	AX, RARG1\n",
		New: "TEXT	runtime·raceread<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-0\n" + asmOpen +
			"	JEQ	6(PC)\n	MOVQ	$28, BX\n	MOVQ	(SP), CX\n	ADJSP	$32\n	CALL	runtime·racebenchRaceAccess<ABIInternal>(SB)\n" + asmClose + "	MOVQ	AX, RARG1\n",
	},
	{
		Name: "race-write", File: "runtime/race_amd64.s", Mode: Race,
		Reason: "scheduling point before a write",
		Old:    "TEXT	runtime·racewrite<ABIInternal>(SB), NOSPLIT, $0-8\n	MOVQ	AX, RARG1\n",
		New: "TEXT	runtime·racewrite<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-0\n" + asmOpen +
			"	JEQ	6(PC)\n	MOVQ	$29, BX\n	MOVQ	(SP), CX\n	ADJSP	$32\n	CALL	runtime·racebenchRaceAccess<ABIInternal>(SB)\n" + asmClose + "	MOVQ	AX, RARG1\n",
	},
	{
		Name: "race-read-range", File: "runtime/race_amd64.s", Mode: Race,
		Reason: "scheduling point before a read of more than a word",
		Old:    "TEXT	runtime·racereadrange<ABIInternal>(SB), NOSPLIT, $0-16\n	MOVQ	AX, RARG1\n",
		New: "TEXT	runtime·racereadrange<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-0\n" + asmOpen +
			"	JEQ	6(PC)\n	MOVQ	$28, CX\n	MOVQ	(SP), DI\n	ADJSP	$32\n	CALL	runtime·racebenchRaceRange<ABIInternal>(SB)\n" + asmClose + "	MOVQ	AX, RARG1\n",
	},
	{
		Name: "race-write-range", File: "runtime/race_amd64.s", Mode: Race,
		Reason: "scheduling point before a write of more than a word",
		Old:    "TEXT	runtime·racewriterange<ABIInternal>(SB), NOSPLIT, $0-16\n	MOVQ	AX, RARG1\n",
		New: "TEXT	runtime·racewriterange<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-0\n" + asmOpen +
			"	JEQ	6(PC)\n	MOVQ	$29, CX\n	MOVQ	(SP), DI\n	ADJSP	$32\n	CALL	runtime·racebenchRaceRange<ABIInternal>(SB)\n" + asmClose + "	MOVQ	AX, RARG1\n",
	},
	{
		Name: "race-atomic", File: "runtime/race_amd64.s", Mode: Race,
		Reason: "scheduling point before an atomic operation",
		Old:    "TEXT	racecallatomic<>(SB), NOSPLIT|NOFRAME, $0-0\n",
		New: "TEXT	racecallatomic<>(SB), NOSPLIT|NOFRAME, $0-0\n" + asmOpen +
			"	JEQ	7(PC)\n	MOVQ	16(SP), BX\n	MOVQ	BP, CX\n	MOVQ	(SP), DI\n	ADJSP	$32\n	CALL	runtime·racebenchRaceAtomic<ABIInternal>(SB)\n" + asmClose,
	},
	{
		Name: "race-map-access", File: "runtime/race.go", Mode: Race,
		Reason:  "scheduling point before a map or a slice is read as a whole",
		Old:     `(?m)^func race_ReadPC\(addr unsafe\.Pointer, callerpc, pc uintptr\) \{\n`,
		New:     "func race_ReadPC(addr unsafe.Pointer, callerpc, pc uintptr) {\n	racebenchAccess(uintptr(addr), racebenchOpRead, callerpc)\n",
		Pattern: true,
	},
	{
		Name: "race-map-assign", File: "runtime/race.go", Mode: Race,
		Reason:  "scheduling point before a map is written",
		Old:     `(?m)^func race_WritePC\(addr unsafe\.Pointer, callerpc, pc uintptr\) \{\n`,
		New:     "func race_WritePC(addr unsafe.Pointer, callerpc, pc uintptr) {\n	racebenchAccess(uintptr(addr), racebenchOpWrite, callerpc)\n",
		Pattern: true,
	},
}
