// Package rule says what a static rule is: an analyzer together with its
// stable identity, its severity, and the page that explains it. Every rule has
// a folder of its own beside this one; package rules lists them all.
package rule

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"racebench/internal/result"
)

// Rule is one static rule over the sources of a component.
type Rule struct {
	// ID is the stable identity, such as "RB1001". IDs are never used again.
	ID string
	// Name is the readable identity in kebab case, such as "guarded-and-bare".
	Name string
	// Title is one line that says what the rule objects to.
	Title string
	// Severity is result.Error only for a rule that is silent on every right
	// fix and on the public modules of docs/rules/public-modules.md.
	Severity result.Severity
	// Kind of the findings: result.Static, or result.LockOrder.
	Kind result.Kind
	// Potential marks findings that say what can happen and not what must.
	Potential bool
	// Contract lists the sentences of docs/contract.md that the rule watches.
	Contract []string
	// Doc is the page in Markdown, without the examples.
	Doc string
	// Wrong and Right are complete Go files: the rule speaks about the first,
	// at the lines marked "want", and no rule speaks about the second.
	Wrong, Right string
	// Analyzer reports the findings. The related information of a diagnostic
	// becomes the further positions of the finding.
	Analyzer *analysis.Analyzer
}

// Page is the published explanation of the rule in Markdown: what it objects
// to, a wrong and a right example.
func (r Rule) Page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s %s: %s\n\n", r.ID, r.Name, r.Title)
	fmt.Fprintf(&b, "Severity: %s.", r.Severity)
	if len(r.Contract) > 0 {
		fmt.Fprintf(&b, " Contract: %s.", strings.Join(r.Contract, ", "))
	}
	fmt.Fprintf(&b, "\n\n%s\n\n## Wrong\n\n```go\n%s```\n\n## Right\n\n```go\n%s```\n",
		strings.TrimSpace(r.Doc), body(r.Wrong), body(r.Right))
	return b.String()
}

// Examples are Wrong and Right as people read them.
func (r Rule) Examples() (wrong, right string) { return body(r.Wrong), body(r.Right) }

// body is an example without its package clause. The marks that its test reads
// say to people where the rule speaks.
func body(src string) string {
	var b strings.Builder
	started := false
	for line := range strings.Lines(src) {
		if !started {
			started = strings.HasPrefix(line, "package ")
			continue
		}
		if at := strings.Index(line, " // want"); at >= 0 {
			line = strings.TrimRight(line[:at], " \t") + " // reported\n"
		}
		b.WriteString(line)
	}
	return strings.TrimSpace(b.String()) + "\n"
}
