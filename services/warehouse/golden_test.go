package warehouse

import (
	"errors"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// A plan that one release commits is landed by another, under the same token.
func TestGoldenPlan(t *testing.T) {
	type planned struct {
		at broker.Place
		p  plan
	}
	at := broker.Place{Offset: 10, Log: broker.LogID{1, 15: 2}, Life: 7, Proof: 1 << 63, TimeMs: 1 << 41}
	wiretest.Golden(t, wiretest.Layout[planned]{
		Format: planFormat, Name: "warehouse-plan", Version: planFormat.Written,
		Write: func(v planned) []byte { return []byte(v.p.encode(v.at)) },
		Read: func(b []byte) (planned, error) {
			at, p, err := decodePlan(10, string(b))
			return planned{at, p}, err
		},
		Examples: map[string]planned{"none": {at: at}, "a block": {at, plan{To: 11}}, "far away": {at, plan{To: 1 << 62}}},
	})
	wiretest.Golden(t, wiretest.Layout[block]{
		Name: "warehouse-token", Version: 1, Write: func(b block) []byte { return []byte(b.token()) },
		Examples: map[string]block{"two records": {
			tp: broker.TopicPartition{Topic: "events.raw.v1", Partition: 63}, from: 5, to: 8,
			records: []broker.Record{{Offset: 5, Key: []byte("k"), Value: []byte("one")}, {Offset: 7, Value: []byte("two")}},
		}},
	})
}

func TestAPlanOfANewerReleaseIsToldApart(t *testing.T) {
	for _, metadata := range []string{`{"layout":2,"to":11}`, `{"layout":2,"to":{"offset":11},"log":"x"}`} {
		if _, p, err := decodePlan(10, metadata); !errors.Is(err, wire.ErrNewer) {
			t.Errorf("%s was read as %+v, %v", metadata, p, err)
		}
	}
}

// FuzzDecodePlan: whatever stands in the metadata, what is taken for a plan is one, and is written and read as the same.
func FuzzDecodePlan(f *testing.F) {
	for _, b := range wiretest.Bytes(f, "warehouse-plan") {
		f.Add(int64(10), string(b))
	}
	f.Add(int64(0), `{"layout":1,"to":1e3}`)
	f.Fuzz(func(t *testing.T, from int64, metadata string) {
		at, p, err := decodePlan(from, metadata)
		if err != nil || p == (plan{}) {
			return
		}
		if _, again, err := decodePlan(from, p.encode(at)); p.To <= from || err != nil || again != p {
			t.Errorf("%q at %d is %+v, and then %+v, %v", metadata, from, p, again, err)
		}
	})
}
