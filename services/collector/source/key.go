package source

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"time"
)

// Prefix begins every key made here, so that people, logs and secret scanners recognise one.
const Prefix = "fsk_"

var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewKey makes a random write key of 160 bits. text is what the sender gets, once; the Key is what is kept.
func NewKey(id string, now time.Time) (text string, k Key) {
	var random [20]byte
	_, _ = rand.Read(random[:]) // never fails
	text = Prefix + alphabet.EncodeToString(random[:])
	sum := sha256.Sum256([]byte(text))
	return text, Key{ID: id, SHA256: hex.EncodeToString(sum[:]), Last4: text[len(text)-4:], Created: now.UTC().Truncate(time.Second)}
}
