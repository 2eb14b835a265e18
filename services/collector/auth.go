package collector

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
	src *source
	// id names the key to people; empty for a key of the configuration.
	id string
	// dead says why the key does not work: revoked or disabled. Empty when it does, until expires.
	dead string
	// expires is when it stops working, Unix nanoseconds; 0 means never.
	expires int64
	// complained is when a use of the dead key was last logged.
	complained seldom.Gate
}

// Why a key does not work, as the metric has it.
const keyUnknown, keyRevoked, keyExpired, keyDisabled = "unknown", "revoked", "expired", "disabled"

// keyring finds the source of a write key. It keeps hashes only: a look-up takes the
// same time however much of a wrong key is right, and a memory dump shows no key.
type keyring map[[sha256.Size]byte]*credential

// byKey returns the source that a write key may send as, nil when it may not.
func (s *Service) byKey(key []byte) *source {
	src, _ := s.lookUp(key)
	return src
}

// lookUp is byKey, and why there is no source.
func (s *Service) lookUp(key []byte) (*source, string) {
	c := s.sources.Load().keys[sha256.Sum256(key)]
	if c == nil {
		s.sourcesMetrics.unknown.Inc()
		return nil, keyUnknown
	}
	why := c.dead
	if why == "" {
		if c.expires == 0 || s.now().UnixNano() < c.expires {
			return c.src, ""
		}
		why = keyExpired
	}
	s.sourcesMetrics.keys.WithLabelValues(c.src.name, why).Inc()
	if c.complained.Pass(s.now(), time.Minute) {
		s.logger.Warn("a write key that does not work is in use", "source", c.src.name, "key", c.id, "reason", why)
	}
	return nil, why
}

// byAuthorization returns the source of a Basic authorization, the key being its user
// part, else why there is none. The reason is empty without such an authorization, so that the body may name the key: Segment's
// clients with OAuth send a token of Segment's (Bearer), which says nothing here, and the key in the body.
func (s *Service) byAuthorization(header string) (*source, string) {
	const basic = "basic "
	if len(header) < len(basic) || !strings.EqualFold(header[:len(basic)], basic) {
		return nil, ""
	}
	var buf [512]byte
	if base64.StdEncoding.DecodedLen(len(header)-len(basic)) > len(buf) {
		return nil, keyUnknown
	}
	n, err := base64.StdEncoding.Decode(buf[:], []byte(strings.TrimSpace(header[len(basic):])))
	if err != nil {
		return nil, keyUnreadable
	}
	user, _, _ := bytes.Cut(buf[:n], []byte(":"))
	if len(user) == 0 {
		return nil, keyEmpty
	}
	return s.lookUp(user)
}

// byMetadata is byAuthorization for a gRPC call, which has no body to name the key in.
func (s *Service) byMetadata(header string) (*source, *refusal) {
	src, why := s.byAuthorization(header)
	if src != nil {
		return src, nil
	}
	if why == "" {
		why = unnamed(header)
	}
	return nil, unauthorized(why)
}
