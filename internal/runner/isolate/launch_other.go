//go:build !linux

package isolate

import (
	"encoding/json"
	"os"
	"syscall"
)

// Main is the launcher. Where there is no Linux it has nothing to restrict the
// worker with, says so, and executes it.
func Main(args []string) int {
	var spec Spec
	if len(args) != 1 || json.Unmarshal([]byte(args[0]), &spec) != nil {
		return 125
	}
	syscall.CloseOnExec(spec.Status)
	status := json.NewEncoder(os.NewFile(uintptr(spec.Status), "status"))
	err := os.Chdir(spec.Dir)
	if err == nil {
		err = status.Encode(Status{Measures: []Measure{{Name: "isolation", Detail: "only on Linux"}}})
	}
	if err == nil {
		err = syscall.Exec(spec.Binary, append([]string{spec.Binary}, spec.Args...), spec.Env)
	}
	if e := status.Encode(Status{Error: err.Error()}); e != nil {
		return 126
	}
	return 125
}
