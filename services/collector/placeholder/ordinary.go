package placeholder

import (
	"unsafe"

	"github.com/freshet/freshet/pkg/customer"
)

// maxOrdinary is the longest value that ordinary judges, in bytes.
const maxOrdinary = 64

// ordinary judges what most ids are made of, letters and digits of ASCII with dashes, underscores and colons between them, and takes no memory
// for it: every event has several. known is false for a value of another kind; then only strikes can tell. It says what strikes would
// (TestOrdinaryValuesAreJudgedAlike).
func ordinary(typ, value string) (struck, known bool) {
	if typ == customer.TypeEmail || typ == customer.TypePhone || value == "" || len(value) > maxOrdinary {
		return false, false
	}
	var low, bare [maxOrdinary]byte
	n := 0
	for i, c := range []byte(value) {
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		case i > 0 && i < len(value)-1 && separates(c):
			low[i] = c
			continue
		default:
			return false, false
		}
		low[i], bare[n] = c, c
		n++
	}
	if low[0] == '0' || low[0] == 'i' { // zeros in many writings, infinity
		return false, false
	}
	text, squeezed := unsafe.String(&low[0], len(value)), unsafe.String(&bare[0], n)
	if typ == MessageID && tries[squeezed] {
		return false, true
	}
	return n <= longest && (listed(text) || n < len(text) && listed(squeezed)) || n < len(text) && voidParts(text) ||
		oneCharacter(squeezed, repeatsOf(typ)) || long(typ, squeezed), true
}

// longest is at least the length of the longest value on a list, without separators.
const longest = 40

// listed says that a value as a whole is nobody's.
func listed(text string) bool { return shared[text] || words[text] }

func separates(c byte) bool { return c == '-' || c == '_' || c == ':' }

// voidParts says that a value of several words is one for nobody, as wordy does.
func voidParts(text string) bool {
	parts, said := 0, false
	for from := 0; from < len(text); {
		to := from
		for to < len(text) && !separates(text[to]) {
			to++
		}
		if part := text[from:to]; part != "" {
			parts++
			switch {
			case void[part]:
				said = true
			case !words[part] && !fillers[part]:
				return false
			}
		}
		from = to + 1
	}
	return said && parts > 1
}

// oneCharacter is repeated for text without separators.
func oneCharacter(text string, n int) bool {
	for i := range len(text) {
		if text[i] != text[0] {
			return false
		}
	}
	if text[0] > '9' {
		n = 3
	}
	return len(text) >= n
}
