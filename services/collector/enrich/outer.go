package enrich

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

// The headers in which proxies say what address and scheme their client used, beside X-Forwarded-For.
const (
	xForwardedHost  = "X-Forwarded-Host"
	xForwardedProto = "X-Forwarded-Proto"
)

// hostName is a host as an address may have it, with a port or without.
var hostName = regexp.MustCompile(`^([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

// Outer is the host and the scheme, http or https, that a request's client used, as the trusted proxies say it; empty where none of them does,
// or what they say is neither. Of a chain the word of the outermost trusted one counts: what its client wrote stands further left. A proxy that is
// trusted has to set what it is asked for, because it hands on untouched what it does not set.
func (e *Enricher) Outer(r *http.Request) (host, scheme string) {
	if len(e.proxies) == 0 || !e.trusted(connectionOf(r)) {
		return "", ""
	}
	if e.cfg.ProxyHeader == forwarded {
		element := fromRight(r.Header.Values(forwarded), e.inner(r))
		host, scheme = parameter(element, "host"), parameter(element, "proto")
	} else {
		inner := e.inner(r)
		host, scheme = fromRight(r.Header.Values(xForwardedHost), inner), fromRight(r.Header.Values(xForwardedProto), inner)
	}
	if len(host) > 255 || !hostName.MatchString(host) {
		host = ""
	}
	if scheme = strings.ToLower(scheme); scheme != "http" && scheme != "https" {
		scheme = ""
	}
	return host, scheme
}

// inner counts the trusted proxies between the outermost one and the connection's.
func (e *Enricher) inner(r *http.Request) int {
	hops := strings.Split(strings.Join(r.Header.Values(e.cfg.ProxyHeader), ","), ",")
	n := 0
	for i := len(hops) - 1; i > 0; i-- { // the left-most, trusted or not, is whom the outermost proxy speaks of
		hop := hops[i]
		if e.cfg.ProxyHeader == forwarded {
			hop = parameter(hop, "for")
		}
		if addr := parseAddr(hop); !addr.IsValid() || !e.trusted(addr) {
			break
		}
		n++
	}
	return n
}

// fromRight is the element so far from the right of a list that may stand in several headers; the left-most of a shorter one.
func fromRight(values []string, n int) string {
	list := strings.Split(strings.Join(values, ","), ",")
	return strings.TrimSpace(list[max(0, len(list)-1-n)])
}

// connectionOf is the address at the other end of a request's connection.
func connectionOf(r *http.Request) netip.Addr {
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return at.Addr().Unmap().WithZone("")
	}
	return parseAddr(r.RemoteAddr)
}
