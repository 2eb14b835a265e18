package identity

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/wire/wiretest"
	"github.com/freshet/freshet/services/identity/graph"
)

func TestGoldenState(t *testing.T) {
	wiretest.Golden(t, wiretest.Layout[copied]{
		Format: graph.Format, Name: "identity-copy", Version: graph.Format.Written, Write: copied.encode, Read: decodeCopied,
		Examples: map[string]copied{
			"of all the log": {at: broker.Place{Offset: 1 << 40, Log: broker.LogID{1, 15: 2}, Life: 3, Proof: 4, TimeMs: 5}},
			"without a head": {from: 6, at: broker.Place{Offset: 7, Log: broker.LogID{8}, Life: 9, Proof: 10, TimeMs: 11}},
		},
	})
	wiretest.Golden(t, wiretest.Layout[*eventv1.Event]{
		Name: "identity-seen", Version: 1, Write: func(e *eventv1.Event) []byte { return kept(t, e) },
		Examples: map[string]*eventv1.Event{
			"a click of nobody": {EventId: "e-1", Workspace: "w", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Product Viewed", ReceivedMs: 5, PropertiesJson: []byte(`{"a":1}`)},
			"five names, of which four are kept": {EventId: "e-2", Workspace: "w", Type: eventv1.EventType_EVENT_TYPE_IDENTIFY, ReceivedMs: 6, TraitsJson: []byte(`{"b":2}`),
				Alias: &eventv1.Alias{PreviousId: "0", Trusted: true}, Identifiers: []*eventv1.Identifier{
					{Type: "user_id", Value: "1"}, {Type: "email", Value: "a"}, {Type: "phone", Value: "2"}, {Type: "anonymous_id", Value: "x"}, {Type: "email", Value: "b"}}},
		},
	})
	wiretest.Golden(t, wiretest.Layout[[]byte]{
		Name: "identity-seen-keys", Version: 1, Write: func(b []byte) []byte { return b },
		Examples: map[string][]byte{"an event": seenKey(2945, eventHash("w", "e-1")), "the newest bucket": newestKey},
	})
}

// kept is what stays of an event. A hash of other fields, or in another order, would make every client's retry over
// an upgrade another event under its id.
func kept(t *testing.T, e *eventv1.Event) []byte {
	t.Helper()
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := parseEvent(value)
	if err != nil {
		t.Fatal(err)
	}
	return likeness(raw)
}

// A store whose rows another release wrote is a copy of the log like any other: it is made anew, forward and back.
func TestAStoreInAnotherLayoutIsReadAgainFromTheLog(t *testing.T) {
	for name, layout := range map[string]byte{"of a newer release": graph.Format.Newest + 1, "of an older one": graph.Format.Oldest - 1, "damaged": 0} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			s := w.start(w.dir("a"))
			w.send("user_id:ann", "user_id:bob")
			w.waitResolved(2)
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			rewrite(t, filepath.Join(s.dir, storeName), layout)
			s = w.start(s.dir)
			s.waitReady()
			want, _ := w.oracle()
			if diff := cmp.Diff(want, s.rows()); diff != "" {
				t.Error(diff)
			}
			w.send("user_id:ann email:x")
			w.waitResolved(3)
		})
	}
}

// Also the engine's own files may be of a newer release, which was taken back.
func TestAStoreOfANewerEngineIsReadAgainFromTheLog(t *testing.T) {
	w := newWorld(t, 1)
	s := w.start(w.dir("a"))
	w.send("user_id:ann")
	w.waitResolved(1)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(s.dir, storeName)
	markers, err := filepath.Glob(filepath.Join(dir, "marker.format-version.*"))
	if err != nil || len(markers) != 1 {
		t.Fatal(markers, err)
	}
	if err := os.Rename(markers[0], filepath.Join(dir, "marker.format-version.999999.999")); err != nil {
		t.Fatal(err)
	}
	s = w.start(s.dir)
	s.waitReady()
	want, _ := w.oracle()
	if diff := cmp.Diff(want, s.rows()); diff != "" {
		t.Error(diff)
	}
}

// rewrite gives every value in a store another number of its layout.
func rewrite(t *testing.T, dir string, layout byte) {
	t.Helper()
	db, err := pebble.Open(dir, &pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	it, err := db.NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ok := it.First(); ok; ok = it.Next() {
		value := append([]byte{layout}, it.Value()[1:]...)
		err = errors.Join(err, db.Set(it.Key(), value, pebble.Sync))
		n++
	}
	if err := errors.Join(err, it.Close(), db.Close()); err != nil || n < 3 {
		t.Fatalf("%d rows rewritten: %v", n, err)
	}
}

// FuzzDecodeCopied: what is taken for a copy's row is one; all else is a foreign store.
func FuzzDecodeCopied(f *testing.F) {
	for _, b := range wiretest.Bytes(f, "identity-copy") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCopied(b)
		if err != nil && !errors.Is(err, errForeign) {
			t.Fatalf("%x: %v", b, err)
		}
		if err != nil {
			return
		}
		if again, err := decodeCopied(c.encode()); err != nil || again != c {
			t.Errorf("%x is %+v, and again %+v, %v", b, c, again, err)
		}
	})
}
