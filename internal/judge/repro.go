package judge

import (
	"fmt"
	"strings"

	"racebench/internal/result"
)

// reproIterations is how often a repro repeats: the first iteration has the
// very seed, the others make up for what the operating system's scheduler does
// not repeat.
const reproIterations = 100

// reproCommand is the command that shows a finding of the hammer again.
func reproCommand(dir, scenario string, it result.Iteration, withoutNoise bool) string {
	args := []string{"racebench", "run", shellWord(scenario), fmt.Sprintf("--seed=%d", it.Seed), fmt.Sprintf("--iterations=%d", reproIterations)}
	if it.Race {
		args = append(args, "--race=on")
	} else {
		args = append(args, "--race=off")
	}
	if it.Bare || withoutNoise {
		args = append(args, "--noise=off")
	}
	if dir != "" {
		args = append(args, "--candidate="+shellWord(dir))
	}
	return strings.Join(args, " ")
}

// exploreCommand is the command that shows a finding of the controlled schedules
// again, with the very schedule.
func exploreCommand(dir, scenario string, seed uint64) string {
	args := []string{"racebench", "run", shellWord(scenario), "--explore", fmt.Sprintf("--seed=%d", seed)}
	if dir != "" {
		args = append(args, "--candidate="+shellWord(dir))
	}
	return strings.Join(args, " ")
}

// scoreCommand is the command that shows everything else again.
func scoreCommand(dir string, seed uint64) string {
	cmd := "racebench score"
	if dir != "" {
		cmd += " " + shellWord(dir)
	}
	return fmt.Sprintf("%s --seed=%d", cmd, seed)
}

// shellWord quotes s for a POSIX shell where it needs it.
func shellWord(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@+,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
