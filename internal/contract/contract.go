// Package contract knows the numbered sentences of docs/contract.md, by which
// scenarios judge and which findings name.
package contract

import (
	"regexp"
	"strings"
	"sync"

	"racebench"
)

// number is how the document marks a sentence.
var number = regexp.MustCompile(`\*\*([A-Z]\d+)\*\*`)

// Sentence returns the text of a sentence, such as that of "C11", on one line,
// and whether there is such a one.
func Sentence(name string) (string, bool) {
	text, ok := sentences()[name]
	return text, ok
}

// sentences are the texts by number. One goes from its number to the next, or to
// the end of its paragraph or list item.
var sentences = sync.OnceValue(func() map[string]string {
	texts := make(map[string]string)
	text := racebench.Contract()
	marks := number.FindAllStringSubmatchIndex(text, -1)
	for i, mark := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		sentence := text[mark[1]:end]
		for _, stop := range []string{"\n\n", "\n- "} {
			sentence, _, _ = strings.Cut(sentence, stop)
		}
		texts[text[mark[2]:mark[3]]] = strings.Join(strings.Fields(sentence), " ")
	}
	return texts
})
