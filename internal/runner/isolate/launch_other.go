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
	syscall.CloseOnExec(statusFD)
	status := json.NewEncoder(os.NewFile(statusFD, "status"))
	var spec Spec
	err := json.Unmarshal([]byte(args[0]), &spec)
	if err == nil {
		err = os.Chdir(spec.Dir)
	}
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
