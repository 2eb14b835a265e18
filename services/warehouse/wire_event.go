package warehouse

import (
	"github.com/freshet/freshet/pkg/broker"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// reader reads events off their wire format into messages that it uses again, with
// strings and bytes that stay in the record: an event costs next to no allocation.
//
// Its numbers of fields are those of event.proto; TestEveryFieldHasAColumn holds them against it.
// It knows the plain shape that our writers write. At anything else (a field from
// tomorrow, a sub-message in two parts, a group, a fault) it leaves the record to the
// generated code, whose reading and whose error then count. So it can be slower than
// that code, never of another mind: TestWireReadsAsTheGeneratedCode.
//
// What it returns holds until the next record, but for strings and bytes, which hold
// as long as the record, and lists of strings and optional numbers, which are new.
type reader struct {
	resolved    eventv1.ResolvedEvent
	event       eventv1.Event
	enrichment  eventv1.Enrichment
	identifiers []*eventv1.Identifier // used again, as many as any event had
	used        int
}

// readEvent reads the value of events.raw.v1.
func (r *reader) readEvent(rec broker.Record) (*eventv1.Event, error) {
	c := cursor{rest: rec.Value}
	if r.readEventFields(&c); !c.odd && len(rec.Value) > 0 {
		return &r.event, nil
	}
	e := new(eventv1.Event)
	return e, decode(rec, e)
}

// readResolved reads the value of events.resolved.v1.
func (r *reader) readResolved(rec broker.Record) (*eventv1.ResolvedEvent, error) {
	c := cursor{rest: rec.Value}
	if r.readResolvedFields(&c); !c.odd && len(rec.Value) > 0 {
		return &r.resolved, nil
	}
	e := new(eventv1.ResolvedEvent)
	return e, decode(rec, e)
}

func (r *reader) readResolvedFields(c *cursor) {
	x := &r.resolved
	x.Reset()
	for c.next() {
		switch c.num {
		case 1:
			c.odd = c.odd || x.Event != nil
			x.Event = &r.event
			c.sub(r.readEventFields)
		case 2:
			x.CustomerId = c.text()
		case 3:
			x.IdentityEpoch = int64(c.number())
		case 4:
			x.RawPartition = int32(c.number())
		case 5:
			x.RawOffset = int64(c.number())
		case 6:
			x.RawLife = c.fixed32()
		default:
			c.odd = true
		}
	}
}

func (r *reader) readEventFields(c *cursor) {
	e := &r.event
	identifiers := e.Identifiers[:0]
	e.Reset()
	e.Identifiers, r.used = identifiers, 0
	for c.next() {
		switch c.num {
		case 1:
			e.EventId = c.text()
		case 2:
			e.Workspace = c.text()
		case 3:
			e.Source = c.text()
		case 4:
			e.Type = eventv1.EventType(int32(c.number()))
		case 5:
			e.Name = c.text()
		case 6:
			e.Identifiers = append(e.Identifiers, r.identifier(c))
		case 7:
			e.OriginalMs = int64(c.number())
		case 8:
			e.SentMs = int64(c.number())
		case 9:
			e.ReceivedMs = int64(c.number())
		case 10:
			e.OccurredMs = int64(c.number())
		case 11:
			e.ContextJson = c.bytes()
		case 12:
			e.PropertiesJson = c.bytes()
		case 13:
			e.TraitsJson = c.bytes()
		case 15:
			e.History = c.bool()
		default:
			r.readSurroundings(c, e)
		}
	}
}

// readSurroundings reads the sub-messages of an event.
func (r *reader) readSurroundings(c *cursor, e *eventv1.Event) {
	switch c.num {
	case 14:
		c.odd = c.odd || e.Order != nil
		e.Order = new(eventv1.Order)
		c.sub(func(c *cursor) { readOrder(c, e.Order) })
	case 16:
		c.odd = c.odd || e.Enrichment != nil
		r.enrichment.Reset()
		e.Enrichment = &r.enrichment
		c.sub(r.readEnrichment)
	case 17:
		c.odd = c.odd || e.Consent != nil
		e.Consent = new(eventv1.Consent)
		c.sub(func(c *cursor) { readConsent(c, e.Consent) })
	case 18:
		c.odd = c.odd || e.Plan != nil
		e.Plan = new(eventv1.PlanCheck)
		c.sub(func(c *cursor) { readPlan(c, e.Plan) })
	case 19:
		note := new(eventv1.Note)
		c.sub(func(c *cursor) { readNote(c, note) })
		e.Notes = append(e.Notes, note)
	case 20:
		c.odd = c.odd || e.Alias != nil
		e.Alias = new(eventv1.Alias)
		c.sub(func(c *cursor) { readAlias(c, e.Alias) })
	default:
		c.odd = true
	}
}

// identifier reads one into a message that was used before.
func (r *reader) identifier(c *cursor) *eventv1.Identifier {
	if r.used == len(r.identifiers) {
		r.identifiers = append(r.identifiers, new(eventv1.Identifier))
	}
	id := r.identifiers[r.used]
	r.used++
	id.Type, id.Value = "", ""
	in := cursor{rest: c.bytes()}
	for in.next() {
		switch in.num {
		case 1:
			id.Type = in.text()
		case 2:
			id.Value = in.text()
		default:
			in.odd = true
		}
	}
	c.odd = c.odd || in.odd
	return id
}
