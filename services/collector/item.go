package collector

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// item is one event of a request, found but not yet judged: every field is the raw
// JSON of a member, nil when absent. It aliases the request's body.
type item struct {
	raw    []byte
	length int    // bytes it takes in the body
	fault  *fault // set when the item is no readable JSON object
	id     string // its messageId once encoded: a view of raw

	sentMS, receivedMS int64 // of an event that came alone in a stream; 0 means as the request says

	typ, event, name, category, channel              []byte
	userID, anonymousID, previousID, groupID         []byte
	messageID, timestamp, original, sentAt, writeKey []byte
	context, integrations, properties, traits        []byte
	email, phone                                     []byte // of traits
	personTraits, personEmail, personPhone           []byte // of context.traits
	deviceID, externalIDs                            []byte // of context
	hints                                            enrich.Hints
}

// scan walks the object at the scanner's position.
func (it *item) scan(s *jsonscan.Scanner) error {
	s.Peek()
	start := s.Offset()
	err := s.Object(func(key []byte) error {
		switch string(key) {
		case "context":
			return it.scanContext(s)
		case "traits":
			return scanPerson(s, &it.traits, &it.email, &it.phone)
		}
		return skipTo(s, it.member(key))
	})
	it.raw = s.Since(start)
	return err
}

// member is where the value of a top-level key goes; nil when nobody needs it.
func (it *item) member(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &it.typ
	case "event":
		return &it.event
	case "name":
		return &it.name
	case "category":
		return &it.category
	case "channel":
		return &it.channel
	case "userId":
		return &it.userID
	case "anonymousId":
		return &it.anonymousID
	case "previousId":
		return &it.previousID
	case "groupId":
		return &it.groupID
	case "messageId":
		return &it.messageID
	case "timestamp":
		return &it.timestamp
	case "originalTimestamp":
		return &it.original
	case "sentAt":
		return &it.sentAt
	case "writeKey":
		return &it.writeKey
	case "integrations":
		return &it.integrations
	case "properties":
		return &it.properties
	}
	return nil
}

// scanContext notes the context and, in the same walk, what in it names the person.
func (it *item) scanContext(s *jsonscan.Scanner) error {
	if s.Peek() != '{' {
		return skipTo(s, &it.context)
	}
	start := s.Offset()
	it.hints.Start(s)
	err := s.Object(func(key []byte) error {
		switch string(key) {
		case "traits":
			return scanPerson(s, &it.personTraits, &it.personEmail, &it.personPhone)
		case "externalIds":
			return skipTo(s, &it.externalIDs)
		case "device":
			if s.Peek() != '{' {
				return skipTo(s, nil)
			}
			return s.Object(func(key []byte) error {
				if string(key) == "id" {
					return skipTo(s, &it.deviceID)
				}
				return it.hints.Device(s, key)
			})
		}
		return it.hints.Member(s, key)
	})
	it.context = s.Since(start)
	return err
}

// scanPerson notes an object of traits, and the e-mail and phone in it.
func scanPerson(s *jsonscan.Scanner, traits, email, phone *[]byte) error {
	if s.Peek() != '{' {
		return skipTo(s, traits)
	}
	start := s.Offset()
	err := s.Object(func(key []byte) error {
		switch string(key) {
		case "email":
			return skipTo(s, email)
		case "phone":
			return skipTo(s, phone)
		}
		return skipTo(s, nil)
	})
	*traits = s.Since(start)
	return err
}

func skipTo(s *jsonscan.Scanner, to *[]byte) error {
	raw, err := s.Skip()
	if to != nil && err == nil {
		*to = raw
	}
	return err
}

// settle makes the scanned item agree with every other reader of its JSON, and
// notes what makes it unreadable. clean says that the whole body is valid UTF-8.
func (it *item) settle(s *jsonscan.Scanner, clean bool) {
	if !clean && !utf8.Valid(it.raw) {
		it.fault = &fault{reasonInvalidUTF8, "the event is not valid UTF-8: encode it as UTF-8"}
		return
	}
	if !s.Odd() {
		return
	}
	raw, err := jsonscan.Canonical(it.raw)
	if err != nil {
		it.fault = &fault{reasonInvalidJSON, "the event holds a value nobody can read: " + err.Error()}
		return
	}
	*it = item{}
	s.Reset(raw, 0, jsonscan.Limits{})
	if err := it.scan(s); err != nil {
		it.fault = &fault{reasonInvalidJSON, err.Error()}
	}
}

// scanFault names what the scanner met, for one event. base is the event's
// position in the body, so that the sentence counts from the event's first byte.
func scanFault(err error, base int, limits Limits) *fault {
	var syntax *jsonscan.SyntaxError
	switch {
	case errors.Is(err, jsonscan.ErrDepth):
		return &fault{reasonTooDeep, fmt.Sprintf("the event is nested more than %d deep", limits.Depth)}
	case errors.Is(err, jsonscan.ErrKeys):
		return &fault{reasonTooManyKeys, fmt.Sprintf("the event has more than %d keys", limits.Keys)}
	case errors.As(err, &syntax):
		return &fault{reasonInvalidJSON, fmt.Sprintf("the event is not JSON: %s at byte %d of it", syntax.Message, syntax.Offset-base)}
	}
	return &fault{reasonInvalidJSON, err.Error()}
}

// present says that a member was sent with a value.
func present(raw []byte) bool { return len(raw) > 0 && raw[0] != 'n' }

func wrongType(field, want string, raw []byte) *fault {
	return &fault{reasonWrongType, fmt.Sprintf("%s must be %s, not %s", field, want, kind(raw))}
}

// kind names the JSON type of a raw value.
func kind(raw []byte) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}
