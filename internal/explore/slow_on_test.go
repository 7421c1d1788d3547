//go:build slow

package explore

const slow = true
