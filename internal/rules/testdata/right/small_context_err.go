package p

import (
	"context"
	"errors"
	"sync"
)

type P struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel func()
	reason error
}

func New() *P {
	p := &P{}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

func (p *P) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason == nil {
		p.reason = errors.New("closed")
		p.cancel()
	}
}

func (p *P) Submit() error {
	if p.ctx.Err() != nil {
		return p.reason // written before the cancel
	}
	return nil
}
