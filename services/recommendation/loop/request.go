package loop

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync/atomic"

	"github.com/freshet/freshet/pkg/customer"
)

// ids makes and reads request ids: 6 bytes of time, 12 of a nonce, 16 of the customer, encrypted, and 16 of a tag; base64url. See the package comment. Many goroutines may use it.
type ids struct {
	secret []byte
	last   atomic.Pointer[dayKey]
}

// dayKey is the key of a day: so no key encrypts more than the 2^32 messages that random nonces are good for.
type dayKey struct {
	day int64
	gcm cipher.AEAD
}

const timeSize, nonceSize, idSize, tagSize = 6, 12, 16, 16

// requestSize is how many bytes an id has, before base64.
const requestSize = timeSize + nonceSize + idSize + tagSize

func newIDs(secret []byte) *ids { return &ids{secret: secret} }

// key gives the key of a moment's day. The last one is remembered; a forged time costs the making of one key.
func (s *ids) key(ms int64) (cipher.AEAD, error) {
	day := ms / dayMs
	if k := s.last.Load(); k != nil && k.day == day {
		return k.gcm, nil
	}
	key, err := hkdf.Key(sha256.New, s.secret, nil, fmt.Sprintf("freshet recommendation request %d", day), 32)
	if err != nil {
		return nil, fmt.Errorf("make the key of request ids: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the key of request ids: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make the key of request ids: %w", err)
	}
	s.last.Store(&dayKey{day: day, gcm: gcm})
	return gcm, nil
}

// make gives an id. customerID has 32 hexadecimal digits and nowMs is within the years 1970 to 10889; else there is none.
func (s *ids) make(workspace, customerID string, nowMs int64) string {
	if !customer.IsID(customerID) || nowMs <= 0 || nowMs >= 1<<(8*timeSize) {
		return ""
	}
	gcm, err := s.key(nowMs)
	if err != nil {
		return ""
	}
	b := binary.BigEndian.AppendUint64(make([]byte, 0, requestSize+2), uint64(nowMs))[2:]
	b = b[:timeSize+nonceSize]
	_, _ = rand.Read(b[timeSize:]) // never fails
	var who [idSize]byte
	_, _ = hex.Decode(who[:], []byte(customerID))
	b = gcm.Seal(b, b[timeSize:], who[:], signed(workspace, b))
	return base64.RawURLEncoding.EncodeToString(b)
}

// parse reads an id; not ok is one that was forged, cut, or is of another workspace or deployment.
func (s *ids) parse(workspace, id string) (ms int64, customerID string, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(id)
	if err != nil || len(b) != requestSize {
		return 0, "", false
	}
	var at [8]byte
	copy(at[2:], b[:timeSize])
	ms = int64(binary.BigEndian.Uint64(at[:]))
	gcm, err := s.key(ms)
	if err != nil {
		return 0, "", false
	}
	who, err := gcm.Open(nil, b[timeSize:timeSize+nonceSize], b[timeSize+nonceSize:], signed(workspace, b))
	if err != nil {
		return 0, "", false
	}
	return ms, hex.EncodeToString(who), true
}

// signed is what the tag covers beside the customer: the time and the workspace.
func signed(workspace string, b []byte) []byte {
	return append(append(make([]byte, 0, timeSize+len(workspace)), b[:timeSize]...), customer.Workspace(workspace)...)
}
