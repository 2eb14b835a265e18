package enrich

import (
	"slices"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

const (
	// maxPurposes is how many purposes of each kind are kept, maxPurpose how many bytes of each.
	maxPurposes, maxPurpose = 50, 100
	// maxRead bounds what is read to find them.
	maxRead = 500
)

// readConsent fills w.consent with what the client says of consent; false when it says nothing.
func (w *Work) readConsent(h *Hints, optedOut bool) bool {
	c := &w.consent
	c.Granted, c.Denied, c.OptedOut = c.Granted[:0], c.Denied[:0], optedOut
	if raw := h.object(h.consent); raw != nil {
		w.readPreferences(raw)
	}
	if raw := h.object(h.consentManagement); raw != nil {
		w.readManagement(raw)
	}
	if len(c.Granted)+len(c.Denied) == 0 {
		return optedOut
	}
	c.Denied = settle(c.Denied)
	// A purpose both granted and denied is denied: two managers disagree, and only one of the mistakes can be mended.
	c.Granted = slices.DeleteFunc(c.Granted, func(p string) bool { _, denied := slices.BinarySearch(c.Denied, p); return denied })
	c.Granted = settle(c.Granted)
	c.Granted, c.Denied = c.Granted[:min(len(c.Granted), maxPurposes)], c.Denied[:min(len(c.Denied), maxPurposes)]
	return true
}

// settle sorts purposes and leaves each once.
func settle(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// readPreferences reads Segment's form: {"categoryPreferences":{"Advertising":true,"Analytics":false}}.
func (w *Work) readPreferences(raw []byte) {
	s := w.scanner(raw)
	_ = s.Object(func(key []byte) error {
		if string(key) != "categoryPreferences" || s.Peek() != '{' {
			_, err := s.Skip()
			return err
		}
		return s.Object(func(purpose []byte) error {
			name := string(purpose)
			value, err := s.Skip()
			switch string(value) {
			case "true":
				addPurpose(&w.consent.Granted, name)
			case "false":
				addPurpose(&w.consent.Denied, name)
			}
			return err
		})
	})
}

// readManagement reads RudderStack's form: {"allowedConsentIds":[...],"deniedConsentIds":[...]}; the ids may also be grouped in an object.
func (w *Work) readManagement(raw []byte) {
	s := w.scanner(raw)
	_ = s.Object(func(key []byte) error {
		switch string(key) {
		case "allowedConsentIds":
			return readPurposes(s, &w.consent.Granted)
		case "deniedConsentIds":
			return readPurposes(s, &w.consent.Denied)
		}
		_, err := s.Skip()
		return err
	})
}

// readPurposes reads the strings of an array, or of the arrays of an object.
func readPurposes(s *jsonscan.Scanner, to *[]string) error {
	switch s.Peek() {
	case '[':
		return s.Array(func() error {
			value, err := s.Skip()
			if err == nil {
				addPurpose(to, str(value, 4*maxPurpose))
			}
			return err
		})
	case '{':
		return s.Object(func([]byte) error {
			if s.Peek() == '[' {
				return readPurposes(s, to)
			}
			_, err := s.Skip()
			return err
		})
	}
	_, err := s.Skip()
	return err
}

func addPurpose(to *[]string, name string) {
	if name = clean(name, maxPurpose); name != "" && len(*to) < maxRead {
		*to = append(*to, name)
	}
}

// reset empties an enrichment for the next event.
func reset(x *eventv1.Enrichment) {
	x.Browser, x.BrowserVersion, x.Os, x.OsVersion, x.DeviceType, x.DeviceModel, x.Bot = "", "", "", "", "", "", false
	x.Country, x.Region, x.City = "", "", ""
	x.Channel = eventv1.Channel_CHANNEL_UNSPECIFIED
	x.CampaignSource, x.CampaignMedium, x.CampaignName, x.CampaignTerm, x.CampaignContent = "", "", "", "", ""
	x.ClickIdType, x.ReferrerHost, x.SessionId, x.SessionStart = "", "", "", false
}

// empty says that an enrichment holds nothing.
func empty(x *eventv1.Enrichment) bool {
	return x.Browser == "" && x.BrowserVersion == "" && x.Os == "" && x.OsVersion == "" && x.DeviceType == "" && x.DeviceModel == "" && !x.Bot &&
		x.Country == "" && x.Region == "" && x.City == "" && x.Channel == eventv1.Channel_CHANNEL_UNSPECIFIED &&
		x.CampaignSource == "" && x.CampaignMedium == "" && x.CampaignName == "" && x.CampaignTerm == "" && x.CampaignContent == "" &&
		x.ClickIdType == "" && x.ReferrerHost == "" && x.SessionId == "" && !x.SessionStart
}
