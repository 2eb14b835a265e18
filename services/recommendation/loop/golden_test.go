package loop

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

func TestGoldenState(t *testing.T) {
	wiretest.Golden(t, wiretest.Layout[*record]{
		Format: headFormat, Name: "loop-record", Version: 1, Write: (*record).encode, Read: decodeRecord,
		Examples: map[string]*record{
			"a tombstone": {workspace: "default", goneTo: who(7)},
			"a click that waits, an order that was told and half given back, a cart": {
				workspace: "shop", dueMs: 1_790_000_600_000,
				waiting: []word{{list: "r9", kind: kindClick, item: "x", atMs: 1_790_000_000_000, untilMs: 1_790_000_600_000}},
				deeds: []*deed{
					{kind: kindPurchase, event: 0xfeed, line: 1, item: "x", order: "n1", atMs: 1_790_000_000_001, value: 5_000_000, valued: true, named: "r1", base: 0xbeef, times: 3, untilMs: 7,
						back: []back{{event: 0xbac, line: 2, value: 2_500_000, valued: true}},
						told: &told{strength: byName, list: "r1", scene: "home", variant: "control", model: "m1", context: "category:Shoes", source: "taste", category: "Shoes", explored: true, position: 3, answeredMs: 1_790_000_000_000, value: 2_500_000, valued: true}},
					{kind: kindCart, event: 2, line: 4, item: "y", atMs: 5, base: 6, undone: true},
				},
			},
		},
	})
	wiretest.Golden(t, wiretest.Layout[*list]{
		Format: listFormat, Name: "loop-list", Version: 1, Write: (*list).encode, Read: decodeList,
		Examples: map[string]*list{
			"empty": {id: "r0", atMs: 1},
			"seen and clicked": {id: "r1", scene: "home", variant: "control", model: "m1", context: "segment:vip", atMs: 1_790_000_000_000, unseen: true, places: []place{
				{item: "x", source: "taste", category: "Shoes", explored: true, seenMs: 1_790_000_000_000, clickMs: 1_790_000_001_000, cartMs: 1_790_000_002_000, dismissMs: 1_790_000_003_000, told: 1<<kindImpression | 1<<kindClick},
				{item: "y"},
			}},
		},
	})
	wiretest.Golden(t, wiretest.Layout[*handover]{
		Format: handoverFormat, Name: "loop-handover", Version: 1, Write: (*handover).encode, Read: decodeHandover,
		Examples: map[string]*handover{
			"a record":     {workspace: "default", hops: 1, kind: handedRecord, body: []byte("head"), lists: [][]byte{[]byte("one"), []byte("two")}},
			"a late click": {workspace: "shop", hops: 2, kind: handedClick, body: []byte("touch")},
		},
	})
	wiretest.Golden(t, wiretest.Layout[[]byte]{
		Name: "loop-keys", Version: 1, Write: func(b []byte) []byte { return b },
		Examples: map[string][]byte{"a customer": headKey(testID), "a list": listKey(testID, "r1")},
	})
}

// Every value of a newer release is told from damage.
func TestStateOfANewerReleaseIsToldApart(t *testing.T) {
	for name, decode := range map[string]func([]byte) error{
		"record":   func(b []byte) error { _, err := decodeRecord(b); return err },
		"list":     func(b []byte) error { _, err := decodeList(b); return err },
		"handover": func(b []byte) error { _, err := decodeHandover(b); return err },
	} {
		if err := decode([]byte{9, 0}); !errors.Is(err, wire.ErrNewer) {
			t.Errorf("%s: %v", name, err)
		}
		if err := decode([]byte{1, 0x80}); !errors.Is(err, wire.ErrDamaged) {
			t.Errorf("a damaged %s: %v", name, err)
		}
	}
}

// randomRecord draws a set of facts of few things, so that two of them meet.
func randomRecord(t *rapid.T, base uint64) *record {
	r := &record{workspace: "default"}
	for i := range rapid.IntRange(0, 4).Draw(t, "lists") {
		l := &list{id: string(rune('a' + i)), atMs: int64(1000 + i), scene: "home", context: []string{"", "category:Shoes"}[i%2], unseen: i%2 == 0, places: []place{{item: "x"}, {item: "y"}}}
		r.give(l)
	}
	for range rapid.IntRange(0, 6).Draw(t, "words") {
		r.hear(word{list: rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "list"), item: rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "item"),
			kind: recommendationv1.FeedbackKind(rapid.IntRange(1, 5).Draw(t, "kind")), atMs: rapid.Int64Range(1000, 2000).Draw(t, "at")})
	}
	for range rapid.IntRange(0, 4).Draw(t, "deeds") {
		n := rapid.Uint64Range(1, 3).Draw(t, "event")
		r.do(&deed{kind: kindPurchase, event: n, line: 1, item: "x", order: string(rune('0' + n)), atMs: 1500, value: 7, valued: true, base: base + n})
		d := r.deeds[slices.IndexFunc(r.deeds, func(d *deed) bool { return d.event == n })]
		switch rapid.IntRange(0, 5).Draw(t, "later") {
		case 0:
			d.undone = true
		case 1:
			d.giveBack(back{event: rapid.Uint64Range(1, 2).Draw(t, "return"), line: 1, value: 2, valued: true})
		}
	}
	return r
}

// net is what stands in the end, of what was told already and what a record tells now. Readers drop repeats by their ids, and so does this.
func net(r *record, already []*recommendationv1.Outcome) map[string]int {
	var list []*recommendationv1.Outcome
	seen := map[string]bool{}
	for _, o := range slices.Concat(already, r.settle(testID, Default().windows())) {
		if !seen[o.OutcomeId] {
			seen[o.OutcomeId] = true
			list = append(list, o)
		}
	}
	return (&story{}).sum(list)
}

func copyOf(t *rapid.T, r *record) *record {
	c, err := decodeRecord(r.encode())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range r.lists {
		x, err := decodeList(l.encode())
		if err != nil {
			t.Fatal(err)
		}
		c.lists = append(c.lists, x)
	}
	return c
}

// Two sets of facts are joined in either order, twice or once, before or after they were told of, and the same stands in the end.
func TestJoinIsASemilattice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := randomRecord(t, 100), randomRecord(t, 200)
		var before []*recommendationv1.Outcome
		if rapid.Bool().Draw(t, "a was told") {
			before = append(before, a.settle(testID, Default().windows())...)
		}
		if rapid.Bool().Draw(t, "b was told") {
			before = append(before, b.settle(testID, Default().windows())...)
		}
		ab, ba, twice := copyOf(t, a), copyOf(t, b), copyOf(t, a)
		ab.join(copyOf(t, b))
		ba.join(copyOf(t, a))
		twice.join(copyOf(t, b))
		twice.join(copyOf(t, b))
		x, y, z := net(ab, before), net(ba, before), net(twice, before)
		if !reflect.DeepEqual(x, y) {
			t.Fatalf("a and b: %v\nb and a: %v", x, y)
		}
		if !reflect.DeepEqual(x, z) {
			t.Fatalf("once: %v\ntwice: %v", x, z)
		}
		fresh := copyOf(t, randomLike(a, b))
		if w := net(fresh, nil); !reflect.DeepEqual(x, w) {
			t.Fatalf("joined: %v\nall facts at once: %v", x, w)
		}
	})
}

// randomLike is the union of two records of which nothing was told.
func randomLike(a, b *record) *record {
	r := &record{workspace: "default"}
	for _, from := range []*record{a, b} {
		for _, l := range from.lists {
			c := *l
			c.places = append([]place(nil), l.places...)
			for i := range c.places {
				c.places[i].told = 0
			}
			r.give(&c)
		}
		for _, d := range from.deeds {
			c := *d
			c.told, c.times, c.back = nil, 0, nil
			r.do(&c)
			have := r.deeds[slices.IndexFunc(r.deeds, func(o *deed) bool { return o.same(d) })]
			have.undone = have.undone || d.undone
			for _, b := range d.back {
				have.giveBack(b)
			}
		}
		for _, w := range from.waiting {
			r.hear(w)
		}
	}
	return r
}
