package enrich

import "github.com/freshet/freshet/services/collector/jsonscan"

// Hints are where in an event's context the one walk over it found what is of use. The zero value found nothing. It is small, because
// a request may hold 2,500 of them.
type Hints struct {
	text  []byte // what the spans are of: the request's body, or a merged context
	start int    // where the context begins in it

	// Channel is the event's own member "channel", raw: web, mobile, server. Set it after the walk.
	Channel []byte

	userAgent, userAgentData                       span
	library                                        span // context.library.name
	pageURL, pageSearch, pageReferrer, referrerURL span
	campaign, consent, consentManagement           span
	sessionID, session, sessionStart               span
	deviceType, deviceModel, deviceMaker           span
	osName, osVersion                              span
	ip                                             span
}

// span is the place of a raw JSON value; the zero span is absent.
type span struct{ from, to uint32 }

// get returns the raw JSON value at a span, nil when absent.
func (h *Hints) get(s span) []byte { return h.text[s.from:s.to] }

// object returns the value at a span when it is an object, else nil.
func (h *Hints) object(s span) []byte {
	if raw := h.get(s); len(raw) > 0 && raw[0] == '{' {
		return raw
	}
	return nil
}

// Start forgets what was noted and begins with the context at the scanner's position.
func (h *Hints) Start(s *jsonscan.Scanner) { *h = Hints{start: s.Offset()} }

// Member consumes the value of one key of the context at the scanner's position, noting what is of use.
func (h *Hints) Member(s *jsonscan.Scanner, key []byte) error {
	switch string(key) {
	case "userAgent":
		return h.note(s, &h.userAgent)
	case "userAgentData":
		return h.note(s, &h.userAgentData)
	case "ip":
		return h.note(s, &h.ip)
	case "campaign":
		return h.note(s, &h.campaign)
	case "consent":
		return h.note(s, &h.consent)
	case "consentManagement":
		return h.note(s, &h.consentManagement)
	case "sessionId":
		return h.note(s, &h.sessionID)
	case "sessionStart":
		return h.note(s, &h.sessionStart)
	case "page":
		return h.page(s)
	case "referrer", "library", "os", "session":
		return h.nested(s, string(key))
	}
	_, err := s.Skip()
	return err
}

// note consumes a value and keeps its place.
func (h *Hints) note(s *jsonscan.Scanner, to *span) error {
	raw, err := s.Skip()
	if err == nil {
		h.text = s.Since(0)
		*to = span{uint32(s.Offset() - len(raw)), uint32(s.Offset())}
	}
	return err
}

// page consumes context.page.
func (h *Hints) page(s *jsonscan.Scanner) error {
	if s.Peek() != '{' {
		_, err := s.Skip()
		return err
	}
	return s.Object(func(key []byte) error {
		switch string(key) {
		case "url":
			return h.note(s, &h.pageURL)
		case "search":
			return h.note(s, &h.pageSearch)
		case "referrer":
			return h.note(s, &h.pageReferrer)
		}
		_, err := s.Skip()
		return err
	})
}

// nested consumes a small object of the context of which a member or two are of use.
func (h *Hints) nested(s *jsonscan.Scanner, object string) error {
	if s.Peek() != '{' {
		_, err := s.Skip()
		return err
	}
	return s.Object(func(key []byte) error {
		switch {
		case object == "library" && string(key) == "name":
			return h.note(s, &h.library)
		case object == "referrer" && string(key) == "url":
			return h.note(s, &h.referrerURL)
		case object == "session" && string(key) == "id":
			return h.note(s, &h.session)
		case object == "os" && string(key) == "name":
			return h.note(s, &h.osName)
		case object == "os" && string(key) == "version":
			return h.note(s, &h.osVersion)
		}
		_, err := s.Skip()
		return err
	})
}

// Device consumes the value of one key of context.device at the scanner's position.
func (h *Hints) Device(s *jsonscan.Scanner, key []byte) error {
	switch string(key) {
	case "type":
		return h.note(s, &h.deviceType)
	case "model":
		return h.note(s, &h.deviceModel)
	case "manufacturer":
		return h.note(s, &h.deviceMaker)
	}
	_, err := s.Skip()
	return err
}
