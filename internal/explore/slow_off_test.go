//go:build !slow

package explore

const slow = false
