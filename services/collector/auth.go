package collector

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// credential is one write key: whose it is.
type credential struct {
	src *source
}

// keyring finds the source of a write key. It keeps hashes only: a look-up takes the
// same time however much of a wrong key is right, and a memory dump shows no key.
type keyring map[[sha256.Size]byte]credential

// byKey returns the source that a write key may send as, nil when it may not.
func (s *Service) byKey(key []byte) *source {
	return s.sources.Load().keys[sha256.Sum256(key)].src
}

// byAuthorization returns the source of a Basic authorization, the key being its user
// part. given is false when the header is empty, so that the body may name the key.
func (s *Service) byAuthorization(header string) (src *source, given bool) {
	if header == "" {
		return nil, false
	}
	const basic = "basic "
	if len(header) < len(basic) || !strings.EqualFold(header[:len(basic)], basic) {
		return nil, true
	}
	var buf [512]byte
	if base64.StdEncoding.DecodedLen(len(header)-len(basic)) > len(buf) {
		return nil, true
	}
	n, err := base64.StdEncoding.Decode(buf[:], []byte(strings.TrimSpace(header[len(basic):])))
	if err != nil {
		return nil, true
	}
	user, _, _ := bytes.Cut(buf[:n], []byte(":"))
	return s.byKey(user), true
}
