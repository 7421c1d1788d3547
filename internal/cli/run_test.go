package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestFolderNamesStayOnOneLine: the name of a candidate's folder is somebody
// else's text, and stands in every report.
func TestFolderNamesStayOnOneLine(t *testing.T) {
	_, err := loadCandidate(&cobra.Command{Use: "score"}, "fix\n::error::forged")
	if err == nil {
		t.Fatal("accepted")
	}
	if text := err.Error(); strings.Contains(text, "\n:") || !strings.Contains(text, `fix\n::error::forged`) || !strings.Contains(text, "rename it") {
		t.Errorf("says %q", text)
	}
}

// TestWhoStandsInTheirFixMeansIt: without a name, the current folder is judged
// where it is a candidate.
func TestWhoStandsInTheirFixMeansIt(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, folder := range []string{"cache", "counter", "workerpool"} {
		if got := orHere(""); got != "" {
			t.Errorf("before there is a folder %s: %q, want the built-in components", folder, got)
		}
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got := orHere(""); got != "." {
		t.Errorf("in a candidate: %q, want the current folder", got)
	}
	if got := orHere("other"); got != "other" {
		t.Errorf("another was named: %q", got)
	}
}
