// Package enrich reads out of an event's surroundings what analysts ask for: the browser and the device, the country, how the visit came
// about, the session and the consent; and keeps addresses of people as private as their source asks. It is not for judging events:
// whatever it meets, garbage gives empty fields and the event goes on.
package enrich

import (
	"errors"
	"fmt"
	"net/netip"
)

// Config is what an operator may set.
type Config struct {
	// Enabled fills the enrichment of events. False leaves it out; consent is still read, and context.ip is still kept as each source says.
	Enabled bool `koanf:"enabled"`
	// GeoFile is a MaxMind DB file of the City or Country type. It is read again when it changes. Empty means no geography.
	GeoFile string `koanf:"geo_file"`
	// TrustedProxies are the networks, as CIDR or single addresses, of the load balancers before the collector: only they may say, in ProxyHeader,
	// whose connection they pass on, and, in X-Forwarded-Host and X-Forwarded-Proto (or in Forwarded, when that is ProxyHeader), which address
	// it used, for the settings that browser clients load. Empty: nobody may, and the connection's own address and host count.
	TrustedProxies []string `koanf:"trusted_proxies"`
	// ProxyHeader is the one header in which the trusted proxies say so: X-Forwarded-For or Forwarded. The other is not looked at, because a
	// proxy hands on untouched what its clients put there.
	ProxyHeader string `koanf:"proxy_header"`
	// UserAgentCache is how many user agents are remembered once read, about 1 KB each. At least 16.
	UserAgentCache int `koanf:"user_agent_cache"`
}

// The names of the headers in which proxies speak of the client.
const (
	xForwardedFor = "X-Forwarded-For"
	forwarded     = "Forwarded"
)

// Default enriches without geography, behind no proxy.
func Default() Config {
	return Config{Enabled: true, ProxyHeader: xForwardedFor, UserAgentCache: 10_000}
}

// Validate reports every fault, each under its key.
func (c Config) Validate() error {
	var errs []error
	if _, err := prefixes(c.TrustedProxies); err != nil {
		errs = append(errs, err)
	}
	if c.ProxyHeader != xForwardedFor && c.ProxyHeader != forwarded {
		errs = append(errs, fmt.Errorf("enrich.proxy_header: %q is neither %s nor %s", c.ProxyHeader, xForwardedFor, forwarded))
	}
	if c.UserAgentCache < 16 {
		errs = append(errs, fmt.Errorf("enrich.user_agent_cache: %d is below 16", c.UserAgentCache))
	}
	return errors.Join(errs...)
}

// prefixes reads networks; a single address is a network of one.
func prefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	var errs []error
	for i, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(text); err == nil {
				p = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("enrich.trusted_proxies[%d]: %q is no network such as 10.0.0.0/8", i, text))
			continue
		}
		out = append(out, p.Masked())
	}
	return out, errors.Join(errs...)
}
