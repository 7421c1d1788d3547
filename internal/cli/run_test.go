package cli

import (
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
