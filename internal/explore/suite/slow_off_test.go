//go:build !slow

package suite

const slow = false
