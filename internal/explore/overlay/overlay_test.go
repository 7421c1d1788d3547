package overlay

import (
	"os/exec"
	"strings"
	"testing"
)

func TestAnchorsOfInstalledToolchain(t *testing.T) {
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	goroot, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	for _, race := range []bool{false, true} {
		if _, err := Apply(goroot, version, race); err != nil {
			t.Errorf("race=%v: %v", race, err)
		}
	}
}
