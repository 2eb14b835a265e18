package content

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	// longestWord is the longest word, in bytes; longer ones are codes of no use.
	longestWord = 40
	// mostWords is how many different words of an item count.
	mostWords = 128
)

// words calls add for each word of a text, in one form: without the case, and compatible characters as one. Scripts without blanks give each pair of neighbours, or a
// character that stands alone. Tags of HTML are left out.
func words(text string, add func(word string)) {
	var word []rune
	joined := false // the run is of a script without blanks
	end := func() {
		switch {
		case len(word) == 0:
		case joined && len(word) == 1:
			add(string(word))
		case joined:
			for i := range len(word) - 1 {
				add(string(word[i : i+2]))
			}
		case len(word) > 1 || unicode.IsDigit(word[0]):
			if w := string(word); len(w) <= longestWord {
				add(w)
			}
		}
		word = word[:0]
	}
	tag := false
	for _, r := range norm.NFKC.String(text) {
		switch {
		case tag:
			tag = r != '>'
		case r == '<' && strings.Contains(text, ">"):
			end()
			tag = true
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r):
			end()
		default:
			if is := r > 0x2E7F && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana); is != joined {
				end()
				joined = is
			}
			word = append(word, unicode.ToLower(r))
		}
	}
	end()
}
