package explore

import "testing"

func TestFailMessage(t *testing.T) {
	for _, tt := range []struct{ name, output, want string }{
		{"nothing", "--- FAIL: TestX (0.00s)\n", "the test fails"},
		{"plain", "--- FAIL: TestX (0.00s)\n    x_test.go:16: 1, want 2\n    x_test.go:17: more\n", "x_test.go:16: 1, want 2"},
		{"logs before", "--- FAIL: TestX (0.00s)\n    log.go:188: started\n    x_test.go:9: no leader\n", "x_test.go:9: no leader"},
		{"only a helper", "--- FAIL: TestX (0.00s)\n    assert.go:20: not equal\n", "assert.go:20: not equal"},
		{
			"testify",
			"--- FAIL: TestX (0.00s)\n    x_test.go:97: \n        \tError Trace:\t/x_test.go:97\n        \tError:      \tShould be true\n        \tTest:       \tTestX\n",
			"x_test.go:97: Should be true",
		},
		{
			"testify values",
			"    x_test.go:97: \n        \tError:      \tNot equal: \n        \t            \texpected: 1\n        \t            \tactual  : 2\n",
			"x_test.go:97: Not equal: expected: 1 actual : 2",
		},
		{"empty, then another", "    x_test.go:5: \n    x_test.go:6: Error: late\n", "x_test.go:5:"},
	} {
		if got := failMessage(tt.output); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
