package forcache

import "racebench/internal/scenarios/harness"

// Wrap has the caches of one kind wrapped until restore is called.
func Wrap[K comparable, V any](wrap func(Cache[K, V]) Cache[K, V]) (restore func()) {
	var before func(int) Cache[K, V]
	before = harness.Register(func(capacity int) Cache[K, V] { return wrap(before(capacity)) })
	return func() { harness.Register(before) }
}
