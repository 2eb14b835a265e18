package source

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// Origins are the web origins whose pages may send. The zero value allows every origin.
type Origins struct {
	exact map[string]bool
	under []wildcard
}

// wildcard is https://*.shop.example: every host below a domain, not the domain itself.
type wildcard struct{ scheme, suffix string }

// NewOrigins prepares a list as a Source has it, which was validated. An empty list allows every origin.
func NewOrigins(list []string) (Origins, error) {
	var o Origins
	for _, text := range list {
		w, err := parseOrigin(text)
		switch {
		case err != nil:
			return Origins{}, err
		case w != nil:
			o.under = append(o.under, *w)
		default:
			if o.exact == nil {
				o.exact = map[string]bool{}
			}
			o.exact[text] = true
		}
	}
	return o, nil
}

// Any says that every origin is allowed.
func (o Origins) Any() bool { return o.exact == nil && o.under == nil }

// Allow says whether a page of this origin may send. origin is the header as browsers write it: scheme://host, in lower case, with the
// port when it is not the scheme's.
func (o Origins) Allow(origin string) bool {
	if o.Any() || o.exact[origin] {
		return true
	}
	for _, w := range o.under {
		if host, ok := strings.CutPrefix(origin, w.scheme); ok && len(host) > len(w.suffix) && strings.HasSuffix(host, w.suffix) {
			return true
		}
	}
	return false
}

// parseOrigin checks an origin of a list. The wildcard is nil for one host.
func parseOrigin(text string) (*wildcard, error) {
	const form = "%q is not an origin such as https://shop.example, https://shop.example:8443 or https://*.shop.example"
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != text ||
		text != strings.ToLower(text) || strings.ContainsAny(u.Hostname(), " /?#") {
		return nil, fmt.Errorf(form, text)
	}
	if strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 {
		return nil, fmt.Errorf("%q: write the host as browsers send it, xn--..., or nothing would ever match", text)
	}
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" || strings.HasSuffix(u.Host, ":") {
		return nil, fmt.Errorf("%q: leave the port out, as browsers do", text)
	}
	rest, wild := strings.CutPrefix(u.Host, "*")
	if strings.Contains(rest, "*") || wild && !strings.HasPrefix(rest, ".") || strings.Trim(u.Hostname(), "*.") == "" {
		return nil, fmt.Errorf(form, text)
	}
	if wild {
		return &wildcard{scheme: u.Scheme + "://", suffix: rest}, nil
	}
	return nil, nil
}
