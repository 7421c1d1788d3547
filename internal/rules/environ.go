package rules

import "os"

// environ is the only place in this package that reads the process's
// environment.
func environ() []string { return os.Environ() }
