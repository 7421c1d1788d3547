// Package suite holds nothing but tests: small bugs and their right twins in
// testdata/bugs, what is expected of an exploration of each, and the measurements
// of docs/explore-suite.md.
//
// With the build tag slow the tests use the numbers that the documentation
// states (20 seeds, 20 000 schedules, 50 processes); without it a few of each.
package suite
