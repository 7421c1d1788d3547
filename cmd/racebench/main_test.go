package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"racebench/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"racebench": func() { os.Exit(cli.Main(os.Args, cli.OS())) },
	})
}

// TestScripts runs the command line as users do: one script for each behaviour,
// with arguments, exit codes, stdout and stderr apart.
func TestScripts(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			// Workers are cached by content, so the scripts share them with
			// every other run on this machine.
			env.Setenv("XDG_CACHE_HOME", cache)
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode": exitCode,
			"json":     jsonField,
			"jsonsame": jsonSame,
		},
		RequireExplicitExec: true,
	})
}
