package scenarios

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"racebench/internal/scenarios/harness"
)

// TestSentences keeps contract, table and scenarios together: every sentence of
// docs/contract.md has a scenario, a static rule, or a reason; nothing names a
// sentence that does not exist.
func TestSentences(t *testing.T) {
	text, err := os.ReadFile("../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, m := range regexp.MustCompile(`\*\*([GCMWL][0-9]+)\*\*`).FindAllStringSubmatch(string(text), -1) {
		want = append(want, m[1])
	}
	for _, s := range Sentences() {
		got = append(got, s.Number)
		if len(s.Scenarios) == 0 && len(s.Rules) == 0 && s.Unchecked == "" {
			t.Errorf("nothing checks %s, and nothing says why", s.Number)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if len(want) == 0 || !slices.Equal(want, got) {
		t.Errorf("the contract has the sentences\n%v\nthe table has\n%v", want, got)
	}
	for _, list := range [][]harness.Scenario{All(), Gates(), Probes()} {
		for _, s := range list {
			for _, number := range s.Contract {
				if !slices.Contains(want, number) {
					t.Errorf("%s checks %s, which does not exist", s.Name, number)
				}
			}
		}
	}
}

// TestScenarioTexts checks that every scenario can be listed and found.
func TestScenarioTexts(t *testing.T) {
	perComponent := map[string]int{}
	names := map[string]bool{}
	for _, list := range [][]harness.Scenario{All(), Gates(), Probes()} {
		for _, s := range list {
			if names[s.Name] || s.Doc == "" || len(s.Contract) == 0 || s.Run == nil {
				t.Errorf("%q is incomplete or not unique", s.Name)
			}
			names[s.Name] = true
			if found, ok := Find(s.Name); !ok || found.Name != s.Name {
				t.Errorf("%q is not found", s.Name)
			}
		}
	}
	for _, s := range All() {
		perComponent[s.Component]++
	}
	for _, c := range []string{harness.Cache, harness.Counter, harness.WorkerPool} {
		if perComponent[c] < 8 {
			t.Errorf("%s has %d scenarios, want at least 8", c, perComponent[c])
		}
	}
	if _, ok := Find("cache/none"); ok {
		t.Error("a scenario was found that does not exist")
	}
}
