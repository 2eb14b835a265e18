package warehouse

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// drawWire draws the bytes of a message: plain ones as a writer of today makes them, or with everything in them that wire format allows
// and much that it does not.
func drawWire(t *rapid.T, of protoreflect.MessageDescriptor, plain bool, depth int) []byte {
	var b []byte
	seen := map[protowire.Number]bool{}
	for range rapid.IntRange(0, 30).Draw(t, "fields") {
		f := of.Fields().Get(rapid.IntRange(0, of.Fields().Len()-1).Draw(t, "field"))
		if once := f.Message() != nil && !f.IsList(); plain && once && seen[f.Number()] {
			continue
		}
		seen[f.Number()] = true
		if !plain && rapid.IntRange(0, 30).Draw(t, "stranger") == 0 {
			b = append(b, drawStranger(t)...)
		}
		b = append(b, drawField(t, f, plain, depth)...)
	}
	if !plain && len(b) > 0 && rapid.IntRange(0, 20).Draw(t, "spoil") == 0 {
		at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "cut") {
			return b[:at]
		}
		b[at] = rapid.Byte().Draw(t, "byte")
	}
	return b
}

// drawField draws one field; one that is not plain may have another wire type than its own.
func drawField(t *rapid.T, f protoreflect.FieldDescriptor, plain bool, depth int) []byte {
	if !plain && rapid.IntRange(0, 30).Draw(t, "other type") == 0 {
		return drawValue(t, f.Number(), protowire.Type(rapid.IntRange(0, 5).Draw(t, "type")))
	}
	switch {
	case f.Message() != nil && depth > 4:
		return nil
	case f.Message() != nil:
		b := protowire.AppendTag(nil, f.Number(), protowire.BytesType)
		return protowire.AppendBytes(b, drawWire(t, f.Message(), plain, depth+1))
	case f.Kind() == protoreflect.StringKind && plain:
		b := protowire.AppendTag(nil, f.Number(), protowire.BytesType)
		return protowire.AppendString(b, rapid.String().Draw(t, "text"))
	case f.Kind() == protoreflect.StringKind, f.Kind() == protoreflect.BytesKind:
		return drawValue(t, f.Number(), protowire.BytesType)
	case f.Kind() == protoreflect.Fixed32Kind:
		return drawValue(t, f.Number(), protowire.Fixed32Type)
	default:
		return drawValue(t, f.Number(), protowire.VarintType)
	}
}

// drawStranger draws a field that no message has, groups among them.
func drawStranger(t *rapid.T) []byte {
	return drawValue(t, protowire.Number(rapid.IntRange(21, 5000).Draw(t, "number")), protowire.Type(rapid.IntRange(0, 5).Draw(t, "type")))
}

func drawValue(t *rapid.T, num protowire.Number, typ protowire.Type) []byte {
	b := protowire.AppendTag(nil, num, typ)
	switch typ {
	case protowire.VarintType:
		return protowire.AppendVarint(b, rapid.OneOf(rapid.Uint64Range(0, 8), rapid.Uint64()).Draw(t, "varint"))
	case protowire.BytesType:
		return protowire.AppendBytes(b, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes"))
	case protowire.Fixed32Type:
		return protowire.AppendFixed32(b, 7)
	case protowire.Fixed64Type:
		return protowire.AppendFixed64(b, 7)
	case protowire.StartGroupType:
		b = protowire.AppendVarint(protowire.AppendTag(b, 1, protowire.VarintType), 1)
		return protowire.AppendTag(b, num, protowire.EndGroupType)
	default: // the end of a group that never began
		return b
	}
}

var resolvedMessage = (&eventv1.ResolvedEvent{}).ProtoReflect().Descriptor()

// Whatever the bytes, the reader says what the generated code says of them; and it reads plain ones by itself.
func TestWireReadsAsTheGeneratedCode(t *testing.T) {
	var r reader // used again, as in a block
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.Bool().Draw(t, "plain")
		checkWire(t, &r, drawWire(t, resolvedMessage, plain, 0), plain)
	})
}

type failer interface{ Fatalf(string, ...any) }

func checkWire(t failer, r *reader, value []byte, plain bool) {
	var want eventv1.ResolvedEvent
	wantErr := decode(broker.Record{Value: value}, &want)
	got, err := r.readResolved(broker.Record{Value: value})
	if text(err) != text(wantErr) || err == nil && !proto.Equal(got, &want) {
		t.Fatalf("%x is read as\n%v, %v, the generated code reads\n%v, %v", value, got, err, &want, wantErr)
	}
	var wantEvent eventv1.Event
	wantErr = decode(broker.Record{Value: value}, &wantEvent)
	event, err := r.readEvent(broker.Record{Value: value})
	if text(err) != text(wantErr) || err == nil && !proto.Equal(event, &wantEvent) {
		t.Fatalf("%x is read as\n%v, %v, the generated code reads\n%v, %v", value, event, err, &wantEvent, wantErr)
	}
	c := cursor{rest: value}
	if r.readResolvedFields(&c); plain && c.odd {
		t.Fatalf("%x is plain and was left to the generated code", value)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzWire(f *testing.F) {
	for i := range 20 {
		value, err := proto.Marshal(fact("a", i))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
	var r reader
	f.Fuzz(func(t *testing.T, value []byte) { checkWire(t, &r, value, false) })
}

// A block gives the same columns, and the same dead letters, when each of its records has a field from tomorrow, which makes the
// generated code read all of them: nothing that the reader uses again shows in another row.
func TestColumnsAreThoseOfTheGeneratedCode(t *testing.T) {
	tomorrow := protowire.AppendVarint(protowire.AppendTag(nil, 4000, protowire.VarintType), 1)
	for _, topic := range []topics.Topic{topics.EventsRaw, topics.EventsResolved} {
		of := resolvedMessage
		if topic.Name == topics.EventsRaw.Name {
			of = of.Fields().ByName("event").Message()
		}
		t.Run(topic.Name, rapid.MakeCheck(func(t *rapid.T) {
			b := block{tp: broker.TopicPartition{Topic: topic.Name}}
			slow := b
			for i := range rapid.IntRange(1, 8).Draw(t, "records") {
				m := of.Fields() // a valid event below whatever was drawn, so that most records have a row
				value := drawWire(t, of, rapid.Bool().Draw(t, "plain"), 0)
				if valid := validWire(t, m); rapid.IntRange(0, 9).Draw(t, "valid") > 0 {
					value = append(value, valid...)
				}
				b.records = append(b.records, broker.Record{Topic: topic.Name, Offset: int64(i), Value: value})
				if len(value) > 0 { // a record without a value has none tomorrow either
					value = append(slices.Clone(tomorrow), value...)
				}
				slow.records = append(slow.records, broker.Record{Topic: topic.Name, Offset: int64(i), Value: value})
			}
			got, err1 := convert(b)
			want, err2 := convert(slow)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if diff := cmp.Diff(want.tables, got.tables, cmp.AllowUnexported(table{}, column{})); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(refused(want), refused(got)); diff != "" {
				t.Fatal(diff)
			}
		}))
	}
}

func refused(r rows) map[int64]string {
	bad := map[int64]string{}
	for _, b := range r.bad {
		bad[b.record.Offset] = text(b.err)
	}
	return bad
}

// validWire draws what makes the checks of a message pass, to be put after its other fields.
func validWire(t *rapid.T, of protoreflect.FieldDescriptors) []byte {
	e := fact("a", rapid.IntRange(0, 40).Draw(t, "fact"))
	e.Event.SentMs, e.Event.OriginalMs = 1, 1
	var m proto.Message = e.Event
	if of.ByName("customer_id") != nil {
		m = e
	}
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// notKept are the fields that no column holds, on purpose. A field that is new must get a column or a line here.
var notKept = map[string]map[string]string{
	topics.EventsResolved.Name: {
		"event.alias":                   "identity acts on it; the raw traits and context hold what was sent",
		"event.plan.plan":               "the source says which plan",
		"event.plan.version":            "the rules broken are what is counted",
		"event.plan.violations.path":    "the rules broken are what is counted",
		"event.plan.violations.message": "the rules broken are what is counted",
		"event.plan.stripped":           "what was taken out is gone on purpose",
		"event.order.items.line":        "the place in the list is the line's number",
	},
	topics.EventsRaw.Name: {
		"order": "in dw", "enrichment": "in dw", "consent": "in dw", "plan": "in dw", "notes": "in dw", "alias": "for identity",
	},
}

// Every field of an event reaches a column, or is said not to.
func TestEveryFieldHasAColumn(t *testing.T) {
	for topic, skip := range notKept {
		t.Run(topic, func(t *testing.T) {
			var whole proto.Message = fact("a", 10)
			if topic == topics.EventsRaw.Name {
				whole = fact("a", 10).Event
			}
			fill(whole.ProtoReflect())
			before := columnsOf(t, topic, whole)
			unused := maps.Clone(skip)
			eachLeaf(whole.ProtoReflect(), "", func(path string, change func()) {
				change()
				kept := !reflect.DeepEqual(before, columnsOf(t, topic, whole))
				reason := ""
				for prefix := range skip {
					if path == prefix || strings.HasPrefix(path, prefix+".") {
						reason = prefix
						delete(unused, prefix)
					}
				}
				if kept == (reason != "") {
					t.Errorf("%s: reaches a column: %t; listed in notKept: %t", path, kept, reason != "")
				}
				before = columnsOf(t, topic, whole)
			})
			if len(unused) > 0 {
				t.Errorf("notKept lists what there is not: %v", unused)
			}
		})
	}
}

// columnsOf converts one message, which must be read without the generated code.
func columnsOf(t *testing.T, topic string, m proto.Message) []table {
	t.Helper()
	value, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var r reader
	c := cursor{rest: value}
	if topic == topics.EventsRaw.Name {
		r.readEventFields(&c)
	} else {
		r.readResolvedFields(&c)
	}
	if c.odd {
		t.Errorf("the reader does not know all fields of %v", m)
	}
	out, err := convert(block{tp: broker.TopicPartition{Topic: topic}, records: []broker.Record{{Value: value}}})
	if err != nil || len(out.bad) > 0 {
		t.Fatal(err, out.bad)
	}
	return out.tables
}

// fill sets every field that is not set, one element a list.
func fill(m protoreflect.Message) {
	for i := range m.Descriptor().Fields().Len() {
		f := m.Descriptor().Fields().Get(i)
		switch {
		case f.IsList() && f.Message() != nil:
			list := m.Mutable(f).List()
			if list.Len() == 0 {
				list.AppendMutable()
			}
			list.Truncate(1)
			fill(list.Get(0).Message())
		case f.IsList():
			m.Mutable(f).List().Append(protoreflect.ValueOfString("x"))
		case f.Message() != nil:
			fill(m.Mutable(f).Message())
		case !m.Has(f):
			m.Set(f, other(f, f.Default()))
		}
	}
}

// eachLeaf calls fn for each field that is no message, with a deed that changes it.
func eachLeaf(m protoreflect.Message, path string, fn func(path string, change func())) {
	for i := range m.Descriptor().Fields().Len() {
		f := m.Descriptor().Fields().Get(i)
		name := strings.TrimPrefix(path+"."+string(f.Name()), ".")
		switch {
		case f.IsList() && f.Message() != nil:
			eachLeaf(m.Get(f).List().Get(0).Message(), name, fn)
		case f.IsList():
			list := m.Get(f).List()
			fn(name, func() { list.Append(protoreflect.ValueOfString("y")) })
		case f.Message() != nil:
			eachLeaf(m.Mutable(f).Message(), name, fn)
		default:
			fn(name, func() { m.Set(f, other(f, m.Get(f))) })
		}
	}
}

// other is a valid value that is not v.
func other(f protoreflect.FieldDescriptor, v protoreflect.Value) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(v.String() + "z")
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(append(slices.Clone(v.Bytes()), 'z'))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(!v.Bool())
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(v.Int()) + 1)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(v.Int() + 1)
	case protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(v.Uint()) + 1)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(v.Enum() + 1)
	default:
		panic("a kind of field that this test does not know: " + f.Kind().String())
	}
}
