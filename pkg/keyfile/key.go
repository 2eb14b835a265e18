// Package keyfile is what files of hashed keys have in common, whoever the keys are for: the key, its states, its rotation, and an edit
// that replaces the file in one step and keeps its comments. It is not for what a key allows: see the sources file and pkg/access.
package keyfile

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// MaxLive is how many keys of one holder may work at once: the old and the new one of a rotation.
const MaxLive = 2

// Word is the alphabet of names, workspaces and key ids.
var Word = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// Key is one key. Its text is kept nowhere.
type Key struct {
	// ID names the key in lists, logs and commands; same alphabet as a name. Once in a holder.
	ID string `koanf:"id"`
	// SHA256 is the hash of the key's text, 64 hexadecimal digits.
	SHA256 string `koanf:"sha256"`
	// Last4 are the key's last four characters, for people to tell keys apart.
	Last4 string `koanf:"last4"`
	// Created is when it was made; absent when nobody noted it.
	Created time.Time `koanf:"created"`
	// Expires is when it stops working. Absent means never.
	Expires time.Time `koanf:"expires"`
	// Revoked is when it was taken out of use for good; from then on it does not work. Absent means that it was not.
	Revoked time.Time `koanf:"revoked"`
}

// State is what a key is good for.
type State string

// The states of a key.
const (
	StateLive    State = "live"
	StateExpired State = "expired"
	StateRevoked State = "revoked"
)

// State of the key at a moment. A revocation counts whatever its time is: a clock that runs behind opens no door.
func (k Key) State(now time.Time) State {
	switch {
	case !k.Revoked.IsZero():
		return StateRevoked
	case !k.Expires.IsZero() && !now.Before(k.Expires):
		return StateExpired
	}
	return StateLive
}

// Validate reports every fault of a key.
func (k Key) Validate() error {
	var faults []error
	if !Word.MatchString(k.ID) {
		faults = append(faults, fmt.Errorf("id: %q is not 1 to 64 of a-z 0-9 _ -", k.ID))
	}
	if _, err := k.Hash(); err != nil {
		faults = append(faults, fmt.Errorf("sha256: %w", err))
	}
	if len(k.Last4) > 4 {
		faults = append(faults, errors.New("last4: more than four characters of a key do not belong into a file"))
	}
	return errors.Join(faults...)
}

// Hash is SHA256 as bytes.
func (k Key) Hash() (sum [sha256.Size]byte, err error) {
	raw, err := hex.DecodeString(k.SHA256)
	if err != nil || len(raw) != len(sum) {
		return sum, errors.New("is not a SHA-256, 64 hexadecimal digits")
	}
	return [sha256.Size]byte(raw), nil
}

// Live counts the keys that work at a moment.
func Live(keys []Key, now time.Time) int {
	n := 0
	for _, k := range keys {
		if k.State(now) == StateLive {
			n++
		}
	}
	return n
}

var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// New makes a random key of 160 bits. text is what its holder gets, once: prefix, which tells people, logs and secret scanners what it is,
// and 32 characters. The Key is what is kept.
func New(prefix, id string, now time.Time) (text string, k Key) {
	var random [20]byte
	_, _ = rand.Read(random[:]) // never fails
	text = prefix + alphabet.EncodeToString(random[:])
	sum := sha256.Sum256([]byte(text))
	return text, Key{ID: id, SHA256: hex.EncodeToString(sum[:]), Last4: text[len(text)-4:], Created: now.UTC().Truncate(time.Second)}
}

// nextID is k and a number above all there were.
func nextID(keys []Key) string {
	highest := 0
	for _, k := range keys {
		if n, err := strconv.Atoi(strings.TrimPrefix(k.ID, "k")); err == nil {
			highest = max(highest, n)
		}
	}
	return "k" + strconv.Itoa(highest+1)
}

// describeLive lists the live keys and their ends, for people.
func describeLive(keys []Key, now time.Time) string {
	var out []string
	for _, k := range keys {
		if k.State(now) != StateLive {
			continue
		}
		until := "for ever"
		if !k.Expires.IsZero() {
			until = "until " + k.Expires.UTC().Format(time.RFC3339)
		}
		out = append(out, k.ID+" "+until)
	}
	return strings.Join(out, ", ")
}
