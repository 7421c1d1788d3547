package forcache

import (
	"runtime"
	"sync"

	"racebench/internal/scenarios/harness"
)

// cacheMemory asks the garbage collector what a cache still refers to, and
// whether it grows.
func cacheMemory(t *harness.T) {
	keptAfterUse(t)
	growth(t)
	keptAfterClear(t)
	growthByWaiters(t)
	var caches []func() bool
	for range harness.Copies {
		one := newCache[int, int](fewEntries)
		one.Put(1, 1)
		_, _ = one.GetOrLoad(2, func(int) (int, error) { return 2, nil })
		caches = append(caches, one.Reachable())
		t.Step()
	}
	harness.Forgotten(t, caches)
}

const fewEntries = 4

// keptAfterUse uses far more keys than the cache holds.
func keptAfterUse(t *harness.T) {
	c := newCache[*harness.Boulder, *harness.Boulder](fewEntries)
	var all harness.Boulders
	for i := range 500 {
		key := all.Fresh()
		switch i % 4 {
		case 0:
			c.Put(key, all.Fresh())
			c.Delete(key)
		case 1:
			c.Put(key, all.Fresh())
			c.Put(key, all.Fresh())
		case 2:
			_, _ = c.GetOrLoad(key, func(*harness.Boulder) (*harness.Boulder, error) { return all.Fresh(), nil })
			c.Delete(key)
		default:
			_, _ = c.GetOrLoad(key, func(*harness.Boulder) (*harness.Boulder, error) { return all.Fresh(), errLoad })
		}
		t.Step()
	}
	// A buffer that is cleaned up now and then may keep some of them.
	all.Released(t, len(all)/4, "keys and values that the cache no longer holds")
	runtime.KeepAlive(c)
}

// growth leaves entries in every way, in caches of their own where one way would
// hide what another leaves behind.
func growth(t *harness.T) {
	small := newCache[int, int](fewEntries)
	harness.Grows(t, "Cache", func(i int) {
		key := 8 * i
		small.Put(key, i)
		small.Delete(key)
		small.Put(key+1, i)
		_, _ = small.GetOrLoad(key+2, func(int) (int, error) { small.Delete(key + 2); return i, nil })
		_, _ = small.GetOrLoad(key+3, func(int) (int, error) { small.Put(key+3, i); return i, nil })
		_, _ = small.GetOrLoad(key+4, func(int) (int, error) { return 0, errLoad })
		_, _ = small.GetOrLoad(key+4, func(int) (int, error) { small.Delete(key + 4); return 0, errLoad })
		small.Get(key + 5)
		small.Delete(key + 6)
		harness.Panics(func() { _, _ = small.GetOrLoad(key+7, func(int) (int, error) { panic(errLoad) }) })
		harness.Panics(func() {
			_, _ = small.GetOrLoad(key+7, func(int) (int, error) { small.Delete(key + 7); panic(errLoad) })
		})
	})
	// Evictions and Clear would hide what others leave behind, so they come apart.
	roomy := newCache[int, int](64)
	roomy.Put(-1, 0)
	harness.Grows(t, "Cache", func(i int) {
		roomy.Put(i, i)
		roomy.Delete(i)
		_, _ = roomy.GetOrLoad(i, func(int) (int, error) { return i, nil })
		roomy.Delete(i)
		roomy.Put(-1, i)
	})
	runtime.KeepAlive(roomy)
	cleared := newCache[int, int](fewEntries)
	harness.Grows(t, "Cache", func(i int) {
		cleared.Put(2*i, i)
		_, _ = cleared.GetOrLoad(2*i+1, func(int) (int, error) { cleared.Clear(); return i, nil })
	})
	runtime.KeepAlive(cleared)
	_, _ = roomy.GetOrLoad(-2, func(int) (int, error) {
		harness.Grows(t, "Cache, during one load,", func(i int) {
			roomy.Put(i, i)
			roomy.Delete(i)
		})
		return 0, errLoad
	})
	harness.Grows(t, "Cache", func(i int) { roomy.Get(-1 - i%2) }) // who only looks leaves nothing
	runtime.KeepAlive(roomy)
	runtime.KeepAlive(small)
}

// keptAfterClear: what a large cache has held it holds no more when it is cleared.
// A list of keys that is only cut may keep those.
func keptAfterClear(t *harness.T) {
	large := newCache[*harness.Boulder, *harness.Boulder](harness.LargeCache)
	var all harness.Boulders
	for range 400 {
		large.Put(all.Fresh(), all.Fresh())
	}
	large.Clear()
	all.Released(t, len(all)*3/4, "keys and values that a cache held, which was cleared,")
	runtime.KeepAlive(large)
}

// growthByWaiters lets somebody wait for each load. They come in crowds, for on a
// busy machine every meeting of two goroutines may take milliseconds.
func growthByWaiters(t *harness.T) {
	const crowd = 64
	waited := newCache[int, int](fewEntries)
	harness.Grows(t, "Cache", func(i int) {
		if i%crowd > 0 {
			return
		}
		var loads sync.WaitGroup
		misses := waited.Stats().Misses
		release := make(chan struct{})
		for key := i; key < i+crowd; key++ {
			for range 2 {
				loads.Go(func() {
					_, _ = waited.GetOrLoad(key, func(int) (int, error) {
						<-release
						if key%4 == 3 {
							return 0, errLoad
						}
						return key, nil
					})
				})
			}
		}
		// Who has loads take turns is not waited for: others say so.
		for tries := 0; tries < 10_000 && waited.Stats().Misses < misses+2*crowd; tries++ {
			runtime.Gosched()
		}
		switch i / crowd % 3 { // none, some or all of the loads are overtaken
		case 1:
			for key := i; key < i+crowd; key += 2 {
				waited.Delete(key)
			}
		case 2:
			waited.Clear()
		}
		close(release)
		loads.Wait()
	})
	runtime.KeepAlive(waited)
}
