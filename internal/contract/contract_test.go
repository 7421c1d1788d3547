package contract

import (
	"strings"
	"testing"

	"racebench/internal/scenarios"
)

// TestEverySentenceThatIsCheckedHasAText: what a finding names can be shown.
func TestEverySentenceThatIsCheckedHasAText(t *testing.T) {
	for _, s := range scenarios.Sentences() {
		text, ok := Sentence(s.Number)
		if !ok || len(text) < 20 || !strings.HasSuffix(text, ".") || strings.Contains(text, "**") {
			t.Errorf("%s: %q", s.Number, text)
		}
	}
	if _, ok := Sentence("C99"); ok {
		t.Error("there is a C99")
	}
}
