package main

import (
	"math/rand/v2"
	"strconv"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/maypok86/otter/v2"
	"github.com/maypok86/otter/v2/stats"

	"racebench/internal/cache"
	plain "racebench/internal/kit/baseline/cache"
)

// The caches hold three quarters of the keys that are asked for.
const (
	cacheCapacity = 1536
	cacheKeys     = 2048
)

// cacheAPI is what the workloads call; read is Stats without its type.
type cacheAPI[K comparable] interface {
	Get(key K) (int, bool)
	Put(key K, value int)
	Delete(key K) bool
	read() int
}

type ourCache[K comparable] struct{ *cache.Cache[K, int] }

func (c ourCache[K]) read() int { return c.Stats().Len }

type plainCache[K comparable] struct{ *plain.Cache[K, int] }

func (c plainCache[K]) read() int { return c.Stats().Len }

// otterCache gives otter the names that the workloads call.
type otterCache[K comparable] struct{ *otter.Cache[K, int] }

func (c otterCache[K]) Get(key K) (int, bool) { return c.GetIfPresent(key) }
func (c otterCache[K]) Put(key K, value int)  { c.Set(key, value) }
func (c otterCache[K]) Delete(key K) bool {
	_, ok := c.Invalidate(key)
	return ok
}

func (c otterCache[K]) read() int { return int(c.Stats().Hits) + c.EstimatedSize() }

// lruCache gives golang-lru the names that the workloads call.
type lruCache[K comparable] struct{ *lru.Cache[K, int] }

func (c lruCache[K]) Put(key K, value int) { c.Add(key, value) }
func (c lruCache[K]) Delete(key K) bool    { return c.Remove(key) }
func (c lruCache[K]) read() int            { return c.Len() }

// mix is how many of 100 operations are of a kind; the rest are Put.
type mix struct{ gets, deletes, reads int }

var (
	readHeavy  = mix{gets: 89, deletes: 1, reads: 1}
	writeHeavy = mix{gets: 20, deletes: 5, reads: 1}
)

// cacheWorkloads returns those of the cache.
func cacheWorkloads() []workload {
	number := func(i int) int { return i }
	text := func(i int) string { return "user:" + strconv.Itoa(1_000_000+i) }
	return []workload{
		cacheWorkload("cache, read-heavy", number, readHeavy, 1),
		cacheWorkload("cache, write-heavy", number, writeHeavy, 1),
		cacheWorkload("cache, read-heavy, string keys", text, readHeavy, 1),
		cacheWorkload("cache, write-heavy, string keys", text, writeHeavy, 1),
		cacheWorkload("cache, read-heavy, 4 instances", number, readHeavy, 4),
		cacheWorkload("cache, write-heavy, 4 instances", number, writeHeavy, 4),
	}
}

// cacheWorkload lets each goroutine use one of several instances; key names the
// keys.
func cacheWorkload[K comparable](name string, key func(int) K, m mix, instances int) workload {
	keys := make([]K, cacheKeys)
	for i := range keys {
		keys[i] = key(i)
	}
	contest := func(name, givesUp string, create func() (cacheAPI[K], func())) contestant {
		return contestant{name: name, givesUp: givesUp, start: func(int) session {
			caches := make([]cacheAPI[K], instances)
			stops := make([]func(), instances)
			for i := range caches {
				caches[i], stops[i] = create()
				for _, key := range keys {
					caches[i].Put(key, 1)
				}
			}
			return session{
				work: func(goroutine, operations int) {
					callCache(caches[goroutine%instances], keys, m, goroutine, operations)
				},
				stop: func() {
					for _, stop := range stops {
						stop()
					}
				},
			}
		}}
	}
	nothing := func() {}
	return workload{
		name: name,
		ours: contest("ours", "", func() (cacheAPI[K], func()) {
			return ourCache[K]{cache.New[K, int](cacheCapacity)}, nothing
		}),
		plain: contest("one mutex", "", func() (cacheAPI[K], func()) {
			return plainCache[K]{plain.New[K, int](cacheCapacity)}, nothing
		}),
		peers: []contestant{
			contest("golang-lru", "no statistics, no loading; evicts by last use", func() (cacheAPI[K], func()) {
				c, err := lru.New[K, int](cacheCapacity)
				if err != nil {
					panic(err) // the capacity is positive
				}
				return lruCache[K]{c}, nothing
			}),
			contest("otter", "no exact capacity, no order of eviction, statistics that are no snapshot", func() (cacheAPI[K], func()) {
				c := otter.Must(&otter.Options[K, int]{
					MaximumSize:   cacheCapacity,
					StatsRecorder: stats.NewCounter(),
				})
				return otterCache[K]{c}, func() { c.StopAllGoroutines() }
			}),
		},
	}
}

// callCache calls a cache as often as operations says.
func callCache[K comparable](c cacheAPI[K], keys []K, m mix, goroutine, operations int) {
	r := rand.New(rand.NewPCG(1, uint64(goroutine)))
	for range operations {
		random := r.Uint64()
		key := keys[random%cacheKeys]
		switch kind := int(random >> 32 % 100); {
		case kind < m.gets:
			c.Get(key)
		case kind < m.gets+m.deletes:
			c.Delete(key)
		case kind < m.gets+m.deletes+m.reads:
			c.read()
		default:
			c.Put(key, kind)
		}
	}
}
