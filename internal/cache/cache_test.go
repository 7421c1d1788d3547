package cache_test

import (
	"testing"

	"go.uber.org/goleak"

	"racebench/internal/cache"
	"racebench/internal/contracttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	contracttest.TestCache(t, func(capacity int) contracttest.Cache[cache.Stats] {
		return cache.New[int, int](capacity)
	})
}
