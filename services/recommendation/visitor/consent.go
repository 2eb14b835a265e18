package visitor

import (
	"strings"
	"unicode"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// word is what an event says of a profile.
type word uint8

const (
	unsaid word = iota
	allowed
	forbidden
)

// consent is how the words of clients are read.
type consent struct {
	purposes  map[string]bool
	byDefault bool
}

func newConsent(cfg Config) consent {
	c := consent{purposes: map[string]bool{}, byDefault: cfg.Unsaid == Allow}
	for _, p := range cfg.Purposes {
		c.purposes[strings.ToLower(p)] = true
	}
	return c
}

// of reads an event's. What is both granted and denied is denied, and so is all where the browser says that its user wants no profile (DNT, GPC).
func (c consent) of(e *eventv1.Event) word {
	said := e.GetConsent()
	switch {
	case said == nil:
		return unsaid
	case said.GetOptedOut(), c.names(said.GetDenied()):
		return forbidden
	case c.names(said.GetGranted()):
		return allowed
	}
	return unsaid
}

// names says whether one of the client's purposes has one of ours as a word.
func (c consent) names(purposes []string) bool {
	for _, p := range purposes {
		for _, w := range wordsOf(p) {
			if c.purposes[w] {
				return true
			}
		}
	}
	return false
}

func wordsOf(p string) []string {
	return strings.FieldsFunc(strings.ToLower(p), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// take notes what an event says, in the record. It gives the basis on which a touch of that moment may be kept, false where it may not.
func (c consent) take(r *record, said word, atMs int64) (basis int64, ok bool) {
	switch said {
	case allowed:
		r.grantMs, basis, ok = max(r.grantMs, atMs), atMs, true
	case forbidden:
		r.denyMs = max(r.denyMs, atMs)
		return 0, false
	default:
		switch {
		case r.denyMs == 0 && c.byDefault:
			return 0, true
		case r.grantMs > r.denyMs && r.grantMs <= atMs:
			basis, ok = r.grantMs, true
		}
	}
	return basis, ok && basis > r.denyMs
}
