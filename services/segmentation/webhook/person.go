package webhook

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/freshet/freshet/pkg/customer"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// What of a customer's names an endpoint gets.
const (
	// IdentityNone is nothing but the customer's id.
	IdentityNone = "none"
	// IdentityIDs are the names that the company itself gave: user ids, card numbers, ids of other systems, of devices and browsers. E-mail
	// addresses and telephone numbers stay here, under whatever type they came.
	IdentityIDs = "ids"
	// IdentityMasked adds e-mail addresses and telephone numbers, of which most is hidden.
	IdentityMasked = "masked"
	// IdentityClear is everything.
	IdentityClear = "clear"
)

// maxIdentifiers is how many names an alert carries. A customer has at most 1,000.
const maxIdentifiers = 100

// identifier is one name as the endpoint gets it.
type identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// person is who an alert is about, as far as an endpoint may know.
type person struct {
	identifiers []identifier
	// complete says that these are all that the endpoint is configured to get.
	complete bool
}

// personOf picks of a customer's names what identity allows, the best first: user ids, addresses, numbers, other ids, anonymous ids; the
// latest linked first within a type.
func personOf(names []*eventv1.Identifier, identity string) *person {
	p := &person{identifiers: []identifier{}, complete: true}
	ordered := slices.Clone(names)
	slices.Reverse(ordered)
	slices.SortStableFunc(ordered, func(a, b *eventv1.Identifier) int { return customer.CompareTypes(a.GetType(), b.GetType()) })
	for _, n := range ordered {
		value, ok := show(n, identity)
		if !ok {
			continue
		}
		if len(p.identifiers) == maxIdentifiers {
			p.complete = false
			break
		}
		p.identifiers = append(p.identifiers, identifier{n.GetType(), value})
	}
	return p
}

// show is a name as an endpoint of this identity gets it; ok is false when it gets none.
//
// A user id is the company's own, and is what a receiver knows people by: it is shown as it is, also where a company has addresses as
// user ids. docs/alerts.md says so.
func show(n *eventv1.Identifier, identity string) (value string, ok bool) {
	value = n.GetValue()
	mask := maskFor(n.GetType(), value)
	switch {
	case identity == IdentityClear, mask == nil:
		return value, true
	case identity == IdentityMasked:
		return mask(value), true
	}
	return "", false
}

// maskFor tells what reaches a person from what only names one: by its type, or, since the type is the sender's word, by its form. Nil for
// an id.
func maskFor(typ, value string) func(string) string {
	switch {
	case typ == customer.TypeUserID:
		return nil
	case strings.Contains(value, "@"):
		return maskEmail
	case typ == customer.TypePhone, isNumber(value):
		return maskPhone
	case strings.Contains(typ, "mail"), strings.Contains(typ, "phone"), strings.Contains(typ, "mobile"), strings.Contains(typ, "msisdn"),
		strings.Contains(typ, "whatsapp"), typ == "tel", typ == "sms", typ == "cell":
		return maskAll
	}
	return nil
}

// isNumber says that a value is written as an international telephone number.
func isNumber(value string) bool {
	rest, ok := strings.CutPrefix(value, "+")
	digits := 0
	for _, r := range rest {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune(" -.()/\u00a0", r):
			return false
		}
	}
	return ok && digits >= 7
}

const hidden = "***"

// maskEmail keeps the first letter and the domain: a***@example.com. One letter alone is hidden too.
func maskEmail(value string) string {
	at := strings.LastIndexByte(value, '@')
	local, domain := value[:at], value[at:]
	if utf8.RuneCountInString(local) < 2 {
		return hidden + domain
	}
	_, first := utf8.DecodeRuneInString(local)
	return local[:first] + hidden + domain
}

// maskPhone keeps the country, or its beginning, and the last four digits: +49***1234. Of a number without a country the last two, of a
// short one nothing.
func maskPhone(value string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, value)
	switch {
	case len(digits) < 7:
		return hidden
	case strings.HasPrefix(value, "+") && len(digits) >= 9:
		return "+" + digits[:2] + hidden + digits[len(digits)-4:]
	default:
		return hidden + digits[len(digits)-2:]
	}
}

func maskAll(string) string { return hidden }
