package decode

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// Item is one event of a request, found but not yet judged: every field is the raw
// JSON of a member, nil when absent. It aliases the request's body.
type Item struct {
	// Raw is the whole event.
	Raw []byte
	// Fault is set when the item is no readable JSON object.
	Fault *Fault
	// ID is its messageId once whoever stores it has settled that: a view of Raw.
	ID string
	// SentMS and ReceivedMS are of an event that came alone in a stream, in Unix milliseconds; 0 means as the request says.
	SentMS, ReceivedMS int64
	// MessageID and Channel are members of it.
	MessageID, Channel []byte
	// Hints are what it says of its surroundings.
	Hints enrich.Hints

	length int // bytes it takes in the body

	typ, event, name, category                []byte
	userID, anonymousID, previousID, groupID  []byte
	timestamp, original, sentAt, writeKey     []byte
	context, integrations, properties, traits []byte
	email, phone                              []byte // of traits
	personTraits, personEmail, personPhone    []byte // of context.traits
	deviceID, externalIDs                     []byte // of context
}

// scan walks the object at the scanner's position.
func (it *Item) scan(s *jsonscan.Scanner) error {
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
	it.Raw = s.Since(start)
	return err
}

// member is where the value of a top-level key goes; nil when nobody needs it.
func (it *Item) member(key []byte) *[]byte {
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
		return &it.Channel
	case "userId":
		return &it.userID
	case "anonymousId":
		return &it.anonymousID
	case "previousId":
		return &it.previousID
	case "groupId":
		return &it.groupID
	case "messageId":
		return &it.MessageID
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
func (it *Item) scanContext(s *jsonscan.Scanner) error {
	if s.Peek() != '{' {
		return skipTo(s, &it.context)
	}
	start := s.Offset()
	it.Hints.Start(s)
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
				return it.Hints.Device(s, key)
			})
		}
		return it.Hints.Member(s, key)
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
func (it *Item) settle(s *jsonscan.Scanner, clean bool) {
	if !clean && !utf8.Valid(it.Raw) {
		it.Fault = &Fault{ReasonInvalidUTF8, "the event is not valid UTF-8: encode it as UTF-8"}
		return
	}
	if !s.Odd() {
		return
	}
	raw, err := jsonscan.Canonical(it.Raw)
	if err != nil {
		it.Fault = &Fault{ReasonInvalidJSON, "the event holds a value nobody can read: " + err.Error()}
		return
	}
	*it = Item{}
	s.Reset(raw, 0, jsonscan.Limits{})
	if err := it.scan(s); err != nil {
		it.Fault = &Fault{ReasonInvalidJSON, err.Error()}
	}
}

// scanFault names what the scanner met, for one event. base is the event's
// position in the body, so that the sentence counts from the event's first byte.
func scanFault(err error, base int, limits Limits) *Fault {
	var syntax *jsonscan.SyntaxError
	switch {
	case errors.Is(err, jsonscan.ErrDepth):
		return &Fault{ReasonTooDeep, fmt.Sprintf("the event is nested more than %d deep", limits.Depth)}
	case errors.Is(err, jsonscan.ErrKeys):
		return &Fault{ReasonTooManyKeys, fmt.Sprintf("the event has more than %d keys", limits.Keys)}
	case errors.As(err, &syntax):
		return &Fault{ReasonInvalidJSON, fmt.Sprintf("the event is not JSON: %s at byte %d of it", syntax.Message, syntax.Offset-base)}
	}
	return &Fault{ReasonInvalidJSON, err.Error()}
}

// present says that a member was sent with a value.
func present(raw []byte) bool { return len(raw) > 0 && raw[0] != 'n' }

func wrongType(field, want string, raw []byte) *Fault {
	return &Fault{ReasonWrongType, fmt.Sprintf("%s must be %s, not %s", field, want, kind(raw))}
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

// KnownID is the event's messageId, also when it got no further than being read; else empty.
func (it *Item) KnownID() string {
	if it.ID != "" {
		return it.ID
	}
	sent, _ := ID("messageId", it.MessageID)
	return sent
}
