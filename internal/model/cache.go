package model

import (
	"fmt"
	"math"
	"slices"

	"racebench/internal/protocol"
)

// The operations of the cache. Init is the capacity.
const (
	CacheGet    = "get"    // in: key; out: found (0 or 1), value
	CachePut    = "put"    // in: key, value
	CacheDelete = "delete" // in: key; out: found
	CacheLen    = "len"    // out: length
	CacheStats  = "stats"  // out: hits, misses, evictions, length, capacity
	CacheClear  = "clear"

	// The steps of GetOrLoad (C9). A flight is a number from FirstFlight on that
	// tells one call of a load function from every other; a load that succeeds
	// returns its own number, which nobody puts.
	//
	// A flight begins with whoever of its callers comes first, and one of them
	// leads it. C11 says that it is the first; where each flight is a sync.Once
	// that all its callers enter it may be the next one, which nobody is hurt by,
	// and which shows in nothing but a miss that was counted early.

	// CacheLoadGot is a caller whose load did not run and who got a value: a
	// hit, or a miss that shared the load of that number. In: key; out: value.
	CacheLoadGot = "load-got"
	// CacheLoadLead is a caller who missed and whose load then ran, with the
	// flight that he began or joined. In: key, flight.
	CacheLoadLead = "load-lead"
	// CacheLoadJoin is a caller who missed and got the error of that load. In:
	// key, flight.
	CacheLoadJoin = "load-join"
	// CacheLoadDone is the end of a load that returned its number, which is
	// stored unless the load was overtaken. In: key, flight.
	CacheLoadDone = "load-done"
	// CacheLoadFail is the end of a load that returned an error or panicked.
	// In: key, flight.
	CacheLoadFail = "load-fail"

	// For the gate: whole calls of one client.

	// CacheLoad is GetOrLoad with nobody else there. In: key, and what load
	// would do: its outcome (OutcomeValue, OutcomeError, OutcomePanic) and
	// value. Out: outcome, value, whether load ran.
	CacheLoad    = "load"
	CacheHitRate = "hit-rate" // out: the bits of a float64
)

// FirstFlight is the least number of a flight.
const FirstFlight = 1 << 20

// The outcomes of a load and of a task.
const (
	OutcomeValue = iota
	OutcomeError
	OutcomePanic
)

var cacheShapes = map[string]shape{
	CacheGet: {1, 2}, CachePut: {2, 0}, CacheDelete: {1, 1}, CacheLen: {0, 1}, CacheStats: {0, 5}, CacheClear: {0, 0},
	CacheLoadGot: {1, 1}, CacheLoadLead: {2, 0}, CacheLoadJoin: {2, 0}, CacheLoadDone: {2, 0}, CacheLoadFail: {2, 0},
	CacheLoad: {3, 3}, CacheHitRate: {0, 1},
}

// cacheState is the state of a cache. The entries are in the order of
// insertion, oldest first; flights are those that may still store, by key. Begun
// are all flights that ever were, in ascending order, so that none begins twice.
type cacheState struct {
	capacity                int64
	hits, misses, evictions int64
	entries                 []pair
	flights                 []pair
	begun                   []int64
}

type pair struct{ key, value int64 }

// State encodes the state.
func (c *cacheState) State() State {
	e := make(encoder, 0, 64)
	e.int(c.capacity)
	e.int(c.hits)
	e.int(c.misses)
	e.int(c.evictions)
	for _, list := range [][]pair{c.entries, c.flights} {
		e.uint(uint64(len(list)))
		for _, p := range list {
			e.int(p.key)
			e.int(p.value)
		}
	}
	for _, flight := range c.begun {
		e.int(flight)
	}
	return State(e)
}

func decodeCache(s State) *cacheState {
	d := decoder(s)
	c := &cacheState{capacity: d.int(), hits: d.int(), misses: d.int(), evictions: d.int()}
	for _, list := range []*[]pair{&c.entries, &c.flights} {
		n := int(d.uint())
		// One more than there is, for the entry that a step may add.
		*list = make([]pair, 0, n+1)
		for range n {
			*list = append(*list, pair{d.int(), d.int()})
		}
	}
	for len(d) > 0 {
		c.begun = append(c.begun, d.int())
	}
	return c
}

func find(list []pair, key int64) int {
	return slices.IndexFunc(list, func(p pair) bool { return p.key == key })
}

func remove(list []pair, key int64) []pair {
	return slices.DeleteFunc(list, func(p pair) bool { return p.key == key })
}

// lookup counts a hit or a miss.
func (c *cacheState) lookup(key int64) (value int64, found bool) {
	if i := find(c.entries, key); i >= 0 {
		c.hits++
		return c.entries[i].value, true
	}
	c.misses++
	return 0, false
}

// put stores as Put does, without overtaking a load.
func (c *cacheState) put(key, value int64) {
	if i := find(c.entries, key); i >= 0 {
		c.entries[i].value = value
		return
	}
	if int64(len(c.entries)) == c.capacity {
		c.entries = slices.Delete(c.entries, 0, 1)
		c.evictions++
	}
	c.entries = append(c.entries, pair{key, value})
}

func (c *cacheState) overtake(key int64) { c.flights = remove(c.flights, key) }

// flies reports whether the flight may still store its value.
func (c *cacheState) flies(key, flight int64) bool {
	i := find(c.flights, key)
	return i >= 0 && c.flights[i].value == flight
}

// board begins a flight of a key, or joins it, and reports whether that can be:
// no other one is in flight, and this one is not over.
func (c *cacheState) board(key, flight int64) bool {
	if i := find(c.flights, key); i >= 0 {
		return c.flights[i].value == flight
	}
	at, over := slices.BinarySearch(c.begun, flight)
	if over || flight < FirstFlight {
		return false
	}
	c.begun = slices.Insert(c.begun, at, flight)
	c.flights = append(c.flights, pair{key, flight})
	return true
}

type cacheModel struct{}

func (cacheModel) Init(params []int64) (State, error) {
	if len(params) != 1 || params[0] < 1 || params[0] > maxInit {
		return "", errParams
	}
	return (&cacheState{capacity: params[0]}).State(), nil
}

func (cacheModel) At(s State) Machine { return decodeCache(s) }

// Step executes an operation.
func (c *cacheState) Step(op protocol.Operation) (want []int64, ok bool) {
	switch op.Name {
	case CacheGet:
		value, found := c.lookup(op.In[0])
		want = []int64{flag(found), value}
	case CachePut:
		c.overtake(op.In[0])
		c.put(op.In[0], op.In[1])
	case CacheDelete:
		c.overtake(op.In[0])
		want = []int64{flag(find(c.entries, op.In[0]) >= 0)}
		c.entries = remove(c.entries, op.In[0])
	case CacheLen:
		want = []int64{int64(len(c.entries))}
	case CacheStats:
		want = []int64{c.hits, c.misses, c.evictions, int64(len(c.entries)), c.capacity}
	case CacheClear:
		*c = cacheState{capacity: c.capacity, begun: c.begun}
	case CacheLoadGot:
		value, found := c.lookup(op.In[0])
		switch {
		case found:
			want = []int64{value}
		case c.board(op.In[0], op.Out[0]):
			want = op.Out
		default:
			return nil, false
		}
	case CacheLoadLead, CacheLoadJoin:
		if _, found := c.lookup(op.In[0]); found || !c.board(op.In[0], op.In[1]) {
			return nil, false
		}
	case CacheLoadDone:
		if c.flies(op.In[0], op.In[1]) {
			c.overtake(op.In[0])
			c.put(op.In[0], op.In[1])
		}
	case CacheLoadFail:
		if c.flies(op.In[0], op.In[1]) {
			c.overtake(op.In[0])
		}
	case CacheLoad:
		want = c.load(op.In[0], op.In[1], op.In[2])
	case CacheHitRate:
		rate := 0.0
		if n := c.hits + c.misses; n > 0 {
			rate = float64(c.hits) / float64(n)
		}
		want = []int64{int64(math.Float64bits(rate))}
		return want, closeTo(want[0], op.Out[0])
	default:
		return nil, false
	}
	return want, slices.Equal(want, op.Out)
}

// load is a whole GetOrLoad with nobody else there.
func (c *cacheState) load(key, outcome, value int64) []int64 {
	if v, found := c.lookup(key); found {
		return []int64{OutcomeValue, v, 0}
	}
	if outcome != OutcomeValue {
		return []int64{outcome, 0, 1}
	}
	c.overtake(key)
	c.put(key, value)
	return []int64{OutcomeValue, value, 1}
}

// closeTo compares two float64, given by their bits, up to rounding: the
// contract does not say in which order to divide.
func closeTo(a, b int64) bool {
	x, y := math.Float64frombits(uint64(a)), math.Float64frombits(uint64(b))
	return math.Abs(x-y) <= 1e-9
}

func (cacheModel) Describe(op protocol.Operation, out []int64) string {
	in := func(i int) int64 { return at(op.In, i) }
	switch op.Name {
	case CacheGet:
		return fmt.Sprintf("Get(%d) = %s", in(0), found(out, 0))
	case CachePut:
		return fmt.Sprintf("Put(%d, %d)", in(0), in(1))
	case CacheDelete:
		return fmt.Sprintf("Delete(%d) = %t", in(0), at(out, 0) == 1)
	case CacheLen:
		return fmt.Sprintf("Len() = %d", at(out, 0))
	case CacheStats:
		return fmt.Sprintf("Stats() = {Hits:%d Misses:%d Evictions:%d Len:%d Capacity:%d}",
			at(out, 0), at(out, 1), at(out, 2), at(out, 3), at(out, 4))
	case CacheClear:
		return "Clear()"
	case CacheLoadGot:
		return fmt.Sprintf("GetOrLoad(%d) = %d, load not called", in(0), at(out, 0))
	case CacheLoadLead:
		return fmt.Sprintf("GetOrLoad(%d) missed and started load #%d", in(0), in(1))
	case CacheLoadJoin:
		return fmt.Sprintf("GetOrLoad(%d) missed and got the error of load #%d", in(0), in(1))
	case CacheLoadDone:
		return fmt.Sprintf("load #%d of key %d ended with its value", in(1), in(0))
	case CacheLoadFail:
		return fmt.Sprintf("load #%d of key %d ended with an error", in(1), in(0))
	case CacheLoad:
		load := []string{fmt.Sprintf("load returning %d", in(2)), "load returning an error", "load panicking"}[min(max(in(1), 0), 2)]
		result := []string{fmt.Sprint(at(out, 1)), "an error", "a panic"}[min(max(at(out, 0), 0), 2)]
		ran := "load not called"
		if at(out, 2) != 0 {
			ran = "load called"
		}
		return fmt.Sprintf("GetOrLoad(%d, %s) = %s, %s", in(0), load, result, ran)
	case CacheHitRate:
		return fmt.Sprintf("Stats().HitRate() = %v", math.Float64frombits(uint64(at(out, 0))))
	}
	return op.Name
}

// at returns xs[i], or 0 where there is none: what is described may be
// malformed.
func at(xs []int64, i int) int64 {
	if i < len(xs) {
		return xs[i]
	}
	return 0
}

func found(out []int64, i int) string {
	if at(out, i) == 0 {
		return "absent"
	}
	return fmt.Sprint(at(out, i+1))
}
