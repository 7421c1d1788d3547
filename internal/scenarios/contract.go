package scenarios

import (
	"slices"
	"strconv"

	"racebench/internal/scenarios/harness"
)

// Sentence is one numbered sentence of docs/contract.md and what checks it.
type Sentence struct {
	// Number is what the contract calls it, such as C11.
	Number string
	// Scenarios are the scenarios, gates and probes that check it.
	Scenarios []string
	// Rules are the static rules that check it.
	Rules []string
	// Unchecked says why nothing checks it, or a part of it, at run time.
	Unchecked string
}

// Sentences returns every sentence of the contract, in its order, with what
// checks it.
func Sentences() []Sentence {
	all := []Sentence{
		{Number: "G1"},
		{Number: "G2", Rules: []string{"RB1101"}, Unchecked: "not checkable at run time, because nothing says what a copy does"},
		{Number: "G3"},
		{Number: "G4"},
	}
	for _, group := range []struct {
		letter string
		n      int
	}{{"C", 15}, {"M", 6}, {"W", 13}, {"L", 4}} {
		for i := range group.n {
			all = append(all, Sentence{Number: group.letter + strconv.Itoa(i+1)})
		}
	}
	for i := range all {
		for _, list := range [][]harness.Scenario{All(), Gates(), Probes()} {
			for _, s := range list {
				if slices.Contains(s.Contract, all[i].Number) {
					all[i].Scenarios = append(all[i].Scenarios, s.Name)
				}
			}
		}
	}
	return all
}
