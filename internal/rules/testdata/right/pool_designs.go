// Pools: an actor, a bounded channel with an overflow list, goroutines on
// demand, a ring buffer.
package workerpool

import (
	"errors"
	"sync"
)

var ErrClosed = errors.New("closed")

type Result[T any] struct {
	Value T
	Err   error
}

type message[T any] struct {
	task  func() (T, error)
	reply chan error
	query chan []Result[T]
	done  *Result[T]
	stop  bool
}

// Actor: one goroutine owns the state.
type Actor[T any] struct {
	in      chan message[T]
	ended   chan struct{}
	closeMu sync.RWMutex
	closed  bool
	queue   []func() (T, error)
	results []Result[T]
	busy    int
	workers int
}

func NewActor[T any](n int) *Actor[T] {
	a := &Actor[T]{in: make(chan message[T]), ended: make(chan struct{}), workers: n}
	go a.loop()
	return a
}

func (a *Actor[T]) loop() {
	defer close(a.ended)
	stopping := false
	for m := range a.in {
		switch {
		case m.task != nil:
			a.queue = append(a.queue, m.task)
			m.reply <- nil
		case m.done != nil:
			a.busy--
			a.results = append(a.results, *m.done)
		case m.query != nil:
			m.query <- append([]Result[T](nil), a.results...)
		case m.stop:
			stopping = true
		}
		for a.busy < a.workers && len(a.queue) > 0 {
			task := a.queue[0]
			a.queue = a.queue[1:]
			a.busy++
			go a.run(task)
		}
		if stopping && a.busy == 0 && len(a.queue) == 0 {
			return
		}
	}
}

func (a *Actor[T]) run(task func() (T, error)) {
	v, err := task()
	a.in <- message[T]{done: &Result[T]{v, err}}
}

func (a *Actor[T]) Submit(task func() (T, error)) error {
	a.closeMu.RLock()
	defer a.closeMu.RUnlock()
	if a.closed {
		return ErrClosed
	}
	reply := make(chan error, 1)
	a.in <- message[T]{task: task, reply: reply}
	return <-reply
}

func (a *Actor[T]) Close() {
	a.closeMu.Lock()
	first := !a.closed
	a.closed = true
	a.closeMu.Unlock()
	if first {
		a.in <- message[T]{stop: true}
	}
	<-a.ended
}

// Results after Close: the loop has ended.
func (a *Actor[T]) Results() []Result[T] {
	<-a.ended
	return append([]Result[T](nil), a.results...)
}

// Overflow: a buffered channel, and a list for what does not fit.
type Overflow[T any] struct {
	mu       sync.Mutex
	tasks    chan func() (T, error)
	overflow []func() (T, error)
	closed   bool
	active   int
	idle     *sync.Cond
	results  []Result[T]
	wg       sync.WaitGroup
}

func NewOverflow[T any](n int) *Overflow[T] {
	p := &Overflow[T]{tasks: make(chan func() (T, error), n)}
	p.idle = sync.NewCond(&p.mu)
	p.wg.Add(n)
	for range n {
		go p.work()
	}
	return p
}

func (p *Overflow[T]) Submit(task func() (T, error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.active++
	if len(p.overflow) == 0 && len(p.tasks) < cap(p.tasks) {
		p.tasks <- task
		return nil
	}
	p.overflow = append(p.overflow, task)
	return nil
}

func (p *Overflow[T]) work() {
	defer p.wg.Done()
	for task := range p.tasks {
		v, err := task()
		p.finish(Result[T]{v, err})
	}
}

func (p *Overflow[T]) finish(r Result[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.results = append(p.results, r)
	p.active--
	for len(p.overflow) > 0 {
		select {
		case p.tasks <- p.overflow[0]:
			p.overflow = p.overflow[1:]
			continue
		default:
		}
		break
	}
	if p.active == 0 {
		p.idle.Broadcast()
		if p.closed {
			close(p.tasks)
		}
	}
}

func (p *Overflow[T]) Wait() {
	p.mu.Lock()
	for p.active > 0 {
		p.idle.Wait()
	}
	p.mu.Unlock()
}

func (p *Overflow[T]) Close() {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	if first && p.active == 0 {
		close(p.tasks)
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// OnDemand starts a goroutine when there is a task and a place.
type OnDemand[T any] struct {
	sync.Mutex
	places  int
	queue   []func() (T, error)
	states  []int
	free    []int
	results []Result[T]
	closed  bool
	quiet   chan struct{}
	wg      sync.WaitGroup
}

func (p *OnDemand[T]) Submit(task func() (T, error)) error {
	p.Lock()
	defer p.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.queue = append(p.queue, task)
	if len(p.free) > 0 {
		id := p.free[len(p.free)-1]
		p.free = p.free[:len(p.free)-1]
		p.states[id] = 1
		p.wg.Add(1)
		go p.drain(id)
	}
	return nil
}

func (p *OnDemand[T]) drain(id int) {
	defer p.wg.Done()
	p.Lock()
	defer p.Unlock()
	for len(p.queue) > 0 {
		p.runFirst(id)
	}
	p.states[id] = 0
	p.free = append(p.free, id)
}

// runFirst is called with the lock held.
func (p *OnDemand[T]) runFirst(id int) {
	task := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	p.states[id] = 2
	var r Result[T]
	func() {
		p.Unlock()
		defer p.Lock()
		r.Value, r.Err = task()
	}()
	p.states[id] = 1
	p.results = append(p.results, r)
}

func (p *OnDemand[T]) States() []int {
	p.Lock()
	defer p.Unlock()
	out := make([]int, len(p.states))
	copy(out, p.states)
	return out
}

func (p *OnDemand[T]) Close() {
	p.Lock()
	p.closed = true
	p.Unlock()
	p.wg.Wait()
	p.Lock()
	defer p.Unlock()
	for i := range p.states {
		p.states[i] = 3
	}
}

// Ring: a ring buffer, two conditions on one lock, workers that loop.
type Ring[T any] struct {
	mu         sync.Mutex
	work, idle sync.Cond
	buf        []func() (T, error)
	head, n    int
	active     int
	closed     bool
	results    []Result[T]
	done       chan struct{}
	once       sync.Once
	wg         sync.WaitGroup
}

func NewRing[T any](workers int) *Ring[T] {
	p := &Ring[T]{buf: make([]func() (T, error), 4), done: make(chan struct{})}
	p.work.L = &p.mu
	p.idle.L = &p.mu
	for range workers {
		p.wg.Go(p.loop)
	}
	return p
}

func (p *Ring[T]) push(task func() (T, error)) {
	if p.n == len(p.buf) {
		bigger := make([]func() (T, error), 2*p.n)
		for i := range p.n {
			bigger[i] = p.buf[(p.head+i)%p.n]
		}
		p.buf, p.head = bigger, 0
	}
	p.buf[(p.head+p.n)%len(p.buf)] = task
	p.n++
}

func (p *Ring[T]) pop() func() (T, error) {
	task := p.buf[p.head]
	p.buf[p.head] = nil
	p.head = (p.head + 1) % len(p.buf)
	p.n--
	return task
}

func (p *Ring[T]) Submit(task func() (T, error)) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return ErrClosed
	}
	p.push(task)
	p.mu.Unlock()
	p.work.Signal()
	return nil
}

func (p *Ring[T]) loop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for p.n == 0 && !p.closed {
			p.work.Wait()
		}
		if p.n == 0 {
			return
		}
		task := p.pop()
		p.active++
		p.mu.Unlock()
		v, err := task()
		p.mu.Lock()
		p.active--
		p.results = append(p.results, Result[T]{v, err})
		if p.active == 0 && p.n == 0 {
			p.idle.Broadcast()
		}
	}
}

func (p *Ring[T]) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.work.Broadcast()
	p.wg.Wait()
	p.once.Do(func() { close(p.done) })
}

func (p *Ring[T]) Reset() []Result[T] {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.results
	p.results = nil
	for p.n > 0 {
		p.pop()
	}
	return out
}

func (p *Ring[T]) Wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.n+p.active > 0 {
		p.idle.Wait()
	}
}
