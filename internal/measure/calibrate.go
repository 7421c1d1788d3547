package measure

import "time"

// OwnWork is what a caller does by itself between two operations. Without it a
// workload would be nothing but calls, and measure the bare cost of a lock in a
// way that no program ever sees.
const OwnWork = time.Microsecond

// Calibrate returns the number of rounds of spin that take OwnWork on this
// machine, at least one. It takes some milliseconds. The shortest of several
// attempts counts, since another process can only make them longer.
func Calibrate(spin func(rounds int)) int {
	const attempts, enough = 25, 200 * OwnWork
	for rounds := 64; ; rounds *= 2 {
		var shortest time.Duration
		for attempt := range attempts {
			start := time.Now()
			spin(rounds)
			if took := time.Since(start); attempt == 0 || took < shortest {
				shortest = took
			}
		}
		if shortest >= enough {
			return max(1, int(int64(rounds)*int64(OwnWork)/int64(shortest)))
		}
	}
}
