package workerpool

// list is a first-in-first-out list that never moves what it holds, so that
// every push and pop takes the same time (L4). The zero value is empty.
//
// It is made of blocks that double in size up to maxBlock, so that it needs
// little memory when it holds little and few allocations when it holds much.
type list[E any] struct {
	first, last *block[E]
	len         int
}

// block is a part of a list: it was filled up to len(items) and taken from up to
// items[taken].
type block[E any] struct {
	items []E
	taken int
	next  *block[E]
}

// The least and the greatest number of elements for which a block has room.
const (
	minBlock = 8
	maxBlock = 512
)

// push appends an element.
func (l *list[E]) push(e E) {
	switch last := l.last; {
	case last == nil:
		l.last = &block[E]{items: make([]E, 0, minBlock)}
		l.first = l.last
	case len(last.items) == cap(last.items):
		l.last = &block[E]{items: make([]E, 0, min(2*cap(last.items), maxBlock))}
		last.next = l.last
	}
	l.last.items = append(l.last.items, e)
	l.len++
}

// pop removes and returns the first element. There must be one.
func (l *list[E]) pop() E {
	b := l.first
	e := b.items[b.taken]
	var zero E
	b.items[b.taken] = zero // must not be kept alive from here (G4)
	b.taken++
	l.len--
	switch {
	case b.taken < len(b.items):
	case b.next != nil:
		l.first = b.next
	default: // the list is empty: fill the same block again
		b.items, b.taken = b.items[:0], 0
	}
	return e
}

// slice returns the elements in a slice of their own, nil if there are none.
func (l *list[E]) slice() []E {
	if l.len == 0 {
		return nil
	}
	all := make([]E, 0, l.len)
	for b := l.first; b != nil; b = b.next {
		all = append(all, b.items[b.taken:]...)
	}
	return all
}
