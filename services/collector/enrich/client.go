package enrich

import (
	"net/http"
	"net/netip"
	"strings"
)

// Client is what a request's connection and headers say of who sent it. The zero value says nothing: gRPC, imports and files have no person
// at the other end.
type Client struct {
	// connected says that there is a connection to speak of.
	connected bool
	addr      netip.Addr
	userAgent string
	// visitor says that the user agent is a browser's or an app's.
	visitor  bool
	optedOut bool
}

// Client reads a request. Once for all its events.
func (e *Enricher) Client(r *http.Request) Client {
	h := r.Header
	c := Client{connected: true, userAgent: h.Get("User-Agent"), addr: e.peer(r)}
	lower := strings.ToLower(cut(c.userAgent, maxUserAgent))
	c.visitor = isBrowser(lower) || isApp(lower)
	c.optedOut = h.Get("Dnt") == "1" || h.Get("Sec-Gpc") == "1"
	return c
}

// peer is the client's address: the connection's, or, when that is a trusted proxy's, the right-most address in the proxies' header that is
// not a trusted proxy's itself. Whatever a client writes into the header stands further left and is never reached.
func (e *Enricher) peer(r *http.Request) netip.Addr {
	addr := connectionOf(r)
	if len(e.proxies) == 0 || !e.trusted(addr) {
		return addr
	}
	hops := r.Header.Values(e.cfg.ProxyHeader)
	for i := len(hops) - 1; i >= 0; i-- {
		rest := hops[i]
		for rest != "" {
			var hop string
			rest, hop = lastOf(rest, ',')
			if e.cfg.ProxyHeader == forwarded {
				hop = parameter(hop, "for")
			}
			next := parseAddr(hop)
			if !next.IsValid() { // a proxy hides its client, or garbage: nothing further left can be believed
				return netip.Addr{}
			}
			if addr = next; !e.trusted(addr) {
				return addr
			}
		}
	}
	return addr
}

func (e *Enricher) trusted(addr netip.Addr) bool {
	for _, p := range e.proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// lastOf splits off what follows the last separator.
func lastOf(list string, separator byte) (rest, last string) {
	i := strings.LastIndexByte(list, separator)
	if i < 0 {
		return "", list
	}
	return list[:i], list[i+1:]
}

// parameter is one of an element of a Forwarded header (RFC 7239), such as for, host or proto; "" when it has none.
func parameter(element, wanted string) string {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if ok && strings.EqualFold(name, wanted) {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}
