package scenarios

// Gates returns the one-goroutine scenarios of the gate.
func Gates() []Scenario { return nil }

// Probes returns the probes of over-locking, L1 to L4.
func Probes() []Scenario { return nil }
