// Package placeholder tells values that programs send in place of a name: a word for "nobody", a template that was not filled, the name
// of a variable, code, the id that every emulator has. Two people who "share" one would become one customer, and stay it. It decides by
// the value alone; what becomes of an event is the collector's business, and a value that nobody foresaw is identity's.
//
// Real names come first: a rule that could strike a name somebody has is left out, and what must not be struck is a test
// (TestRealNamesStay). What a workspace sees otherwise, it adds or removes.
package placeholder

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/freshet/freshet/pkg/customer"
)

// MessageID is the type under which an event's own id is looked up.
const MessageID = "message_id"

// List decides for one workspace. Nil is the default list. It never changes: many goroutines may use one.
type List struct {
	add, remove map[string]bool
}

// New makes a list: the default one, with the values of add and without those of remove. Both are compared as the default ones are:
// without case, surrounding blanks, quotes and brackets. A value in both is no placeholder.
func New(add, remove []string) *List {
	l := &List{add: map[string]bool{}, remove: map[string]bool{}}
	for _, v := range add {
		l.add[plain(v)] = true
	}
	for _, v := range remove {
		l.remove[plain(v)] = true
	}
	return l
}

// Strikes says that a value names nobody. typ is the identifier's type: an address and a telephone number have placeholders of their own.
func (l *List) Strikes(typ, value string) bool {
	if l != nil && len(l.add)+len(l.remove) > 0 {
		switch key := plain(value); {
		case l.remove[key]:
			return false
		case l.add[key]:
			return true
		}
	}
	if fine(typ, value) {
		return false
	}
	if struck, known := ordinary(typ, value); known {
		return struck
	}
	return strikes(typ, value)
}

// fine is the short way for what nearly every event carries, a UUID or a number: letters a to f, digits and dashes, at least six
// different ones of them, and not on a list.
func fine(typ, value string) bool {
	if typ == customer.TypeEmail || typ == customer.TypePhone || len(value) < 16 || shared[value] {
		return false
	}
	var seen uint32
	n := 0
	for _, c := range []byte(value) {
		var bit uint32
		switch {
		case c >= '0' && c <= '9':
			bit = 1 << (c - '0')
		case c >= 'a' && c <= 'f':
			bit = 1 << (c - 'a' + 10)
		case c == '-':
			continue
		default:
			return false
		}
		if seen&bit == 0 {
			seen |= bit
			n++
		}
	}
	return n >= 6 && !ascending(value)
}

func strikes(typ, value string) bool {
	text := fold(value)
	if template(text) || code(text) {
		return true
	}
	bare := unwrap(text)
	if typ == MessageID && tries[squeeze(bare)] {
		return false
	}
	if nothing(bare) || zero(bare) || shared[bare] || shared[squeeze(bare)] || wordy(bare) {
		return true
	}
	switch typ {
	case customer.TypeEmail:
		return email(bare)
	case customer.TypePhone:
		return phone(bare)
	}
	return repeated(bare, repeatsOf(typ)) || long(typ, squeeze(bare))
}

// plain is the form in which a workspace's own values are compared.
func plain(value string) string { return unwrap(fold(value)) }

// fold writes what looks the same the same way: full-width as narrow, dashes as "-", no invisible characters, lower case.
func fold(value string) string {
	ascii := true
	for i := range len(value) {
		ascii = ascii && value[i] < 0x80
	}
	if !ascii {
		value = strings.Map(func(r rune) rune {
			switch {
			case unicode.Is(unicode.Cf, r):
				return -1
			case unicode.Is(unicode.Pd, r), r == '−':
				return '-'
			}
			return r
		}, norm.NFKC.String(value))
	}
	return strings.TrimSpace(strings.ToLower(value))
}

// wrappers are what stands around a value that was quoted or bracketed once too often.
var wrappers = map[rune]rune{'"': '"', '\'': '\'', '`': '`', '(': ')', '[': ']', '{': '}', '<': '>', '“': '”', '‘': '’', '«': '»', '„': '“', '*': '*'}

// unwrap takes quotes and brackets off, however many, and backslashes before them.
func unwrap(text string) string {
	for {
		inner := strings.TrimSpace(strings.Trim(text, `\`))
		runes := []rune(inner)
		if n := len(runes); n >= 2 && wrappers[runes[0]] != 0 && wrappers[runes[0]] == runes[n-1] {
			inner = strings.TrimSpace(string(runes[1 : n-1]))
		}
		if inner == text {
			return text
		}
		text = inner
	}
}

// nothing says that there is neither a letter nor a digit nor a picture: "", "-", "?", "...".
func nothing(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsPunct(r) && !unicode.IsSpace(r) && !(unicode.IsSymbol(r) && r < 0x80)
	})
}

// squeeze takes out what words and groups of digits are separated by.
func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("_-./:·,", r) {
			return -1
		}
		return r
	}, text)
}
