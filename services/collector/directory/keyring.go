package directory

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/freshet/freshet/services/collector/seldom"
)

// credential is one write key: whose it is, and whether it works.
type credential struct {
	src *Source
	// id names the key to people; empty for a key of the configuration.
	id string
	// dead says why the key does not work: revoked or disabled. Empty when it does, until expires.
	dead string
	// expires is when it stops working, Unix nanoseconds; 0 means never.
	expires int64
	// complained is when a use of the dead key was last logged.
	complained seldom.Gate
}

// Why a write key does not work, as the metric has it.
const (
	Unknown  = "unknown"
	Revoked  = "revoked"
	Expired  = "expired"
	Disabled = "disabled"
)

// Why there is no write key to look up.
const (
	Missing    = "missing"
	Unreadable = "unreadable"
	Empty      = "empty"
	Bearer     = "bearer"
	Scheme     = "scheme"
)

// keyring finds the source of a write key. It keeps hashes only: a look-up takes the
// same time however much of a wrong key is right, and a memory dump shows no key.
type keyring map[[sha256.Size]byte]*credential

// ByKey returns the source that a write key may send as, else why it may not: Unknown, Revoked, Expired or Disabled.
func (d *Directory) ByKey(key []byte) (*Source, string) {
	c := d.current.Load().keys[sha256.Sum256(key)]
	if c == nil {
		d.metrics.unknown.Inc()
		return nil, Unknown
	}
	why := c.dead
	if why == "" {
		if c.expires == 0 || d.now().UnixNano() < c.expires {
			return c.src, ""
		}
		why = Expired
	}
	d.metrics.keys.WithLabelValues(c.src.Name, why).Inc()
	if c.complained.Pass(d.now(), time.Minute) {
		d.logger.Warn("a write key that does not work is in use", "source", c.src.Name, "key", c.id, "reason", why)
	}
	return nil, why
}

// ByAuthorization returns the source of a Basic authorization, the key being its user
// part, else why there is none. The reason is empty without such an authorization, so that the body may name the key: Segment's
// clients with OAuth send a token of Segment's (Bearer), which says nothing here, and the key in the body.
func (d *Directory) ByAuthorization(header string) (*Source, string) {
	const basic = "basic "
	if len(header) < len(basic) || !strings.EqualFold(header[:len(basic)], basic) {
		return nil, ""
	}
	var buf [512]byte
	if base64.StdEncoding.DecodedLen(len(header)-len(basic)) > len(buf) {
		return nil, Unknown
	}
	n, err := base64.StdEncoding.Decode(buf[:], []byte(strings.TrimSpace(header[len(basic):])))
	if err != nil {
		return nil, Unreadable
	}
	user, _, _ := bytes.Cut(buf[:n], []byte(":"))
	if len(user) == 0 {
		return nil, Empty
	}
	return d.ByKey(user)
}

// Unnamed is why a request without Basic authorization, and without a key in its body, has no key: Missing, Bearer or Scheme.
func Unnamed(authorization string) string {
	scheme, _, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	switch {
	case scheme == "":
		return Missing
	case strings.EqualFold(scheme, "bearer"):
		return Bearer
	}
	return Scheme
}
