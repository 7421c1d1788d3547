package history

import "racebench/internal/model"

// answers says which sentences of the contract an operation's answer is about,
// where one client alone calls a component.
var answers = map[string]map[string][]string{
	model.Cache: {
		model.CacheGet: {"C2"}, model.CacheDelete: {"C6"}, model.CacheLen: {"C3", "C5"},
		model.CacheStats: {"C2", "C3", "C8"}, model.CacheHitRate: {"C8"}, model.CacheLoad: {"C10", "C12", "C13", "C14"},
	},
	model.Counter: {
		model.CounterStats: {"M1", "M2", "M3"}, model.CounterReset: {"M4"},
		model.CounterSuccessRate: {"M5"}, model.CounterAverage: {"M5"}, model.CounterStatsRate: {"M5"}, model.CounterStatsAverage: {"M5"},
	},
	model.WorkerPool: {
		model.PoolSubmit: {"W2"}, model.PoolPending: {"W4"}, model.PoolResults: {"W6", "W13"}, model.PoolStates: {"W7"},
		model.PoolStats: {"W4", "W7"}, model.PoolStart: {"W3"}, model.PoolEnd: {"W6"}, model.PoolWait: {"W10"}, model.PoolClosed: {"W11"},
	},
}
