package decode

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/customer"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// MaxIdentifiers is the greatest number of names one event may carry.
const MaxIdentifiers = 20

// readIdentifiers gathers what names the person, in order of priority.
func (w *Work) readIdentifiers(it *Item, o *Origin) *Fault {
	w.Event.Identifiers, w.Event.Alias = w.Event.Identifiers[:0], nil
	w.naming = naming{list: o.Rules.Placeholders, habits: o.Rules.Habits}
	for _, m := range []struct {
		typ, field string
		raw        []byte
	}{
		{customer.TypeUserID, "userId", it.userID},
		{"device_id", "context.device.id", it.deviceID},
		{customer.TypeAnonymousID, "anonymousId", it.anonymousID},
	} {
		if f := w.addIdentifier(m.typ, m.field, m.raw); f != nil {
			return f
		}
	}
	if f := w.addTraits(it); f != nil {
		return f
	}
	if f := w.addExternal(it.externalIDs); f != nil {
		return f
	}
	if w.Event.Type == eventv1.EventType_EVENT_TYPE_ALIAS {
		if f := w.addPrevious(it, o.Rules.Trusted); f != nil {
			return f
		}
	}
	if len(w.Event.Identifiers) == 0 {
		return w.naming.nobody()
	}
	slices.SortStableFunc(w.Event.Identifiers, func(a, b *eventv1.Identifier) int {
		return customer.CompareTypes(a.Type, b.Type)
	})
	return nil
}

// addTraits adds the e-mail and phone of the person's traits. The traits of a group
// call are the company's: its e-mail is nobody's name.
func (w *Work) addTraits(it *Item) *Fault {
	email, phone, own := it.email, it.phone, it.traits
	if present(it.personTraits) && len(own) == 0 {
		own = it.personTraits
	}
	if w.Event.Type == eventv1.EventType_EVENT_TYPE_GROUP {
		email, phone = nil, nil
	}
	for _, m := range []struct {
		typ, field  string
		raw, traits []byte
	}{
		{customer.TypeEmail, "traits.email", email, nil},
		{customer.TypeEmail, "context.traits.email", it.personEmail, nil},
		{customer.TypePhone, "traits.phone", phone, own},
		{customer.TypePhone, "context.traits.phone", it.personPhone, it.personTraits},
	} {
		if f := w.addTrait(m.typ, m.field, m.raw, m.traits); f != nil {
			return f
		}
	}
	return nil
}

// addExternal adds context.externalIds: those of the collection "users" and without an encoding.
func (w *Work) addExternal(raw []byte) *Fault {
	if !present(raw) {
		return nil
	}
	if raw[0] != '[' {
		return wrongType("context.externalIds", "an array", raw)
	}
	var f *Fault
	var s jsonscan.Scanner
	s.Reset(raw, 0, jsonscan.Limits{})
	err := s.Array(func() error {
		element, err := s.Skip()
		if err == nil && f == nil {
			f = w.addExternalID(element)
		}
		return err
	})
	if err != nil {
		return &Fault{ReasonInvalidJSON, "context.externalIds: " + err.Error()}
	}
	return f
}

func (w *Work) addExternalID(raw []byte) *Fault {
	const field = "context.externalIds"
	if raw[0] != '{' {
		return wrongType(field, "an array of objects", raw)
	}
	var value, typ, collection, encoding []byte
	var s jsonscan.Scanner
	s.Reset(raw, 0, jsonscan.Limits{})
	err := s.Object(func(key []byte) error {
		switch string(key) {
		case "id":
			return skipTo(&s, &value)
		case "type":
			return skipTo(&s, &typ)
		case "collection":
			return skipTo(&s, &collection)
		case "encoding":
			return skipTo(&s, &encoding)
		}
		return skipTo(&s, nil)
	})
	if err != nil {
		return &Fault{ReasonInvalidJSON, field + ": " + err.Error()}
	}
	name, f := Text(field+".type", typ)
	if f != nil {
		return f
	}
	if !absentOr(collection, "users") || !absentOr(encoding, "none") || name == "group_id" {
		return nil // it names a company, or cannot be compared with the plain value
	}
	if !validType(name) {
		return &Fault{ReasonBadIdentifier, fmt.Sprintf("%s.type %.40q is not lower snake case of 1 to 64 letters", field, name)}
	}
	return w.addIdentifier(name, field+".id", value)
}

// addIdentifier adds one name in its normal form, unless it is absent, names nobody
// or is there already.
func (w *Work) addIdentifier(typ, field string, raw []byte) *Fault {
	value, f := ID(field, raw)
	if f != nil {
		return f
	}
	return w.addValue(typ, field, value)
}

// addTrait adds a name found in traits. Traits are the sender's own: one that is no
// address or number stays a trait and is no reason to refuse the event.
//
// traits are where a telephone number's country may stand.
func (w *Work) addTrait(typ, field string, raw, traits []byte) *Fault {
	value, f := ID(field, raw)
	if f != nil || value == "" {
		return nil
	}
	habits := w.naming.habits
	if typ == customer.TypePhone {
		habits.Region = cmp.Or(countryIn(traits), habits.Region)
	}
	normal := habits.Normalise(typ, value)
	if w.strikes(typ, field, value) || w.strikes(typ, field, normal) || typ == customer.TypeEmail && !isAddress(normal) || typ == customer.TypePhone && digits(normal) < minPhoneDigits {
		return nil
	}
	return w.addNormal(typ, field, normal)
}

func (w *Work) addValue(typ, field, value string) *Fault {
	if strings.TrimSpace(value) == "" || w.strikes(typ, field, value) {
		return nil
	}
	return w.addNormal(typ, field, w.naming.habits.Normalise(typ, value))
}

func (w *Work) addNormal(typ, field, value string) *Fault {
	if value == "" {
		return nil
	}
	if len(value) > MaxID {
		return &Fault{ReasonTooLong, fmt.Sprintf("%s is longer than %d bytes", field, MaxID)}
	}
	for _, known := range w.Event.Identifiers {
		if known.Type == typ && known.Value == value {
			return nil
		}
	}
	n := len(w.Event.Identifiers)
	if n == MaxIdentifiers {
		return &Fault{ReasonBadIdentifier, fmt.Sprintf("the event has more than %d identifiers", MaxIdentifiers)}
	}
	if n == len(w.identifiers) {
		w.identifiers = append(w.identifiers, new(eventv1.Identifier))
	}
	w.identifiers[n].Type, w.identifiers[n].Value = typ, value
	w.Event.Identifiers = append(w.Event.Identifiers, w.identifiers[n])
	return nil
}

// isAddress tells an e-mail address from "n/a", "unknown" and the like, on which strangers would meet.
func isAddress(value string) bool {
	at := strings.LastIndexByte(value, '@')
	return at > 0 && at < len(value)-1
}

// minPhoneDigits is the least a telephone number has; fewer is an extension or a placeholder.
const minPhoneDigits = 5

func digits(value string) int {
	n := 0
	for _, c := range []byte(value) {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}

// absentOr says that a member is absent or this string.
func absentOr(raw []byte, want string) bool {
	return !present(raw) || (raw[0] == '"' && string(jsonscan.Text(raw)) == want)
}

// validType says that a name can be an identifier's type.
func validType(name string) bool {
	for i, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (i == 0 || ((c < '0' || c > '9') && c != '_')) {
			return false
		}
	}
	return name != "" && len(name) <= 64
}
