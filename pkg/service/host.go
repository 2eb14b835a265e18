package service

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// AnyHost lets every Host through when it is one of a door's names.
const AnyHost = "*"

// AnswerTo lets those requests through to next whose Host header is a name of this server, and answers the others 421
// with a sentence that names key, the setting that holds hosts.
//
// A page in a browser reads only what comes from its own name. It can point that name at 127.0.0.1 and
// then reads what listens here without a password (DNS rebinding); what it cannot change is that the browser
// sends the page's name as Host. So a server that listens on a loopback address, where only programs
// of this machine come from, answers to names of this machine: localhost and what ends in .localhost, 127.0.0.0/8, [::1], and hosts. One that listens
// elsewhere cannot know what it is called: it answers to all, unless hosts are given; then to them, to the
// names of this machine, and to bare addresses, which probes use and no page can make its own.
//
// A request without a Host is no browser's and passes. Ports do not count.
func AnswerTo(hosts []string, key, address string, next http.Handler) http.Handler {
	local := onLoopback(address)
	if slices.Contains(hosts, AnyHost) || !local && len(hosts) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := hostName(r.Host)
		ip, err := netip.ParseAddr(name)
		isIP := err == nil && ip.Zone() == ""
		switch {
		case r.Host == "", isIP && ip.Unmap().IsLoopback(), isIP && !local, name == "localhost", strings.HasSuffix(name, ".localhost"),
			slices.ContainsFunc(hosts, func(h string) bool { return hostName(h) == name }):
			next.ServeHTTP(w, r)
		default:
			plain(w, http.StatusMisdirectedRequest, "the request's Host header is not a name of this server: use localhost or 127.0.0.1, or add the name to "+key)
		}
	})
}

// hostName is the name in a Host header, without port, brackets and the dot at the end, in lower case; what is no name stays what it is.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// onLoopback says whether only this machine can reach an address to listen on.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// CheckHosts returns nil when every one of hosts is a name as AnswerTo takes them: without scheme, port and path, or "*".
func CheckHosts(key string, hosts []string) error {
	for _, h := range hosts {
		_, _, err := net.SplitHostPort(h)
		if h == "" || err == nil || strings.ContainsAny(h, "/@ ,") || strings.Contains(h, "*") && h != AnyHost {
			return fmt.Errorf(`%s: %q must be a name without scheme and port, such as "freshet.example.com", or "*"`, key, h)
		}
	}
	return nil
}

// noSniff has browsers take every answer for what it says it is.
func noSniff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
