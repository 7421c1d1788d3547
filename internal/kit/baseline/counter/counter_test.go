package counter_test

import (
	"testing"

	"racebench/internal/contracttest"
	"racebench/internal/kit/baseline/counter"
)

func TestContract(t *testing.T) {
	contracttest.TestCounter(t, func() contracttest.Counter[counter.Stats] { return counter.New() })
}
