package collector

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// source is a sender that may write, as the hot path needs it.
type source struct {
	name, workspace string
	metrics         *sourceMetrics
}

// keyring finds the source of a write key. It keeps hashes only: a look-up takes the
// same time however much of a wrong key is right, and a memory dump shows no key.
type keyring map[[sha256.Size]byte]*source

func (k keyring) add(s Source, m *sourceMetrics) {
	k[sha256.Sum256([]byte(s.WriteKey))] = &source{name: s.Name, workspace: s.Workspace, metrics: m}
}

// byKey returns the source of a write key, nil when it is unknown.
func (k keyring) byKey(key []byte) *source { return k[sha256.Sum256(key)] }

// byAuthorization returns the source of a Basic authorization, the key being its user
// part. given is false when the header is empty, so that the body may name the key.
func (k keyring) byAuthorization(header string) (src *source, given bool) {
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
	return k.byKey(user), true
}
