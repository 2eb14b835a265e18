package keyfile

import (
	"fmt"
	"strings"
	"time"
)

// Holder is who has keys: one element of a list in the file, and what the file said of its keys before the edit.
type Holder struct {
	Name string
	Keys []Key
	// Prefix begins the text of a new key.
	Prefix string
}

// Rotate gives a holder a new key, whose text it returns. The live one goes on working for grace. With two live ones already it
// fails, unless atOnce is set: then all but the new one end now. old is when the last of the others ends, zero when none was live.
func (d *Document) Rotate(h Holder, grace time.Duration, atOnce bool) (text string, k Key, old time.Time, err error) {
	if live := Live(h.Keys, d.now); live >= MaxLive && !atOnce {
		return "", Key{}, old, fmt.Errorf("%s has %d live keys already (%s): wait until one has expired, revoke one, or end them all with --now",
			h.Name, live, describeLive(h.Keys, d.now))
	}
	until := d.now.Add(grace)
	if atOnce {
		until = d.now
	}
	for _, was := range h.Keys {
		if was.State(d.now) != StateLive {
			continue
		}
		end := was.Expires
		if end.IsZero() || end.After(until) {
			end = until
			d.stamp(h.Name, was.ID, "expires", until)
		}
		if end.After(old) {
			old = end
		}
	}
	text, k = New(h.Prefix, nextID(h.Keys), d.now)
	keys := Sequence(d.member(h.Name), "keys")
	keys.Content = append(keys.Content, keyNode(k))
	return text, k, old, nil
}

// Revoke ends a key for good, and at once. It returns how many live keys the holder has left.
func (d *Document) Revoke(h Holder, id string) (left int, err error) {
	var ids []string
	for i, k := range h.Keys {
		ids = append(ids, k.ID)
		if k.ID != id {
			continue
		}
		if !k.Revoked.IsZero() {
			return 0, fmt.Errorf("key %s of %s was revoked at %s", id, h.Name, k.Revoked.UTC().Format(time.RFC3339))
		}
		d.stamp(h.Name, id, "revoked", d.now)
		h.Keys[i].Revoked = d.now
		return Live(h.Keys, d.now), nil
	}
	return 0, fmt.Errorf("%s has no key %s: it has %s", h.Name, id, strings.Join(ids, ", "))
}
