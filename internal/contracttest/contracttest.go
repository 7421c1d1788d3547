// Package contracttest is docs/contract.md as tests, for any implementation of
// the components: property tests against sequential models, linearizability of
// recorded histories, and one test for every sentence that is easily got wrong.
// Their names begin with the numbers of the sentences that they are about.
//
// What only goroutines can show is tested in a testing/synctest bubble, where
// "everybody waits by now" is a fact and not a matter of time.
package contracttest

import (
	"flag"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// seed is that of every random choice here unless -rapid.seed says otherwise.
const seed = 20261123

// FixSeed makes rapid begin with a fixed seed, and prints it.
func FixSeed(t *testing.T) {
	t.Helper()
	given := flag.Lookup("rapid.seed")
	if given.Value.String() == "0" {
		if err := flag.Set("rapid.seed", "20261123"); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("-rapid.seed=%s", given.Value)
}

// mustPanic fails the test unless f panics.
func mustPanic(t *testing.T, f func()) {
	t.Helper()
	if _, panicked := recovered(f); !panicked {
		t.Error("no panic")
	}
}

// recovered calls f and returns what it panicked with, if it did.
func recovered(f func()) (value any, panicked bool) {
	defer func() {
		if panicked {
			value = recover()
		}
	}()
	panicked = true
	f()
	return nil, false
}

// recorder records what one client of a history calls.
type recorder struct {
	client   int
	clock    *atomic.Int64 // shared by all clients
	recorded []porcupine.Operation
}

// now returns the next instant of the history.
func (r *recorder) now() int64 { return r.clock.Add(1) }

// add records that input led to output, at one instant since call.
func (r *recorder) add(call int64, input, output any) {
	r.recorded = append(r.recorded, porcupine.Operation{
		ClientId: r.client, Input: input, Call: call, Output: output, Return: r.now(),
	})
}

// checkLinearizable runs small concurrent histories and fails the test at the
// first that is not linearizable. Before each, begin is called; then every one
// of 4 clients calls step 8 times.
func checkLinearizable(t *testing.T, model porcupine.Model, begin func(), step func(*rand.Rand, *recorder)) {
	t.Helper()
	const histories, clients, steps = 300, 4, 8
	t.Logf("seed %d", seed)
	for number := range uint64(histories) {
		begin()
		var clock atomic.Int64
		recorders := make([]*recorder, clients)
		var clientsDone sync.WaitGroup
		for client := range recorders {
			recorders[client] = &recorder{client: client, clock: &clock}
			clientsDone.Go(func() {
				random := rand.New(rand.NewPCG(seed, number*clients+uint64(client)))
				for range steps {
					step(random, recorders[client])
				}
			})
		}
		clientsDone.Wait()
		var history []porcupine.Operation
		for _, r := range recorders {
			history = append(history, r.recorded...)
		}
		switch porcupine.CheckOperationsTimeout(model, history, time.Minute) {
		case porcupine.Illegal:
			t.Fatalf("history %d is not linearizable: %+v", number, history)
		case porcupine.Unknown:
			t.Fatalf("history %d could not be decided", number)
		}
	}
}
