package workerpool_test

import (
	"errors"
	"testing"

	"go.uber.org/goleak"

	"racebench/internal/contracttest"
	"racebench/internal/kit/baseline/workerpool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	contracttest.TestPool(t, contracttest.PoolPackage[workerpool.Result[int], workerpool.State, workerpool.Stats]{
		New: func(workers int) contracttest.Pool[workerpool.Result[int], workerpool.State, workerpool.Stats] {
			return workerpool.New[int](workers)
		},
		ErrClosed: workerpool.ErrClosed,
		PanicError: func(err error) (value any, stack []byte, ok bool) {
			var panicked *workerpool.PanicError
			if !errors.As(err, &panicked) {
				return nil, nil, false
			}
			return panicked.Value, panicked.Stack, true
		},
	})
}
