package feature

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

var taggedBook = bookOf(small + `
  - {name: last_seen, description: x, level: basic, aggregate: last_time}
  - {name: traits, description: x, level: basic, aggregate: traits, where: 'type == "identify"'}
tags:
  - {name: busy, description: x, level: behaviour, when: events_1h >= 3}
  - {name: away, description: x, level: behaviour, when: days_since_last_seen > 2}
  - {name: golden, description: x, level: basic, when: 'traits.plan == "gold"'}
`)

// sets are what a batch published.
func sets(t *testing.T, out []broker.Message) (all []*featurev1.FeatureSet) {
	t.Helper()
	for _, m := range out {
		if m.Topic == topics.Features.Name {
			fs := &featurev1.FeatureSet{}
			if err := proto.Unmarshal(m.Value, fs); err != nil {
				t.Fatal(err)
			}
			all = append(all, fs)
		}
	}
	return all
}

// since says since when a tag holds in a set, counted from the epoch of the tests; "" when it does not.
func since(b *book, fs *featurev1.FeatureSet, tag string, from time.Time) string {
	i, _ := b.catalog.Layout().Position(tag)
	ms, ok := catalog.NewVector(b.catalog.Layout(), fs.GetValues()).Int(i)
	if !ok {
		return ""
	}
	return time.UnixMilli(ms).Sub(from).String()
}

// A tag holds from the event that made it true on, keeps its since while it holds, goes with the window, and comes with time alone at the very
// millisecond, however late the timer fires.
func TestTagsFollowEventsAndTime(t *testing.T) {
	b := newBench(t)
	b.h = newHandler(taggedBook.copy(), testMetrics(t))
	begin := b.world.now
	b.batch(nil, b.event(id(1), nil), b.event(id(1), nil))
	b.world.now = begin.Add(10 * time.Minute)
	got := sets(t, b.batch(nil, b.event(id(1), nil)))
	if s := since(taggedBook, got[0], "busy", begin); s != "10m0s" {
		t.Fatalf("busy since %q, want 10m0s", s)
	}
	b.world.now = begin.Add(20 * time.Minute)
	got = sets(t, b.batch(nil, b.event(id(1), nil)))
	if s := since(taggedBook, got[0], "busy", begin); s != "10m0s" {
		t.Errorf("busy since %q after another event, want 10m0s still", s)
	}
	b.world.now = begin.Add(5 * 24 * time.Hour) // the timer is days late
	got = sets(t, b.batch(nil))
	if len(got) != 1 || got[0].GetReason() != featurev1.ChangeReason_CHANGE_REASON_TIME {
		t.Fatalf("time told %v", got)
	}
	if s := since(taggedBook, got[0], "busy", begin); s != "" {
		t.Errorf("busy since %q though the window is empty", s)
	}
	want := (20*time.Minute + 48*time.Hour + time.Millisecond).String()
	if s := since(taggedBook, got[0], "away", begin); s != want {
		t.Errorf("away since %q, want %s", s, want)
	}
}

// Traits that name a person stay in the record and are in no feature set; the others are.
func TestPersonalTraitsAreNotPublished(t *testing.T) {
	b := newBench(t)
	b.h = newHandler(taggedBook.copy(), testMetrics(t))
	out := b.batch(nil, b.event(id(1), func(e *eventv1.Event) {
		e.Type, e.TraitsJson = eventv1.EventType_EVENT_TYPE_IDENTIFY, []byte(`{"email":"ann@example.com","plan":"gold","First Name":"Ann"}`)
	}))
	got := sets(t, out)
	i, _ := taggedBook.catalog.Layout().Position("traits")
	list := catalog.NewVector(taggedBook.catalog.Layout(), got[0].GetValues()).List(i)
	if len(list) != 1 || list[0].Key != "plan" || since(taggedBook, got[0], "golden", b.world.now) != "0s" {
		t.Errorf("traits told: %v", list)
	}
	for _, m := range out {
		if m.Topic == topics.Features.Name && strings.Contains(string(m.Value), "ann@") {
			t.Error("the address is in features.v1")
		}
	}
	c, err := parseID(id(1))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := decodeRecord(taggedBook.engine, b.world.tasks[0].kv[string(c[:])], nil)
	if err != nil {
		t.Fatal(err)
	}
	kept := taggedBook.copy().at(rec, b.world.now.UnixMilli())[i].List
	if !slices.ContainsFunc(kept, func(e catalog.Entry) bool { return e.Key == "email" && e.Text == "ann@example.com" }) {
		t.Errorf("the profile has %v", kept)
	}
}
