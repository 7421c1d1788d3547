# The commands that people and CI use. Everything works with Go alone; a C
# compiler adds the race detector.

.PHONY: build test lint verify selftest slow schema bench

build:
	go build -o racebench ./cmd/racebench

test:
	go test ./...

verify:
	verification/verify.sh

# The tools are pinned here and fetched by the go command.
GOFUMPT     = go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = go run golang.org/x/vuln/cmd/govulncheck@v1.9.0

lint:
	@files=$$(git ls-files '*.go' | grep -v -e /testdata/ -e ^testdata/); \
	out=$$($(GOFUMPT) -l $$files); \
	if [ -n "$$out" ]; then echo "gofumpt would change:"; echo "$$out"; exit 1; fi
	go vet ./...
	$(STATICCHECK) ./...
	@$(GOVULNCHECK) ./... || { code=$$?; \
	if [ $$code -eq 3 ]; then exit 3; fi; \
	echo "SKIP govulncheck: the vulnerability database cannot be reached"; }

# The corpus of wrong, right and hostile fixes, judged without timing.
selftest:
	go run ./cmd/racebench selftest --quick

# What takes longer than CI may: the whole corpus with timing and renamed
# identifiers, and the slow tests.
slow:
	go test -tags slow -timeout 4h ./...
	go run ./cmd/racebench selftest
	go run ./cmd/racebench selftest --mangle

# The components beside public peers.
bench:
	cd bench && go run .
