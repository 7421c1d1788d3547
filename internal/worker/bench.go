package worker

import (
	"fmt"

	"racebench/internal/protocol"
)

func bench(q protocol.Bench) (protocol.BenchDone, error) {
	return protocol.BenchDone{}, fmt.Errorf("no workload %q", q.Workload)
}
