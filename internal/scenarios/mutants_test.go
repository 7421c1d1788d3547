package scenarios

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"racebench/internal/build/instrument"
	"racebench/internal/kit/baseline"
)

// edit puts switches into a file of the textbook fix: old, which occurs once,
// becomes new, which does the same unless Mutant has one of the names in it.
type edit struct{ file, old, new string }

const (
	cacheFile   = "cache/cache.go"
	counterFile = "counter/counter.go"
	poolFile    = "workerpool/workerpool.go"
)

var edits = []edit{
	{cacheFile, `	"errors"
`, `	"errors"
	"fmt"
`},
	{cacheFile, `	defer c.mu.Unlock()
	return c.lookup(key)
}`, `	defer c.mu.Unlock()
	if Mutant == "count-later" {
		element, ok := c.entries[key]
		c.mu.Unlock()
		c.mu.Lock()
		if !ok {
			c.misses++
			var zero V
			return zero, false
		}
		c.hits++
		return element.Value.(*entry[K, V]).value, true
	}
	return c.lookup(key)
}`},
	{cacheFile, `	delete(c.flights, key)
	c.store(key, value)
}`, `	delete(c.flights, key)
	if Mutant == "drop-puts" && c.misses%5 == 4 {
		return
	}
	if Mutant == "overtake-first" {
		c.mu.Unlock()
		c.mu.Lock()
	}
	c.store(key, value)
}`},
	{cacheFile, `	if value, ok := c.lookup(key); ok {
		c.mu.Unlock()
		return value, nil
	}
	if f, ok := c.flights[key]; ok {`, `	if value, ok := c.lookup(key); ok {
		c.mu.Unlock()
		return value, nil
	}
	if Mutant == "miss-uncounted" {
		c.misses--
	}
	if Mutant == "look-then-join" {
		c.mu.Unlock()
		c.mu.Lock()
	}
	if Mutant == "keys-by-print" {
		for other, f := range c.flights {
			if fmt.Sprint(other) == fmt.Sprint(key) {
				c.mu.Unlock()
				<-f.done
				return f.value, f.err
			}
		}
	}
	if Mutant == "early-store" {
		var zero V
		c.store(key, zero)
	}
	if f, ok := c.flights[key]; ok && Mutant != "every-caller-loads" {`},
	{cacheFile, `f := &flight[V]{done: make(chan struct{}), err: ErrLoadPanicked}`, `f := &flight[V]{done: make(chan struct{}), err: ErrLoadPanicked}
	if Mutant == "panic-no-error" {
		f.err = nil
	}`},
	{cacheFile, `	element, ok := c.entries[key]
	if ok {
		c.order.Remove(element)`, `	element, ok := c.entries[key]
	if Mutant == "delete-apart" {
		c.mu.Unlock()
		c.mu.Lock()
		element = c.entries[key]
		if element == nil {
			return ok
		}
	}
	if Mutant == "sweep-apart" && c.order.Len()%16 == 15 {
		living := list.New()
		for e := c.order.Front(); e != nil; e = e.Next() {
			living.PushBack(e.Value)
		}
		c.mu.Unlock()
		c.mu.Lock()
		c.order = list.New()
		for e := living.Front(); e != nil; e = e.Next() {
			if key := e.Value.(*entry[K, V]).key; c.entries[key] != nil {
				c.entries[key] = c.order.PushBack(e.Value)
			}
		}
		element, ok = c.entries[key]
	}
	if ok {
		c.order.Remove(element)`},
	{cacheFile, `	return Stats{
		Hits:      c.hits,`, `	hits := c.hits
	if Mutant == "torn-stats" {
		c.mu.Unlock()
		c.mu.Lock()
	}
	return Stats{
		Hits:      hits,`},
	{cacheFile, `	c.flights = make(map[K]*flight[V])
	c.hits, c.misses, c.evictions = 0, 0, 0`, `	c.flights = make(map[K]*flight[V])
	if Mutant == "clear-apart" {
		c.mu.Unlock()
		c.mu.Lock()
	}
	c.hits, c.misses, c.evictions = 0, 0, 0`},
	{cacheFile, `		element.Value.(*entry[K, V]).value = value
		return
	}
	if len(c.entries) == c.capacity {`, `		element.Value.(*entry[K, V]).value = value
		if Mutant == "replace-renews" {
			c.order.MoveToBack(element)
		}
		return
	}
	if Mutant == "check-then-insert" {
		c.mu.Unlock()
		c.mu.Lock()
	}
	if Mutant == "keep-keys" {
		kept = append(kept, key)
	}
	if len(c.entries) == c.capacity {`},
	{cacheFile, `		c.evictions++
	}`, `		c.evictions++
		if Mutant == "evict-then-insert" {
			c.mu.Unlock()
			c.mu.Lock()
		}
	}`},
	{cacheFile, `	if c.flights[key] == f {
		delete(c.flights, key)`, `	if c.flights[key] == f && f.err == nil && Mutant == "store-then-land" {
		c.store(key, f.value)
		c.mu.Unlock()
		c.mu.Lock()
		if c.flights[key] == f {
			delete(c.flights, key)
		}
	} else if c.flights[key] == f || Mutant == "stale-fill" {
		delete(c.flights, key)`},
	{cacheFile, `		if f.err == nil {
			c.store(key, f.value)`, `		if f.err == nil || Mutant == "store-errors" {
			c.store(key, f.value)`},
	{cacheFile, `	element, ok := c.entries[key]
	if !ok {
		c.misses++`, `	if Mutant == "package-lock" {
		all.Lock()
		defer all.Unlock()
	}
	element, ok := c.entries[key]
	if !ok {
		c.misses++`},
	{cacheFile, `	c.entries[key] = c.order.PushBack(&entry[K, V]{key: key, value: value})`, `	if Mutant == "overtakes" && c.order.Len() > 0 {
		c.entries[key] = c.order.InsertBefore(&entry[K, V]{key: key, value: value}, c.order.Back())
		return
	}
	if Mutant == "copy-map" {
		copied := make(map[K]*list.Element)
		for k, v := range c.entries {
			copied[k] = v
		}
		c.entries = copied
	}
	c.entries[key] = c.order.PushBack(&entry[K, V]{key: key, value: value})`},
	{cacheFile, `	defer c.mu.Unlock()
	return len(c.entries)`, `	defer c.mu.Unlock()
	if Mutant == "constant-length" {
		return 1
	}
	n := 0
	for element := c.order.Front(); element != nil && Mutant == "count-entries"; element = element.Next() {
		n++
	}
	return max(n, len(c.entries))`},

	{counterFile, `	return time.Duration(uint64(s.ProcessingTime) / finished)`, `	if Mutant == "average-of-all" {
		finished = s.Total
	}
	return time.Duration(uint64(s.ProcessingTime) / finished)`},
	{counterFile, `	c.stats.Total++
	if success {
		c.stats.Succeeded++`, `	if Mutant == "shared-totals" {
		c = &shared
	}
	if Mutant == "package-lock" {
		shared.mu.Lock()
		defer shared.mu.Unlock()
	}
	if Mutant == "keep-records" {
		kept = append(kept, elapsed)
	}
	if Mutant == "lost-records" {
		total := c.stats.Total
		c.mu.Unlock()
		c.mu.Lock()
		c.stats.Total = total
	}
	c.stats.Total++
	if Mutant == "torn-record" {
		c.mu.Unlock()
		c.mu.Lock()
	}
	if Mutant == "late-records" && c.stats.Total%8 == 7 {
		c.stats.Total--
		go func() {
			c.mu.Lock()
			c.stats.Total++
			c.mu.Unlock()
		}()
	}
	if success {
		c.stats.Succeeded++`},
	{counterFile, `	c.stats.ProcessingTime += max(elapsed, 0)`, `	if Mutant == "negative-counts" {
		c.stats.ProcessingTime += min(elapsed, 0)
	}
	c.stats.ProcessingTime += max(elapsed, 0)`},
	{counterFile, `	defer c.mu.Unlock()
	c.stats.Total++
}`, `	defer c.mu.Unlock()
	if Mutant == "lost-increments" {
		total := c.stats.Total
		c.mu.Unlock()
		c.mu.Lock()
		c.stats.Total = total
	}
	c.stats.Total++
}`},
	{counterFile, `	return c.Stats().SuccessRate()`, `	if Mutant == "two-snapshots" {
		a := c.Stats()
		a.Total = c.Stats().Total
		return a.SuccessRate()
	}
	if s := c.Stats(); Mutant == "rate-behind" && s.Total%2 == 0 {
		s.Total--
		return s.SuccessRate()
	}
	return c.Stats().SuccessRate()`},
	{counterFile, `	zeroed := c.stats
	c.stats = Stats{}`, `	zeroed := c.stats
	if Mutant == "reset-apart" {
		c.mu.Unlock()
		c.mu.Lock()
	}
	c.stats = Stats{}`},

	{poolFile, `	if p.closed {
		return ErrClosed
	}
	p.queue = append(p.queue, task)`, `	if p.closed {
		if Mutant == "refused-runs" {
			go task()
		}
		return ErrClosed
	}
	if Mutant == "drop-when-full" && len(p.queue) >= 20 {
		return nil
	}
	if Mutant == "run-twice" && len(p.queue) == 1 {
		p.queue = append(p.queue, task)
	}
	if Mutant == "keep-tasks" {
		kept = append(kept, task)
	}
	p.queue = append(p.queue, task)`},
	{poolFile, `	for len(p.queue) == 0 && !p.closed {
		p.work.Wait()
	}`, `	for len(p.queue) == 0 && !p.closed {
		if Mutant == "spin" {
			p.mu.Unlock()
			p.mu.Lock()
			continue
		}
		p.work.Wait()
	}`},
	{
		poolFile, `	for seen := p.rests; p.busy() && p.rests == seen; {`,
		`	for seen := p.rests; p.busy() && (Mutant != "wait-for-queue" || len(p.queue) > 0) && p.rests == seen; {`,
	},
	{poolFile, `	for p.stopped < len(p.states) {
		p.rest.Wait()
	}`, `	if Mutant == "close-at-once" {
		return
	}
	for p.stopped < len(p.states) {
		p.rest.Wait()
	}`},
	{poolFile, `	return slices.Clone(p.results)`, `	if Mutant == "internal-results" {
		return p.results
	}
	return slices.Clone(p.results)`},
	{poolFile, `	return slices.Clone(p.states)`, `	if Mutant == "states-apart" {
		var states []State
		for id := range p.states {
			states = append(states, p.states[id])
			p.mu.Unlock()
			p.mu.Lock()
		}
		return states
	}
	return slices.Clone(p.states)`},
	{poolFile, `	return Stats{
		Workers: len(p.states),`, `	if Mutant == "torn-sums" {
		s := Stats{Workers: len(p.states), Submitted: uint64(len(p.queue)) + uint64(p.active) + p.completed + p.failed}
		p.mu.Unlock()
		p.mu.Lock()
		s.Idle, s.Active, s.Stopped, s.Pending = len(p.states)-p.active-p.stopped, p.active, p.stopped, len(p.queue)
		s.Completed, s.Failed = p.completed, p.failed
		return s
	}
	if Mutant == "package-lock" {
		all.Lock()
		defer all.Unlock()
	}
	for i := 0; Mutant == "count-results" && i < len(p.results); i++ {
		if p.results[i].Err == ErrClosed {
			break
		}
	}
	return Stats{
		Workers: len(p.states),`},
	{poolFile, `	return len(p.queue)
}`, `	if Mutant == "nothing-pending" {
		return 0
	}
	return len(p.queue)
}`},
	{poolFile, `	p.completed, p.failed = 0, 0
	p.epoch++`, `	if Mutant == "reset-keeps-counts" {
		p.epoch++
		return
	}
	if Mutant == "reset-in-two-steps" {
		p.mu.Unlock()
		p.mu.Lock()
	}
	p.completed, p.failed = 0, 0
	if Mutant == "reset-lets-in" {
		p.epoch--
	}
	p.epoch++`},
	{poolFile, `	task = p.queue[0]
	p.queue[0] = nil`, `	if last := len(p.queue) - 1; Mutant == "newest-first" || Mutant == "newest-first-closing" && p.closed {
		p.queue[0], p.queue[last] = p.queue[last], p.queue[0]
	}
	task = p.queue[0]
	p.queue[0] = nil`},
	{poolFile, `	p.queue = p.queue[1:]
	p.states[id] = Busy`, `	p.queue = p.queue[1:]
	if Mutant == "busy-later" {
		p.mu.Unlock()
		p.mu.Lock()
	}
	if Mutant == "task-on-its-own" {
		inner := task
		task = func() (value T, err error) {
			go inner()
			return value, err
		}
	}
	p.states[id] = Busy`},
	{poolFile, `			err = &PanicError{Value: panicked, Stack: debug.Stack()}`, `			err = &PanicError{Value: panicked, Stack: debug.Stack()}
			if Mutant == "panic-is-success" {
				err = nil
			}`},
	{poolFile, `		p.states[id] = Stopped
		p.stopped++`, `		if Mutant != "never-stopped" {
			p.states[id] = Stopped
		}
		p.stopped++`},
}

// hunts names for every scenario a mutant that it must find. It proves that the
// checks of the scenario can fail.
var hunts = [][2]string{
	{"miss-uncounted", "cache/accounting"},
	{"drop-puts", "cache/private-keys"},
	{"evict-then-insert", "cache/capacity"},
	{"replace-renews", "cache/replace"},
	{"check-then-insert", "cache/same-key"},
	{"evict-then-insert", "cache/evict-insert"},
	{"overtakes", "cache/eviction-order"},
	{"delete-apart", "cache/delete-once"},
	{"delete-apart", "cache/leave-once"},
	{"sweep-apart", "cache/churn"},
	{"replace-renews", "cache/encounters"},
	{"clear-apart", "cache/clear"},
	{"count-later", "cache/clear-lookups"},
	{"torn-stats", "cache/snapshot"},
	{"every-caller-loads", "cache/single-flight"},
	{"look-then-join", "cache/one-load"},
	{"stale-fill", "cache/landing"},
	{"store-then-land", "cache/landing-evicted"},
	{"overtake-first", "cache/overtaking"},
	{"early-store", "cache/slow-load"},
	{"keys-by-print", "cache/alike-keys"},
	{"store-errors", "cache/load-error"},
	{"panic-no-error", "cache/load-panic"},
	{"panic-no-error", "cache/loads-together"},
	{"count-later", "cache/in-step"},
	{"stale-fill", "cache/unseen"},
	{"replace-renews", "cache/interplay"},
	{"stale-fill", "cache/stale-fill"},
	{"torn-stats", "cache/linearizable"},
	{"stale-fill", "cache/linearizable-loads"},
	{"keep-keys", "cache/memory"},
	{"negative-counts", "counter/exact-totals"},
	{"lost-increments", "counter/increment-storm"},
	{"torn-record", "counter/snapshot"},
	{"lost-increments", "counter/increment-snapshot"},
	{"reset-apart", "counter/conservation"},
	{"reset-apart", "counter/reset-once"},
	{"reset-apart", "counter/reset-prefix"},
	{"two-snapshots", "counter/rates"},
	{"two-snapshots", "counter/mixed-rates"},
	{"rate-behind", "counter/rate-order"},
	{"late-records", "counter/own-records"},
	{"shared-totals", "counter/many"},
	{"keep-records", "counter/memory"},
	{"lost-records", "counter/linearizable"},
	{"rate-behind", "counter/one-writer"},
	{"run-twice", "workerpool/once"},
	{"newest-first", "workerpool/order"},
	{"torn-sums", "workerpool/sums"},
	{"panic-is-success", "workerpool/failing-tasks"},
	{"task-on-its-own", "workerpool/rendezvous"},
	{"states-apart", "workerpool/handover"},
	{"busy-later", "workerpool/phases"},
	{"reset-in-two-steps", "workerpool/reset-in-step"},
	{"reset-in-two-steps", "workerpool/encounters"},
	{"reset-keeps-counts", "workerpool/from-tasks"},
	{"drop-when-full", "workerpool/burst"},
	{"wait-for-queue", "workerpool/wait-own"},
	{"wait-for-queue", "workerpool/wait-held"},
	{"wait-for-queue", "workerpool/wait-chain"},
	{"refused-runs", "workerpool/close-race"},
	{"close-at-once", "workerpool/close-held"},
	{"newest-first-closing", "workerpool/closing"},
	{"never-stopped", "workerpool/lifecycle"},
	{"reset-lets-in", "workerpool/reset-held"},
	{"wait-for-queue", "workerpool/reset-wait"},
	{"close-at-once", "workerpool/reset-closing"},
	{"torn-sums", "workerpool/reset-storm"},
	{"internal-results", "workerpool/isolation"},
	{"busy-later", "workerpool/linearizable"},
	{"keep-tasks", "workerpool/memory"},
	{"constant-length", "gate/cache"},
	{"store-errors", "gate/cache"},
	{"average-of-all", "gate/counter"},
	{"nothing-pending", "gate/workerpool"},
	{"newest-first", "gate/workerpool"},
	{"package-lock", "probe/cache-instances"},
	{"package-lock", "probe/counter-instances"},
	{"package-lock", "probe/pool-instances"},
	{"copy-map", "probe/cache-size"},
	{"count-entries", "probe/cache-size"},
	{"count-results", "probe/pool-size"},
	{"spin", "probe/pool-rest"},
	{"miss-uncounted", "cache/contended"},
	{"lost-records", "counter/contended"},
	{"drop-when-full", "workerpool/contended"},
}

// TestMutants builds the textbook fix with switches, and lets every scenario
// look for what it was made to find.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	covered := map[string]bool{}
	for _, h := range hunts {
		covered[h[1]] = true
	}
	for _, s := range All() {
		if !covered[s.Name] {
			t.Errorf("no mutant shows that %s can fail", s.Name)
		}
	}

	sources := baseline.Sources()
	for _, e := range edits {
		if n := bytes.Count(sources[e.file], []byte(e.old)); n != 1 {
			t.Fatalf("%s has %d places for\n%s", e.file, n, e.old)
		}
		sources[e.file] = bytes.Replace(sources[e.file], []byte(e.old), []byte(e.new), 1)
	}
	declare := func(file, text string) {
		sources[file] = append(sources[file], "\n// Mutant chooses what is wrong.\nvar Mutant string\n"+text...)
	}
	declare(cacheFile, "\nvar kept []any\n\nvar all sync.Mutex\n")
	declare(counterFile, "\nvar kept []time.Duration\n\nvar shared Counter\n")
	declare(poolFile, "\nvar kept []any\n\nvar all sync.Mutex\n")
	sources, err := instrument.Packages(sources, "racebench/internal/noise")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	for name, text := range sources {
		there := filepath.Join(root, "internal", filepath.FromSlash(name))
		// The components may have more files than the textbook fix.
		others, _ := filepath.Glob(filepath.Join(filepath.Dir(there), "*.go"))
		for _, other := range others {
			replace[other] = ""
		}
		here := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(here, text, 0o600); err != nil {
			t.Fatal(err)
		}
		replace[there] = here
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile, exe := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "hunt")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-overlay", overlayFile, "-o", exe, "./testdata/hunt").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var args []string
	for _, h := range hunts {
		args = append(args, h[0], h[1])
	}
	// Every scenario must also stay silent while nothing is wrong.
	silent := []string{"", "cache/accounting", "", "counter/snapshot", "", "workerpool/sums"}
	out, err := exec.Command(exe, slices.Concat(silent, args)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(hunts)+len(silent)/2 {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(hunts)+len(silent)/2, out)
	}
	for i, line := range lines {
		t.Log(line)
		if missed := strings.HasSuffix(line, "missed"); missed != (i < len(silent)/2) {
			t.Errorf("unexpected: %s", line)
		}
	}
}
