package feature

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog/expr"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

func TestGoldenRecord(t *testing.T) {
	const noon = 1_781_524_800_000 // 15 June 2026
	living := func(edit func(*record)) *record {
		r := mediumBook.living()
		r.version, r.publishedMs, r.timerMs = 300, noon, noon+300_000
		r.state.Insert(expr.Of(&eventv1.Event{Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Product Viewed", OccurredMs: noon}), noon)
		r.marks.raise(customerID{1, 2, 3}, numbering{partition: 0}, 70_000)
		r.marks.raise(customerID{1, 2, 3}, orderLane(3), 5)
		r.marks.raise(customerID{0xff}, numbering{partition: 63}, 1<<40)
		edit(r)
		return r
	}
	wiretest.Golden(t, wiretest.Layout[*record]{
		Format: format, Name: "feature-record", Version: 2, Write: (*record).encode,
		Read: func(b []byte) (*record, error) { return decodeRecord(mediumBook.engine, b, nil) },
		Examples: map[string]*record{
			"a living customer": living(func(*record) {}),
			"a survivor of merges": living(func(r *record) {
				r.absorb(absorption{id: customerID{9}, epoch: 12_345})
				r.absorb(absorption{id: customerID{8}, epoch: -1})
			}),
			"events of a topic that was made anew": living(func(r *record) {
				r.marks.raise(customerID{1, 2, 3}, numbering{life: 77, partition: 0}, 3)
				r.marks.raise(customerID{1, 2, 3}, numbering{life: 77, partition: 1}, 0)
			}),
			"orders went over to this one": living(func(r *record) {
				r.arrive(mark{numbering: numbering{partition: 2}, offset: 9})
				r.arrive(mark{numbering: numbering{partition: 0}, offset: 1 << 33})
			}),
			"tags that hold": living(func(r *record) {
				r.tags = []heldTag{{"big_spender", noon - 7}, {"lapsed", noon}}
			}),
			"a tombstone": {workspace: "w", version: 7, gone: &tombstone{handedTo: customerID{1}, mergedInto: customerID{2}, epoch: 99}},
		},
	})
}

// A record of a newer release is no bad record: neither in the state nor in a handover may it be put aside, or a
// customer is lost.
func TestARecordOfANewerReleaseStopsTheTask(t *testing.T) {
	newer := []byte{format.Newest + 1, 1}
	c, err := parseID(id(1))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(*bench) input{
		"in the state": func(b *bench) input {
			b.world.tasks[0].kv[string(c[:])] = newer
			return b.event(id(1), nil)
		},
		"in a handover": func(*bench) input {
			return input{topic: topics.FeatureHandover, key: id(1), value: &featurev1.Handover{Workspace: "default",
				What: &featurev1.Handover_State{State: &featurev1.MergedState{FromCustomerId: id(2), Record: newer}}}}
		},
	}
	for name, arrives := range cases {
		b := newBench(t)
		in := arrives(b)
		value, err := proto.Marshal(in.value)
		if err != nil {
			t.Fatal(err)
		}
		tx := &memoryTx{w: b.world, task: b.world.tasks[0], kv: map[string][]byte{}, timers: map[string]int64{}}
		if err := b.h.process(tx, broker.Record{Topic: in.topic.Name, Key: []byte(in.key), Value: value}); !errors.Is(err, wire.ErrNewer) || stream.IsPermanent(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
