package customer

import (
	"cmp"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// The identifier types that have a meaning of their own; any other lower snake
// case name is allowed too.
const (
	TypeUserID      = "user_id"
	TypeEmail       = "email"
	TypePhone       = "phone"
	TypeAnonymousID = "anonymous_id"
)

// Normalise returns the one way an identifier's value is written: without
// blanks around it; e-mail addresses in lower case; phone numbers that begin with
// "+" as E.164 ("+44 20 7946 0018" becomes "+442079460018"). A number without "+"
// stays as it is, since its country is not known, and so does one with an
// extension or that no country gives out. Normalising twice changes nothing.
func Normalise(typ, value string) string {
	value = strings.TrimSpace(value)
	switch {
	case typ == TypeEmail:
		return strings.ToLower(value)
	case typ == TypePhone && strings.HasPrefix(value, "+"):
		return normalisePhone(value)
	}
	return value
}

// normalisePhone leaves numbers that no country gives out alone: what is left
// out of them when they are written as E.164 depends on how they were written.
func normalisePhone(value string) string {
	n, err := phonenumbers.Parse(value, "")
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsValidNumber(n) {
		return value
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// CompareTypes orders identifier types by how far they are trusted to name a
// person: user_id, email, phone, the others in alphabetical order, anonymous_id
// last. Negative when a is trusted more.
func CompareTypes(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

func rank(typ string) int {
	switch typ {
	case TypeUserID:
		return 0
	case TypeEmail:
		return 1
	case TypePhone:
		return 2
	case TypeAnonymousID:
		return 4
	}
	return 3
}

// blocked are values that programs send when they know nobody.
var blocked = map[string]bool{
	"-1": true, "null": true, "anonymous": true, "undefined": true, "none": true, "nan": true, "[object object]": true,
	"not_authenticated": true, "guest": true, "true": true, "false": true,
}

// Blocked says whether a value names nobody: blank, only zeros and dashes, or a
// word that programs send in place of an id ("null", "undefined", "guest", ...),
// in any case. Linking on one would merge strangers.
func Blocked(value string) bool {
	value = strings.TrimSpace(value)
	return strings.Trim(value, "0-") == "" || blocked[strings.ToLower(value)]
}
