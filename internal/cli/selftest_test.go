package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestMisspeltEntry: who misspells an entry is told which one that may have been.
func TestMisspeltEntry(t *testing.T) {
	for name, want := range map[string]string{
		"cache-chek-then-act":      `"cache-check-then-act"`,
		"fail/cache-check-thenact": `"fail/cache-check-then-act"`,
		"pas/counter-cas":          `"pass/counter-cas"`,
	} {
		_, err := selectEntries(&cobra.Command{Use: "selftest"}, []string{name})
		if err == nil || !strings.Contains(err.Error(), "did you mean "+want) {
			t.Errorf("%s: %v, want %s to be offered", name, err, want)
		}
	}
	if found, err := selectEntries(&cobra.Command{Use: "selftest"}, []string{"cache-check-then-act", "fail/cache-check-*"}); err != nil || len(found) != 1 {
		t.Errorf("named twice: %v, %v", found, err)
	}
}
