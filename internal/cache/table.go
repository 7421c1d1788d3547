package cache

// table is a hash table of entries, with chaining. It is here, in the place of a
// map, because the hash of a key is known already: its low bits chose the shard.
// The zero value is empty.
type table[K comparable, V any] struct {
	buckets []*entry[K, V] // a power of two of them, or none
	len     int
}

// minBuckets is the number of buckets of a table that is not empty. There are
// twice as many whenever each holds one entry on the average.
const minBuckets = 8

// bucket returns where the chain for a hash begins. There must be buckets.
func (t *table[K, V]) bucket(hash uint64) **entry[K, V] {
	return &t.buckets[hash/maxShards&uint64(len(t.buckets)-1)]
}

// find returns the entry of a key, nil if it is absent.
func (t *table[K, V]) find(hash uint64, key K) *entry[K, V] {
	if t.len == 0 {
		return nil
	}
	e := *t.bucket(hash)
	for e != nil && (e.hash != hash || e.key != key) {
		e = e.chained
	}
	return e
}

// insert adds an entry, whose key must be absent.
func (t *table[K, V]) insert(e *entry[K, V]) {
	if t.len == len(t.buckets) {
		t.grow()
	}
	head := t.bucket(e.hash)
	e.chained = *head
	*head = e
	t.len++
}

// remove takes an entry out, which must be there.
func (t *table[K, V]) remove(e *entry[K, V]) {
	at := t.bucket(e.hash)
	for *at != e {
		at = &(*at).chained
	}
	*at = e.chained
	e.chained = nil
	t.len--
}

// grow doubles the number of buckets.
func (t *table[K, V]) grow() {
	old := t.buckets
	t.buckets = make([]*entry[K, V], max(2*len(old), minBuckets))
	for _, e := range old {
		for e != nil {
			rest := e.chained
			head := t.bucket(e.hash)
			e.chained = *head
			*head = e
			e = rest
		}
	}
}
