package words

import (
	"strings"
	"unicode"

	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// longest is how many characters of a name are told.
const longest = 80

// Clean makes a stranger's text fit for the middle of a sentence: one line, no control or formatting characters, at most 80 characters.
func Clean(s string) string {
	if s = strings.TrimSpace(s); isClean(s) {
		return s
	}
	return clean(s)
}

// isClean says of most texts that they are as clean makes them, which needs no memory; false says nothing.
func isClean(s string) bool {
	if len(s) > longest {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == ' ' && s[i-1] == ' ' { // the first one is no blank
			return false
		}
	}
	return true
}

func clean(s string) string {
	var b strings.Builder
	b.Grow(min(len(s), 4*longest))
	n, gap := 0, false
	for _, r := range s {
		if n >= longest {
			return b.String() + "…"
		}
		switch {
		case unicode.IsSpace(r):
			gap = n > 0
			continue
		case r == unicode.ReplacementChar || !unicode.IsGraphic(r):
			continue
		}
		if gap {
			b.WriteByte(' ')
			n++
		}
		gap = false
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// Name is what people call an item: its name, else its id.
func Name(i *catalogue.Item) string {
	if i == nil {
		return ""
	}
	if name := Clean(i.Proto.GetName()); name != "" {
		return name
	}
	return Clean(i.ID)
}
