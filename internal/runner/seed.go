package runner

import "hash/fnv"

// IterationSeed is the seed of the i-th iteration of a run. The first is the
// run's own, so that a run of one iteration with an iteration's seed repeats
// that iteration.
func IterationSeed(seed uint64, i int) uint64 {
	if i == 0 {
		return seed
	}
	return mix(seed + uint64(i)*0x9e3779b97f4a7c15)
}

// ScenarioSeed is the seed of one scenario in an iteration. It depends on no
// other scenario, so that one run alone sees the same.
func ScenarioSeed(iteration uint64, name string) uint64 {
	h := fnv.New64a()
	// Writing to a hash never fails.
	_, _ = h.Write([]byte(name))
	return mix(iteration ^ h.Sum64())
}

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
