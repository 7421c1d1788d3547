package forcache_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"racebench/internal/scenarios/forcache"
	_ "racebench/internal/scenarios/forcache/direct"
	"racebench/internal/scenarios/harness"
)

// dice decide how late a call is.
type dice struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// wait lets others run for longer, now and then, than a scenario has patience.
func (d *dice) wait() {
	d.mu.Lock()
	n := []int{0, 0, 3, 500}[d.rng.IntN(4)]
	d.mu.Unlock()
	for range n {
		runtime.Gosched()
	}
}

// late is a cache whose callers are held up before they get to it, as a schedule
// may hold up anybody.
type late[K comparable, V any] struct {
	forcache.Cache[K, V]
	*dice
}

func (c late[K, V]) Get(key K) (V, bool) {
	c.wait()
	defer c.wait()
	return c.Cache.Get(key)
}

func (c late[K, V]) Put(key K, value V) {
	c.wait()
	defer c.wait()
	c.Cache.Put(key, value)
}

func (c late[K, V]) Delete(key K) bool {
	c.wait()
	defer c.wait()
	return c.Cache.Delete(key)
}

func (c late[K, V]) Clear() {
	c.wait()
	defer c.wait()
	c.Cache.Clear()
}

func (c late[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) {
	c.wait()
	defer c.wait()
	return c.Cache.GetOrLoad(key, load)
}

func beLate[K comparable, V any](t *testing.T, d *dice) {
	t.Cleanup(forcache.Wrap(func(c forcache.Cache[K, V]) forcache.Cache[K, V] { return late[K, V]{c, d} }))
}

// TestLateCallers: who comes so late that a scenario has stopped waiting for him
// gives it no reason to accuse a right cache.
func TestLateCallers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that yielding lets the others go on
	d := &dice{}
	beLate[int, int](t, d)
	beLate[int64, int64](t, d)
	beLate[int, forcache.Tagged](t, d)
	beLate[any, any](t, d)
	beLate[string, error](t, d)
	beLate[float64, []int](t, d)
	beLate[*int, struct{}](t, d)
	for _, s := range forcache.Scenarios() {
		if s.Stress {
			continue
		}
		for seed := range uint64(300) {
			d.rng = rand.New(rand.NewPCG(seed, 0))
			out := harness.Execute(s, harness.Config{Seed: seed, Small: true})
			if len(out.Violations) > 0 {
				t.Errorf("%s, seed %d: %+v", s.Name, seed, out.Violations)
				break
			}
		}
	}
}
