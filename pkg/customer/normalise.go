package customer

import (
	"strings"
	"unicode"
)

// Habits are how people write where an event comes from. The zero value knows nothing of them.
type Habits struct {
	// Region is the country whose telephone numbers are written without a country code, ISO 3166-1 alpha-2 in capitals. Empty: not known.
	Region string
	// DropPlus takes everything from a plus sign on out of an e-mail address's local part.
	DropPlus bool
}

// Normalise returns the one way an identifier's value is written, for a reader who knows no habits: a request that names somebody.
func Normalise(typ, value string) string { return Habits{}.Normalise(typ, value) }

// Normalise returns the one way an identifier's value is written: without blanks around it; e-mail addresses as mail servers compare
// them; telephone numbers as E.164 where they can be told, else as their digits. Normalising twice changes nothing, and neither does
// normalising without habits what was normalised with some: a look-up by a stored value finds it.
func (h Habits) Normalise(typ, value string) string {
	if value = strings.TrimSpace(value); len(value) > longest {
		return value
	}
	once := strings.TrimSpace
	switch typ {
	case TypeEmail:
		once = h.email
	case TypePhone:
		once = h.phone
	}
	for range layers {
		before := value
		if value = once(value); value == before {
			break
		}
	}
	return value
}

// longest is how long a value may be to be read, in bytes: an identifier has at most 255 in the end. A longer one is only trimmed.
const longest = 1024

// layers bounds how often something may be wrapped around a value: a quoted, bracketed, quoted address.
const layers = 8

// visible takes out what nobody sees: zero-width and direction marks, soft hyphens, byte order marks, control characters.
func visible(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\u00ad' || r == '\u034f' || r == '\u115f' || r == '\u3164' || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || r < ' ' && r != '\t' {
			return -1
		}
		return r
	}, s))
}
