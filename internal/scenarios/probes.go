package scenarios

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"racebench/internal/cache"
	"racebench/internal/counter"
	"racebench/internal/noise"
)

// Probes returns the probes for over-locking, L1 to L4. One that finds
// something, or does not return, is over-locking; none looks at a clock. What
// costs only time, such as a search through a list by a function of the
// standard library, is left to the measurement.
func Probes() []Scenario {
	return []Scenario{
		{
			Name: "probe/tasks-together", Component: WorkerPool, Run: probeTasks, Calm: true,
			Doc:      "As many tasks as there are workers, and fewer, wait for each other.",
			Contract: []string{"L1"},
		},
		{
			Name: "probe/get-beside-load", Component: Cache, Run: probeLoad, Calm: true,
			Doc:      "Every method is called while the load of another key is held open.",
			Contract: []string{"L2"},
		},
		{
			Name: "probe/cache-instances", Component: Cache, Run: probeCaches, Calm: true,
			Doc: "One cache is held inside a load while another of the same types is used; then goroutines use a cache of their own " +
				"each, and none may ever wait for a lock.",
			Contract: []string{"L3"},
		},
		{
			Name: "probe/counter-instances", Component: Counter, Run: probeCounters, Calm: true,
			Doc:      "Goroutines use a counter of their own each, and none may ever wait for a lock.",
			Contract: []string{"L3"},
		},
		{
			Name: "probe/pool-instances", Component: WorkerPool, Run: probePools, Calm: true,
			Doc: "All workers of one pool are held in tasks while another pool is made, used and closed; then goroutines look at a pool of " +
				"their own each, and none may ever wait for a lock that the others have.",
			Contract: []string{"L3"},
		},
		{
			Name: "probe/cache-size", Component: Cache, Run: probeCacheSize, Calm: true,
			Doc:      "A call allocates and executes as much in a large cache as in a small one.",
			Contract: []string{"L4"},
		},
		{
			Name: "probe/pool-rest", Component: WorkerPool, Run: probeRest, Calm: true,
			Doc:      "A pool with nothing to do executes nothing: its idle workers leave the processors to others.",
			Contract: []string{"W1"},
		},
		{
			Name: "probe/pool-size", Component: WorkerPool, Run: probePoolSize, Calm: true,
			Doc:      "A call allocates and executes as much with many tasks pending and many results as with few.",
			Contract: []string{"L4"},
		},
	}
}

func (t *T) overLocked(contract, message string, expected, observed any) {
	t.report(violation(kindOverLock, contract, message, fmt.Sprint(expected), fmt.Sprint(observed)))
}

func probeTasks(t *T) {
	for workers := 1; workers <= 5; workers++ {
		p := t.newPool(workers)
		for range 3 {
			t.meet(p)
			p.Wait()
			t.step()
		}
		p.Close()
	}
}

func probeLoad(t *T) {
	c := cache.New[int, int](4)
	c.Put(1, 1)
	l := t.holdLoad(2)
	a := t.getOrLoad(c, 2, nil, l.load)
	if !t.await(l.entered) {
		return
	}
	c.Get(1)
	c.Get(3)
	c.Put(3, 3)
	c.Delete(3)
	c.Len()
	c.Stats()
	_, _ = c.GetOrLoad(4, func(int) (int, error) { return 4, nil })
	t.step()
	l.release.open()
	t.await(a.done)
	c.Clear()
}

func probeCaches(t *T) {
	held, other := cache.New[int, int](2), cache.New[int, int](2)
	l := t.holdLoad(2)
	a := t.getOrLoad(held, 1, nil, l.load)
	if !t.await(l.entered) {
		return
	}
	// The very key that is being loaded in the other instance.
	if v, err := other.GetOrLoad(1, func(int) (int, error) { return 7, nil }); v != 7 || err != nil {
		t.overLocked("L3", "a load in one cache served another", 7, v)
	}
	other.Get(1)
	other.Put(1, 1)
	other.Len()
	other.Stats()
	other.Delete(1)
	other.Clear()
	t.step()
	l.release.open()
	t.await(a.done)

	t.uncontended("internal/cache.", func() func(*Client) {
		c := cache.New[int, int](16)
		return func(cl *Client) {
			for i := range 1500 {
				c.Put(i%24, i)
				c.Get(i % 31)
				if i%8 == 0 {
					c.Stats()
					_, _ = c.GetOrLoad(i%40, func(int) (int, error) { return i, nil })
					c.Delete(i % 24)
					c.Len()
				}
			}
			c.Clear()
			cl.step()
		}
	})
}

func probeCounters(t *T) {
	t.uncontended("internal/counter.", func() func(*Client) {
		c := counter.New()
		return func(cl *Client) {
			for i := range 2500 {
				c.RecordRequest(i%2 == 0, 1)
				c.Increment()
				if i%8 == 0 {
					c.Stats()
					c.SuccessRate()
					c.AverageProcessingTime()
				}
				if i%64 == 0 {
					c.Reset()
				}
			}
			cl.step()
		}
	})
}

// uncontended runs clients with an instance each, first one after the other and
// then at once. No two of them ever meet in one instance, so a wait for a lock
// that happens only when they run at once is for a lock that the instances
// share. The runtime counts such waits with their stacks; no clock is involved.
// Noise makes the holder of a shared lock yield inside.
func (t *T) uncontended(pkg string, instance func() func(*Client)) {
	const clients = 4
	mutexes := runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	var use [2 * clients]func(*Client)
	for i := range use {
		use[i] = instance()
	}
	// A wait within an instance, such as that of a call for an actor's answer,
	// happens alone, too, and says nothing.
	start := waits(pkg)
	noise.Set(t.rng.Uint64(), noise.Medium)
	for _, f := range use[:clients] {
		t.add(1, f)
		t.run()
	}
	alone := waits(pkg)
	for _, f := range use[clients:] {
		t.add(1, f)
	}
	noise.Set(t.rng.Uint64(), noise.Medium)
	t.run()
	together := waits(pkg)
	noise.Set(0, noise.Off)
	runtime.SetMutexProfileFraction(mutexes)
	runtime.SetBlockProfileRate(0)
	if !maps.Equal(start, alone) {
		return
	}
	for stack, n := range together {
		if n > alone[stack] {
			t.overLocked("L3", "a goroutine waited for a lock although it alone uses the instance", "no wait", stack)
			return
		}
	}
}

// waits counts the waits so far for locks and channels whose operation was
// called by a method of the package, by stack. Waits inside the runtime and the
// standard library, such as for the allocator, are not the package's.
func waits(pkg string) map[string]int64 {
	counts := map[string]int64{}
	for _, profile := range []func([]runtime.BlockProfileRecord) (int, bool){runtime.MutexProfile, runtime.BlockProfile} {
		n, _ := profile(nil)
		records := make([]runtime.BlockProfileRecord, n+64)
		n, ok := profile(records)
		if !ok {
			continue
		}
		for _, r := range records[:n] {
			if stack := waiter(r.Stack(), pkg); stack != "" {
				counts[stack] += r.Count
			}
		}
	}
	return counts
}

// waiter describes a stack whose innermost frames are an operation of sync or a
// channel, called directly from the package; otherwise it returns "".
func waiter(stack []uintptr, pkg string) string {
	frames := runtime.CallersFrames(stack)
	operation := ""
	for {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "sync.(*Pool)"):
			return "" // sync.Pool has a lock of its own for all pools
		case strings.HasPrefix(f.Function, "sync.(") || strings.HasPrefix(f.Function, "internal/sync.(*Mutex"),
			strings.HasPrefix(f.Function, "runtime.chan"), strings.HasPrefix(f.Function, "runtime.selectgo"):
			if operation == "" {
				operation = f.Function
			}
		case operation != "" && strings.Contains(f.Function, pkg):
			return operation + " called by " + f.Function
		default:
			return ""
		}
		if !more {
			return ""
		}
	}
}

func probePools(t *T) {
	held := t.newPool(2)
	release := newLatch()
	if !held.hold(release, value) {
		return
	}
	other := t.newPool(2)
	for range 3 {
		t.meet(other)
		other.Wait()
		other.Stats()
		other.WorkerStates()
		other.Pending()
		other.Results()
		other.Reset()
		t.step()
	}
	other.Close()
	release.open()
	held.Wait()

	// With every worker held, one goroutine alone uses a pool.
	hold := newLatch()
	t.uncontended("internal/workerpool.", func() func(*Client) {
		p := t.newPool(2)
		p.hold(hold, value)
		return func(cl *Client) {
			for i := range 2000 {
				p.Stats()
				p.Pending()
				if i%8 == 0 {
					p.WorkerStates()
					p.Results()
				}
			}
			cl.step()
		}
	})
	hold.open()
}

// restless is more than workers execute on their way to rest, whatever their
// design; a worker that spins gets there in milliseconds.
const restless = 20_000

// probeRest counts what a pool executes that nobody uses. Either that ends, or
// the count passes every bound: no clock decides. A worker that sleeps between
// two looks does neither, and is let go.
func probeRest(t *T) {
	p := t.newPool(3)
	for i := range 6 {
		p.submit(func() (int, error) { return i, nil })
	}
	p.Wait()
	t.step()
	noise.Set(t.rng.Uint64(), noise.Sparse) // counts only while it is on
	defer noise.Set(0, noise.Off)
	for quiet, rounds := 0, 0; quiet < 3 && rounds < 100; rounds++ {
		before := noise.Points()
		time.Sleep(time.Millisecond)
		executed := noise.Points()
		if executed > restless {
			t.overLocked("W1", "idle workers execute code all the time", "nothing is executed while there is nothing to do",
				fmt.Sprintf("more than %d statements", restless))
			return
		}
		if quiet++; executed != before {
			quiet = 0
		}
	}
}

// cost is what a call costs apart from time.
type cost struct {
	bytes  uint64 // allocated
	points uint64 // statements of the component executed; 0 where it is not instrumented
}

// costOf calls f a number of times and returns the median of what a call cost:
// a table that grows now and then is paid for by all calls, and shows in one.
func costOf(f func(i int)) cost {
	var bytes, points [calls]uint64
	var before, after runtime.MemStats
	noise.Set(1, noise.Sparse) // counts only while it is on
	for i := range calls {
		runtime.ReadMemStats(&before)
		at := noise.Points()
		f(i)
		points[i] = noise.Points() - at
		runtime.ReadMemStats(&after)
		bytes[i] = after.TotalAlloc - before.TotalAlloc
	}
	noise.Set(0, noise.Off)
	slices.Sort(bytes[:])
	slices.Sort(points[:])
	return cost{bytes: bytes[calls/2], points: points[calls/2]}
}

// few and many are numbers of entries; calls is how often a method is called.
const (
	few, many = 64, 2048
	calls     = 25
)

// sameCost compares what a call costs with few and with many entries. What is
// copied or visited entry by entry costs a multiple of their number. Fewer of
// them would be hidden by constant costs, and more would take a component that
// copies everything on every call too long to fill.
func (t *T) sameCost(method string, small, large cost) {
	if large.bytes >= 4*many && large.bytes > 16*small.bytes {
		t.overLocked("L4", method+" allocates in proportion to the number of entries",
			fmt.Sprintf("about %d bytes a call, as with %d entries", small.bytes, few),
			fmt.Sprintf("%d bytes a call with %d entries", large.bytes, many))
	}
	if large.points >= many/2 && large.points > 16*small.points {
		t.overLocked("L4", method+" visits entries in proportion to their number",
			fmt.Sprintf("about %d statements a call, as with %d entries", small.points, few),
			fmt.Sprintf("%d statements a call with %d entries", large.points, many))
	}
	t.step()
}

func probeCacheSize(t *T) {
	type method struct {
		name string
		call func(c *cache.Cache[int, int], i int)
	}
	methods := []method{
		{"Get", func(c *cache.Cache[int, int], i int) { c.Get(i % few) }},
		{"Put of a present key", func(c *cache.Cache[int, int], i int) { c.Put(i%few, i) }},
		{"Put of a new key", func(c *cache.Cache[int, int], i int) { c.Put(1<<20+i, i) }},
		{"Len", func(c *cache.Cache[int, int], _ int) { c.Len() }},
		{"Stats", func(c *cache.Cache[int, int], _ int) { c.Stats() }},
		{"GetOrLoad", func(c *cache.Cache[int, int], i int) {
			_, _ = c.GetOrLoad(1<<21+i, func(int) (int, error) { return i, nil })
		}},
		{"Delete", func(c *cache.Cache[int, int], i int) { c.Delete(1<<21 + i) }},
	}
	fill := func(n int) *cache.Cache[int, int] {
		c := cache.New[int, int](n)
		for i := range n {
			c.Put(i, i)
		}
		return c
	}
	small, large := fill(few), fill(many)
	for _, m := range methods {
		t.sameCost("Cache."+m.name,
			costOf(func(i int) { m.call(small, i) }),
			costOf(func(i int) { m.call(large, i) }))
	}
}

func probePoolSize(t *T) {
	type method struct {
		name string
		call func(p *pool)
	}
	task := func() (int, error) { return 0, nil }
	methods := []method{
		{"Stats", func(p *pool) { p.Stats() }},
		{"WorkerStates", func(p *pool) { p.WorkerStates() }},
		{"Pending", func(p *pool) { p.Pending() }},
		{"Submit", func(p *pool) { p.submit(task) }},
	}
	release := newLatch()
	fill := func(n int) *pool {
		p := t.newPool(2)
		for range n { // results
			p.submit(task)
		}
		p.Wait()
		if p.hold(release, value) {
			for range n { // and a queue
				p.submit(task)
			}
		}
		return p
	}
	small, large := fill(few), fill(many)
	for _, m := range methods {
		t.sameCost("Pool."+m.name,
			costOf(func(int) { m.call(small) }),
			costOf(func(int) { m.call(large) }))
	}
	release.open()
	small.Wait()
	large.Wait()
}
