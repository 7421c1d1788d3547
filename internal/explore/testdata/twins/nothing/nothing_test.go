// Package nothing has a TestMain that gives up.
package nothing

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(*testing.M) {
	fmt.Println("no database here")
	os.Exit(0)
}

func TestNothing(*testing.T) {}
