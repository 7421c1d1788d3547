package overlay

// tests: package testing works for a driver instead of running every test
// once. A session calls runTests again, so that each schedule gets a root T
// made by testing itself.
var tests = []Edit{
	{
		Name: "run-tests", File: "testing/testing.go",
		Reason: "the driver's jobs instead of one run",
		Old:    "	ok = true\n	for _, procs := range cpuList {\n		runtime.GOMAXPROCS(procs)\n		for i := uint(0); i < *count; i++ {\n			if shouldFailFast() {\n				break\n			}\n			if i > 0 && !ran {\n				// There were no tests",
		New: "	ok = true\n	if racebenchDriven() {\n		return racebenchServe(tests, matchString, func(tests []InternalTest) (ran, ok bool) {\n			return runTests(modulePath, importPath, matchString, tests, deadline)\n		})\n	}\n" +
			"	for _, procs := range cpuList {\n		runtime.GOMAXPROCS(procs)\n		for i := uint(0); i < *count; i++ {\n			if shouldFailFast() {\n				break\n			}\n			if i > 0 && !ran {\n				// There were no tests",
		First: 26,
	},
	{
		Name: "run-tests", File: "testing/testing.go",
		Reason: "the driver's jobs instead of one run",
		Old:    "	ok = true\n	for _, procs := range cpuList {\n		runtime.GOMAXPROCS(procs)\n		for i := uint(0); i < *count; i++ {\n			if shouldFailFast() {\n				break\n			}\n			if i > 0 && !ran {\n				// There were no tests",
		New: "	ok = true\n	if racebenchDriven() {\n		return racebenchServe(tests, matchString, func(tests []InternalTest) (ran, ok bool) {\n			return runTests(matchString, tests, deadline)\n		})\n	}\n" +
			"	for _, procs := range cpuList {\n		runtime.GOMAXPROCS(procs)\n		for i := uint(0); i < *count; i++ {\n			if shouldFailFast() {\n				break\n			}\n			if i > 0 && !ran {\n				// There were no tests",
		Last: 25,
	},
	{
		Name: "test-output", File: "testing/testing.go",
		Reason:  "what a test prints belongs to its schedule",
		Old:     `(\bsignal:\s+make\(chan bool, 1\),\n\s+barrier:\s+make\(chan bool\),\n\s+w:\s+)os\.Stdout,`,
		New:     "${1}racebenchWriter(),",
		Pattern: true,
	},
}
