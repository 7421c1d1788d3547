package planted

import (
	"sync"
	"time"

	"racebench/internal/model"
	"racebench/internal/protocol"
)

// tornReset records a history of a counter whose Reset reads and zeroes in two
// steps; in the wrong form an increment falls between them and is lost.
func tornReset(right bool) func() protocol.Outcome {
	return func() protocol.Outcome {
		origin := time.Now()
		now := func() int64 { return int64(time.Since(origin)) }
		var mu sync.Mutex
		total := int64(0)
		read := make(chan struct{})
		added := make(chan struct{})

		var reset, increment protocol.Operation
		both(func() {
			reset = protocol.Operation{Client: 0, Call: now(), Name: model.CounterReset}
			mu.Lock()
			was := total
			if !right {
				mu.Unlock()
				close(read)
				<-added
				mu.Lock()
			}
			total = 0
			mu.Unlock()
			if right {
				close(read)
				<-added
			}
			reset.Out = []int64{was, 0, 0, 0}
			reset.Return = now()
		}, func() {
			<-read
			increment = protocol.Operation{Client: 1, Call: now(), Name: model.CounterIncrement}
			mu.Lock()
			total++
			mu.Unlock()
			increment.Return = now()
			close(added)
		})
		// Strictly after both, on any clock.
		time.Sleep(time.Microsecond)
		stats := protocol.Operation{Client: 0, Call: max(now(), reset.Return+1, increment.Return+1), Name: model.CounterStats}
		stats.Out = []int64{total, 0, 0, 0}
		stats.Return = stats.Call + 1
		return protocol.Outcome{
			Operations: 3,
			Histories: []protocol.History{{
				Model: model.Counter, Ops: []protocol.Operation{reset, increment, stats},
			}},
		}
	}
}
