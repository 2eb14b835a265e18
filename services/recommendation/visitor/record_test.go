package visitor

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

const start = int64(1_781_524_800_000)

func drawKept(t *rapid.T, bought bool) kept {
	kinds := []recommendationv1.TouchKind{1, 2, 3, 8}
	if bought {
		kinds = []recommendationv1.TouchKind{kindBuy, kindReturn}
	}
	k := kept{basis: rapid.Int64Range(0, 6).Draw(t, "basis"), event: rapid.Uint64Range(1, 5).Draw(t, "event"), line: rapid.Int32Range(1, 2).Draw(t, "line")}
	k.Touch = Touch{Item: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "item"), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
		AtMs: rapid.Int64Range(1, 8).Draw(t, "at"), Quantity: rapid.SampledFrom([]int64{oneUnit, 3}).Draw(t, "quantity"), Value: rapid.Int64Range(0, 2).Draw(t, "value")}
	if bought {
		k.Order = rapid.Uint64Range(0, 2).Draw(t, "order")
		k.undone = k.Kind == kindBuy && k.Order != 0 && rapid.Bool().Draw(t, "undone")
	}
	return k
}

func drawRecord(t *rapid.T) *record {
	r := newRecord("default")
	for range rapid.IntRange(0, 6).Draw(t, "touches") {
		r.looks.add(drawKept(t, false), MostTouches)
		r.bought.add(drawKept(t, true), MostBought)
		r.visit.add(drawKept(t, false), MostVisit)
	}
	r.newestMs = rapid.SampledFrom([]int64{0, 5, Pause + 3}).Draw(t, "newest")
	r.grantMs, r.denyMs = rapid.Int64Range(0, 6).Draw(t, "grant"), rapid.SampledFrom([]int64{0, 0, 2, 4}).Draw(t, "deny")
	r.pseudonym = pseudonym{number: [16]byte{rapid.Byte().Draw(t, "number")}, lastMs: rapid.Int64Range(0, 2).Draw(t, "last")}
	r.country = country{rapid.Int64Range(0, 2).Draw(t, "time"), rapid.SampledFrom([]string{"", "DE", "FR"}).Draw(t, "code")}
	r.receivedMs, r.feeder = rapid.Int64Range(0, 9).Draw(t, "received"), rapid.Bool().Draw(t, "feeder")
	for range rapid.IntRange(0, 3).Draw(t, "more") {
		r.dismiss(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "dismissed"), rapid.Int64Range(1, 4).Draw(t, "at"))
		r.segment(rapid.SampledFrom([]string{"x", "y"}).Draw(t, "segment"), membership{seq: rapid.Int64Range(1, 3).Draw(t, "seq"), in: rapid.Bool().Draw(t, "in")})
	}
	r.trim()
	return r
}

func joined(list ...*record) []byte {
	r := newRecord("default")
	for _, o := range list {
		r.join(o)
	}
	return r.encode()
}

func decoded(t interface{ Fatal(...any) }, b []byte) *record {
	r, err := decodeRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Records join in any order and grouping, and a repeat changes nothing.
func TestJoinIsASemilattice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawRecord(t), drawRecord(t), drawRecord(t)
		want := joined(a, b, c)
		for name, got := range map[string][]byte{
			"another order":    joined(c, a, b),
			"another grouping": joined(a, decoded(t, joined(b, c))),
			"a repeat":         joined(a, b, c, b, decoded(t, joined(a, c))),
		} {
			if !bytes.Equal(got, want) {
				t.Fatalf("%s: %+v\nwant %+v", name, decoded(t, got), decoded(t, want))
			}
		}
		if got := joined(a); !bytes.Equal(got, a.encode()) {
			t.Fatalf("alone: %+v, want %+v", decoded(t, got), a)
		}
	})
}

// Bounded sets of touches join alike, also where they are full.
func TestFullSetsJoinAlike(t *testing.T) {
	const most = 4
	rapid.Check(t, func(t *rapid.T) {
		var sets [3]touches
		for i := range sets {
			for range rapid.IntRange(0, 8).Draw(t, "touches") {
				sets[i].add(drawKept(t, true), most)
			}
		}
		join := func(list ...touches) (out touches) {
			for _, s := range list {
				out.join(s, most)
			}
			return out
		}
		withdraw := func(s touches) touches {
			out := append(touches{}, s...)
			out.drop(func(k *kept) bool { return k.basis <= 3 })
			return out
		}
		want := join(sets[0], sets[1], sets[2])
		for name, got := range map[string]touches{
			"another order": join(sets[2], sets[0], sets[1]), "another grouping": join(sets[0], join(sets[1], sets[2])), "a repeat": join(sets[0], want, sets[1]),
		} {
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %+v\nwant %+v", name, got, want)
			}
		}
		if first, last := join(withdraw(sets[0]), withdraw(sets[1])), withdraw(join(sets[0], sets[1])); len(first)+len(last) > 0 && !reflect.DeepEqual(first, last) {
			t.Fatalf("withdrawn before the join: %+v\nafter it: %+v", first, last)
		}
	})
}

// Many views crowd no purchase out, and the newest stay.
func TestViewsDoNotCrowdOutPurchases(t *testing.T) {
	r := newRecord("default")
	for i := range 2000 {
		k := kept{event: uint64(i + 1), line: 1, Touch: Touch{Item: fmt.Sprint(i), Kind: 1, AtMs: int64(i + 1), Quantity: oneUnit}}
		r.looks.add(k, MostTouches)
		if i < 3 {
			k.Kind = kindBuy
			r.bought.add(k, MostBought)
		}
	}
	if len(r.looks) != MostTouches || len(r.bought) != 3 || r.looks[0].Item != "1500" || r.looks[MostTouches-1].Item != "1999" {
		t.Errorf("%d looks from %s on, %d bought", len(r.looks), r.looks[0].Item, len(r.bought))
	}
	if fresh, full := r.looks.add(kept{event: 1, line: 1, Touch: Touch{Item: "0", Kind: 1, AtMs: 1, Quantity: oneUnit}}, MostTouches); fresh || !full {
		t.Errorf("older than all: fresh %v, full %v", fresh, full)
	}
}

// Items that are not wanted, and segments, are bounded; the newest stay.
func TestDismissedAndSegmentsAreBounded(t *testing.T) {
	r := newRecord("default")
	for i := range 1000 {
		r.dismiss(fmt.Sprint(i), int64(i+1))
		r.segment(fmt.Sprint(i), membership{seq: int64(i + 1), in: true})
	}
	_, first := r.dismissed["800"]
	if _, seen := r.dismissed["799"]; seen || !first || len(r.dismissed) != MostDismissed || len(r.segments) != MostSegments {
		t.Errorf("%d dismissed, %d segments", len(r.dismissed), len(r.segments))
	}
}

// Whatever a record says, it is read as it was written.
func TestRecordSurvivesItsEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRecord(t)
		if rapid.Bool().Draw(t, "gone") {
			r.gone = &tombstone{handedTo: "a", mergedInto: "b", epoch: rapid.Int64().Draw(t, "epoch")}
		}
		r.dueMs = rapid.Int64().Draw(t, "due")
		got := decoded(t, r.encode())
		if !bytes.Equal(got.encode(), r.encode()) || !reflect.DeepEqual(got.gone, r.gone) || got.dueMs != r.dueMs {
			t.Fatalf("%+v\nwant %+v", got, r)
		}
	})
}

func TestGoldenState(t *testing.T) {
	full := newRecord("shop")
	full.newestMs, full.grantMs, full.denyMs, full.receivedMs, full.dueMs = start, start-9, start-10, start+5, start+Pause
	full.country, full.feeder, full.pseudonym = country{start, "DE"}, true, pseudonym{number: [16]byte{1, 2, 3}, lastMs: start}
	full.looks = touches{{Touch: Touch{Item: "p1", Kind: 1, AtMs: start - 5, Quantity: oneUnit}, basis: start - 9, event: hash("e1"), line: 1},
		{Touch: Touch{Item: "p1", Kind: 8, AtMs: start, Quantity: oneUnit, Value: 4_500_000}, basis: start - 9, event: hash("e2"), line: 1}}
	full.bought = touches{{Touch: Touch{Item: "p2", Kind: kindBuy, AtMs: start, Quantity: 2_500_000, Value: 12_500_000, Order: hash("o1")}, basis: start - 9, event: hash("e3"), line: 2},
		{Touch: Touch{Kind: kindBuy, AtMs: start + 1, Quantity: oneUnit, Order: hash("o1")}, basis: start - 9, event: hash("e4"), undone: true}}
	full.visit = touches{{Touch: Touch{Item: "p3", Kind: 3, AtMs: start, Quantity: oneUnit}, event: hash("e5"), line: 1}}
	full.dismissed["p9"], full.segments["vip"], full.segments["new"] = start, membership{seq: 3, in: true}, membership{seq: 2}
	gone := newRecord("default")
	gone.gone = &tombstone{handedTo: id(1), mergedInto: id(2), epoch: 300}
	wiretest.Golden(t, wiretest.Layout[*record]{Format: recordFormat, Name: "visitor-record", Version: 1, Write: (*record).encode, Read: decodeRecord,
		Examples: map[string]*record{"everything": full, "nothing": newRecord("default"), "a tombstone": gone}})
	wiretest.Golden(t, wiretest.Layout[*handover]{Format: handoverFormat, Name: "visitor-handover", Version: 1, Write: (*handover).encode, Read: decodeHandover,
		Examples: map[string]*handover{"an event": {workspace: "shop", from: id(1), hops: 2, what: handEvent, data: []byte("x")},
			"a record": {workspace: "default", from: id(2), what: handRecord, data: newRecord("default").encode()}}})
	wiretest.Golden(t, wiretest.Layout[[]byte]{Name: "visitor-keys", Version: 1, Write: func(b []byte) []byte { return b },
		Examples: map[string][]byte{"a visitor": visitorKey(id(1)), "a workspace": workspaceKey("shop"), "the sequence": []byte(keySequence)}})
}

func TestStateOfANewerReleaseIsToldApart(t *testing.T) {
	for name, decode := range map[string]func([]byte) error{
		"record":   func(b []byte) error { _, err := decodeRecord(b); return err },
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

// FuzzDecoders: damaged state is an error and never a panic, and what is read is written again as it says.
func FuzzDecoders(f *testing.F) {
	for _, b := range wiretest.Bytes(f, "visitor-*") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := decodeRecord(data); err == nil {
			if again, err := decodeRecord(r.encode()); err != nil || !bytes.Equal(again.encode(), r.encode()) {
				t.Errorf("%+v decodes again to %+v, %v", r, again, err)
			}
		}
		if h, err := decodeHandover(data); err == nil {
			if again, err := decodeHandover(h.encode()); err != nil || !reflect.DeepEqual(again, h) {
				t.Errorf("%+v decodes again to %+v, %v", h, again, err)
			}
		}
	})
}

// A full record, for the bytes it takes: reported.
func TestBytesOfARecord(t *testing.T) {
	r, rng := newRecord("default"), rand.New(rand.NewPCG(1, 2))
	at := start
	for i := range 3000 {
		at += rng.Int64N(600_000)
		k := kept{event: rng.Uint64(), line: 1, Touch: Touch{Item: fmt.Sprintf("P%06d", rng.IntN(400)), Kind: 1, AtMs: at, Quantity: oneUnit}}
		if r.looks.add(k, MostTouches); i%9 == 0 {
			k.Kind, k.Order, k.Value = kindBuy, rng.Uint64(), rng.Int64N(100_000_000)
			r.bought.add(k, MostBought)
		}
	}
	if n := len(r.encode()); n > 30_000 {
		t.Errorf("a full record takes %d bytes", n)
	} else {
		t.Logf("a full record, %d looks and %d purchases: %d bytes", len(r.looks), len(r.bought), n)
	}
}
