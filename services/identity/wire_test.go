package identity

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/services/identity/graph"
)

func TestWireFollowsTheContract(t *testing.T) {
	for _, f := range []struct {
		message proto.Message
		name    protoreflect.Name
		number  protowire.Number
	}{
		{&eventv1.Event{}, "event_id", eventIDField},
		{&eventv1.Event{}, "workspace", workspaceField},
		{&eventv1.Event{}, "identifiers", identifiersField},
		{&eventv1.Event{}, "received_ms", receivedField},
		{&eventv1.Event{}, "order", orderField},
		{&eventv1.Event{}, "history", historyField},
		{&eventv1.Event{}, "type", typeField},
		{&eventv1.Event{}, "name", nameField},
		{&eventv1.Event{}, "occurred_ms", occurredField},
		{&eventv1.Event{}, "properties_json", propertiesField},
		{&eventv1.Event{}, "traits_json", traitsField},
		{&eventv1.Event{}, "alias", aliasField},
		{&eventv1.Alias{}, "previous_id", aliasPreviousField},
		{&eventv1.Alias{}, "trusted", aliasTrustedField},
		{&eventv1.Order{}, "order_id", orderIDField},
		{&eventv1.Identifier{}, "type", identifierTypeField},
		{&eventv1.Identifier{}, "value", identifierValueField},
		{&eventv1.ResolvedEvent{}, "event", resolvedEventField},
		{&eventv1.ResolvedEvent{}, "customer_id", resolvedCustomerField},
		{&eventv1.ResolvedEvent{}, "identity_epoch", resolvedEpochField},
		{&eventv1.ResolvedEvent{}, "raw_partition", resolvedPartitionField},
		{&eventv1.ResolvedEvent{}, "raw_offset", resolvedOffsetField},
		{&eventv1.ResolvedEvent{}, "raw_life", resolvedLifeField},
	} {
		d := f.message.ProtoReflect().Descriptor()
		if got := d.Fields().ByName(f.name); got == nil || got.Number() != f.number {
			t.Errorf("%s.%s is not field %d: %v", d.FullName(), f.name, f.number, got)
		}
	}
}

func TestParseAndEncode(t *testing.T) {
	e := event("e1", "user_id:1", "email:a@x.org")
	e.History = true
	e.Order = &eventv1.Order{OrderId: "o", TotalMicros: new(int64(-5)), Items: []*eventv1.OrderItem{{Line: 1}}}
	value, err := proto.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := parseEvent(value)
	if err != nil {
		t.Fatal(err)
	}
	if raw.id != "e1" || raw.workspace != "w" || raw.receivedMS != e.GetReceivedMs() || !raw.history || raw.orderID != "o" ||
		len(raw.identifiers) != 2 || raw.identifiers[1] != (graph.Identifier{Type: "email", Value: "a@x.org"}) {
		t.Errorf("read %+v", raw)
	}
	for _, place := range []broker.Record{{Value: value}, {Value: value, Partition: 7, Offset: 1 << 40, Life: 1 << 31}} {
		got := &eventv1.ResolvedEvent{}
		if err := proto.Unmarshal(encodeResolved(place, "c", place.Offset-1), got); err != nil {
			t.Fatal(err)
		}
		want := &eventv1.ResolvedEvent{Event: e, CustomerId: "c", IdentityEpoch: place.Offset - 1,
			RawPartition: int32(place.Partition), RawOffset: place.Offset, RawLife: place.Life}
		if !proto.Equal(got, want) {
			t.Errorf("wrote %v, want %v", got, want)
		}
	}
}

func TestWhatIsNoEvent(t *testing.T) {
	encode := func(edit func(*eventv1.Event)) []byte {
		e := event("e1", "user_id:1")
		edit(e)
		b, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	whole := encode(func(*eventv1.Event) {})
	for name, b := range map[string][]byte{
		"nothing":             nil,
		"text":                []byte("hello"),
		"cut short":           whole[:len(whole)-3],
		"no event id":         encode(func(e *eventv1.Event) { e.EventId = "" }),
		"no workspace":        encode(func(e *eventv1.Event) { e.Workspace = "" }),
		"no time of receipt":  encode(func(e *eventv1.Event) { e.ReceivedMs = 0 }),
		"received before Eve": encode(func(e *eventv1.Event) { e.ReceivedMs = -1 }),
		"bad UTF-8 in id":     append(whole, 0x0a, 1, 0xff),
	} {
		if _, err := parseEvent(b); !errors.Is(err, errEvent) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParseEvent holds the hand-written reader against the generated one.
func FuzzParseEvent(f *testing.F) {
	whole, err := proto.Marshal(event("e1", "user_id:1", "anonymous_id:a"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte{0x0a, 1, 'e', 0x12, 1, 'w', 0x48, 5, 0x32, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		raw, err := parseEvent(b)
		want := &eventv1.Event{}
		if uerr := proto.Unmarshal(b, want); err != nil || uerr != nil {
			return // it reads less than the whole, so it may accept more
		}
		if raw.id != want.GetEventId() || raw.workspace != want.GetWorkspace() || raw.receivedMS != want.GetReceivedMs() ||
			raw.history != want.GetHistory() || len(raw.identifiers) != len(want.GetIdentifiers()) {
			t.Fatalf("read %+v, the generated code reads %v", raw, want)
		}
		for i, id := range want.GetIdentifiers() {
			if raw.identifiers[i] != (graph.Identifier{Type: id.GetType(), Value: id.GetValue()}) {
				t.Fatalf("identifier %d is %v, want %v", i, raw.identifiers[i], id)
			}
		}
	})
}

func TestLinkKeysDoNotCollide(t *testing.T) {
	pairs := map[string][2]rawEvent{
		"text moved between type and value": {
			{workspace: "w", identifiers: []graph.Identifier{{Type: "a", Value: "bc"}}},
			{workspace: "w", identifiers: []graph.Identifier{{Type: "ab", Value: "c"}}}},
		"two identifiers and one": {
			{workspace: "w", identifiers: []graph.Identifier{{Type: "a", Value: "b"}, {Type: "c", Value: "d"}}},
			{workspace: "w", identifiers: []graph.Identifier{{Type: "a", Value: "b\x01c\x01d"}}}},
		"another order of priority": {
			{workspace: "w", identifiers: []graph.Identifier{{Type: "a", Value: "b"}, {Type: "c", Value: "d"}}},
			{workspace: "w", identifiers: []graph.Identifier{{Type: "c", Value: "d"}, {Type: "a", Value: "b"}}}},
	}
	for name, p := range pairs {
		if linkKey(p[0]) == linkKey(p[1]) {
			t.Errorf("%s: both are %q", name, linkKey(p[0]))
		}
	}
	if eventHash("a", "b-c") == eventHash("a-b", "c") || eventHash("w", "xe") == eventHash("wx", "e") {
		t.Error("event ids of two workspaces share a hash")
	}
}
