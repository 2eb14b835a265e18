package enrich

import (
	"net/url"
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

const (
	// maxURL is how much of an address is read, in bytes.
	maxURL = 8192
	// maxParameters is how many parameters of a query are looked at.
	maxParameters = 200
)

// clickID is a parameter that a network puts on its links.
type clickID struct {
	name string
	// channel is what such a link is when nothing else says more. docs/enrichment.md says why fbclid is no proof of an advertisement.
	channel eventv1.Channel
}

// clickIDs are in order of weight: the first one found names the click.
var clickIDs = []clickID{
	{"gclid", eventv1.Channel_CHANNEL_ADVERTISING}, {"gbraid", eventv1.Channel_CHANNEL_ADVERTISING},
	{"wbraid", eventv1.Channel_CHANNEL_ADVERTISING}, {"dclid", eventv1.Channel_CHANNEL_ADVERTISING},
	{"msclkid", eventv1.Channel_CHANNEL_ADVERTISING}, {"ttclid", eventv1.Channel_CHANNEL_ADVERTISING},
	{"twclid", eventv1.Channel_CHANNEL_ADVERTISING}, {"li_fat_id", eventv1.Channel_CHANNEL_ADVERTISING},
	{"yclid", eventv1.Channel_CHANNEL_ADVERTISING}, {"sccid", eventv1.Channel_CHANNEL_ADVERTISING},
	{"rdt_cid", eventv1.Channel_CHANNEL_ADVERTISING}, {"irclickid", eventv1.Channel_CHANNEL_ADVERTISING},
	{"fbclid", eventv1.Channel_CHANNEL_SOCIAL}, {"igshid", eventv1.Channel_CHANNEL_SOCIAL}, {"epik", eventv1.Channel_CHANNEL_SOCIAL},
	{"srsltid", eventv1.Channel_CHANNEL_ORGANIC}, {"mc_eid", eventv1.Channel_CHANNEL_EMAIL},
}

// campaign is what the page's address and the client say of where the visitor came from.
type campaign struct {
	source, medium, name, term, content string
	click                               *clickID
}

func (c *campaign) tagged() bool {
	return c.source != "" || c.medium != "" || c.name != ""
}

// readQuery takes the utm parameters and the click id out of a query string.
func (c *campaign) readQuery(query string) {
	best := len(clickIDs)
	for range maxParameters {
		if query == "" {
			break
		}
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		if value == "" || len(key) > 16 {
			continue
		}
		if to := c.parameter(key); to != nil {
			if *to == "" {
				*to = word(unescape(value))
			}
			continue
		}
		for i := range clickIDs[:best] {
			if strings.EqualFold(key, clickIDs[i].name) {
				best, c.click = i, &clickIDs[i]
				break
			}
		}
	}
}

// parameter is where the value of a utm parameter goes; nil for other parameters.
func (c *campaign) parameter(key string) *string {
	if len(key) < 5 || !strings.EqualFold(key[:4], "utm_") {
		return nil
	}
	switch strings.ToLower(key[4:]) {
	case "source":
		return &c.source
	case "medium":
		return &c.medium
	case "campaign":
		return &c.name
	case "term":
		return &c.term
	case "content":
		return &c.content
	}
	return nil
}

// unescape resolves a query's escapes; what cannot be resolved stays as it is.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}

// word makes a campaign value fit, and drops the words that tools write for nothing.
func word(s string) string {
	s = clean(s, maxText)
	switch strings.ToLower(s) {
	case "(none)", "(not set)", "none", "null", "undefined", "(direct)":
		return ""
	}
	return s
}

// readCampaign reads the client's own campaign object for what the address did not say.
func (w *Work) readCampaign(raw []byte) {
	c := &w.campaign
	s := w.scanner(raw)
	_ = s.Object(func(key []byte) error {
		var to *string
		switch string(key) {
		case "source":
			to = &c.source
		case "medium":
			to = &c.medium
		case "name":
			to = &c.name
		case "term":
			to = &c.term
		case "content":
			to = &c.content
		}
		value, err := s.Skip()
		if err == nil && to != nil && *to == "" {
			*to = word(str(value, 4*maxText))
		}
		return err
	})
}

// queryOf is the query of an address, without its question mark.
func queryOf(address string) string {
	address, _, _ = strings.Cut(address, "#")
	_, query, _ := strings.Cut(address, "?")
	return query
}

// hostBytes are what a host may hold; all of them in one look, because every event has two addresses.
var hostBytes = func() (allowed [256]bool) {
	for c := range allowed {
		allowed[c] = c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-._[]:~", byte(c)) >= 0
	}
	return allowed
}()

// hostOf is the host of an address in lower case, without port and www.; "" when there is none.
func hostOf(address string) string {
	colon := strings.IndexByte(address, ':')
	if colon < 0 || !strings.HasPrefix(address[colon:], "://") {
		return ""
	}
	rest := address[colon+3:]
	for i := range len(rest) { // strings.IndexAny costs four times this
		if c := rest[i]; c == '/' || c == '?' || c == '#' || c == '\\' {
			rest = rest[:i]
			break
		}
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if len(rest) > maxText {
		return ""
	}
	for i := range len(rest) {
		if !hostBytes[rest[i]] {
			return ""
		}
	}
	if port := strings.LastIndexByte(rest, ':'); port >= 0 && !strings.HasSuffix(rest, "]") {
		rest = rest[:port]
	}
	return clean(strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(rest), "www."), "."), maxText)
}
