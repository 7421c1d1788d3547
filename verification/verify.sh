#!/usr/bin/env bash
# verify.sh [DIR]: judge the fix in DIR, or the built-in components.
#
# stdout gets one JSON object whose first keys are score, max_score, status and
# message; stderr gets the log; the exit code carries the verdict: 0 pass, 1 not
# passed, 3 inconclusive, 130 interrupted. All judging is done by racebench: this
# script only finds or builds it, and says so in the same form where it cannot.
set -u

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d) || exit 3
trap 'rm -rf -- "$work"' EXIT

inconclusive() {
	printf '{"score": null, "max_score": 100, "status": "inconclusive", "message": "%s"}\n' "$1"
	exit 3
}

if [ "$#" -gt 1 ]; then
	echo "usage: verify.sh [DIR]" >&2
	inconclusive "usage: verify.sh [DIR]"
fi

racebench=${RACEBENCH:-}
if [ -z "$racebench" ]; then
	if ! command -v go >/dev/null 2>&1; then
		echo "verify: the go command is not in PATH" >&2
		inconclusive "the go command is not in PATH, so racebench cannot be built"
	fi
	racebench=$work/racebench
	if ! (cd -- "$root" && go build -o "$racebench" ./cmd/racebench) >&2; then
		inconclusive "racebench does not build; see the log on stderr"
	fi
fi

"$racebench" score --format json "$@" >"$work/score.json"
code=$?
if [ -s "$work/score.json" ]; then
	cat -- "$work/score.json"
	exit "$code"
fi
# Nothing was judged: wrong usage, or racebench failed; its log says which.
case $code in
2) inconclusive "racebench refused its arguments; see the log on stderr" ;;
130) inconclusive "interrupted before anything was judged" ;;
*) inconclusive "racebench failed with exit code $code; see the log on stderr" ;;
esac
