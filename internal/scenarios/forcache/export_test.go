package forcache

// Wrap has the caches of one kind wrapped until restore is called.
func Wrap[K comparable, V any](wrap func(Cache[K, V]) Cache[K, V]) (restore func()) {
	before := makers[kind[K, V]{}].(func(int) Cache[K, V])
	Register(func(capacity int) Cache[K, V] { return wrap(before(capacity)) })
	return func() { Register(before) }
}
