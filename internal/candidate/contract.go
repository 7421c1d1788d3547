package candidate

import "racebench/internal/result"

// contract is the API of docs/contract.md as Go declarations, one stub per
// package. A struct without fields stands for one whose fields are the
// candidate's business; function bodies mean nothing.
var contract = map[result.Component]string{
	result.Cache: `package cache

type Cache[K comparable, V any] struct{}

func New[K comparable, V any](capacity int) *Cache[K, V] { return nil }
func (c *Cache[K, V]) Get(key K) (V, bool) { panic(0) }
func (c *Cache[K, V]) Put(key K, value V) {}
func (c *Cache[K, V]) GetOrLoad(key K, load func(K) (V, error)) (V, error) { panic(0) }
func (c *Cache[K, V]) Delete(key K) bool { panic(0) }
func (c *Cache[K, V]) Len() int { panic(0) }
func (c *Cache[K, V]) Stats() Stats { panic(0) }
func (c *Cache[K, V]) Clear() {}

type Stats struct {
	Hits, Misses, Evictions uint64
	Len, Capacity           int
}

func (s Stats) HitRate() float64 { panic(0) }
`,
	result.Counter: `package counter

import "time"

type Counter struct{}

func New() *Counter { return nil }
func (c *Counter) RecordRequest(success bool, elapsed time.Duration) {}
func (c *Counter) Increment() {}
func (c *Counter) SuccessRate() float64 { panic(0) }
func (c *Counter) AverageProcessingTime() time.Duration { panic(0) }
func (c *Counter) Stats() Stats { panic(0) }
func (c *Counter) Reset() Stats { panic(0) }

type Stats struct {
	Total, Succeeded, Failed uint64
	ProcessingTime           time.Duration
}

func (s Stats) SuccessRate() float64 { panic(0) }
func (s Stats) AverageProcessingTime() time.Duration { panic(0) }
`,
	result.WorkerPool: `package workerpool

type Pool[T any] struct{}

func New[T any](workers int) *Pool[T] { return nil }
func (p *Pool[T]) Submit(task func() (T, error)) error { panic(0) }
func (p *Pool[T]) Wait() {}
func (p *Pool[T]) Close() {}
func (p *Pool[T]) Pending() int { panic(0) }
func (p *Pool[T]) Results() []Result[T] { panic(0) }
func (p *Pool[T]) WorkerStates() []State { panic(0) }
func (p *Pool[T]) Stats() Stats { panic(0) }
func (p *Pool[T]) Reset() {}

type Result[T any] struct {
	Value T
	Err   error
}

type State int

const (
	Idle State = iota
	Busy
	Stopped
)

func (s State) String() string { panic(0) }

type Stats struct {
	Workers, Idle, Active, Stopped, Pending int
	Submitted, Completed, Failed            uint64
}

var ErrClosed error

type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { panic(0) }
func (e *PanicError) Unwrap() error { panic(0) }
`,
}
