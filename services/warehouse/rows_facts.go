package warehouse

import (
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/broker"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// factRows are rows of dw.events, dw.order_events and dw.order_event_items.
type factRows struct {
	reader                                      reader
	workspace, id, customer, source, kind, name []string
	identifierType, identifierValue             []string
	occurred, received, sent, original          []int64
	history                                     []bool
	contextJSON, propertiesJSON, traitsJSON     []string
	epoch                                       []int64
	rawPartition                                []int32
	rawOffset                                   []int64
	rawLife                                     []uint32

	around aroundRows
	notes  noteRows
	orders orderEventRows
	items  itemRows
	live   []int64
}

func newFactRows(n int) *factRows {
	f := &factRows{around: newAroundRows(n), notes: newNoteRows(n), history: make([]bool, 0, n), rawPartition: make([]int32, 0, n)}
	room(n, &f.workspace, &f.id, &f.customer, &f.source, &f.kind, &f.name, &f.identifierType, &f.identifierValue,
		&f.contextJSON, &f.propertiesJSON, &f.traitsJSON)
	room(n, &f.occurred, &f.received, &f.sent, &f.original, &f.epoch, &f.rawOffset)
	return f
}

func (f *factRows) add(rec broker.Record) error {
	r, err := f.reader.readResolved(rec)
	if err != nil {
		return err
	}
	e := r.Event
	switch {
	case e == nil:
		return errors.New("the resolved event has no event")
	case r.CustomerId == "":
		return errors.New("customer_id is empty")
	}
	kind, err := checkEvent(e)
	if err != nil {
		return err
	}
	orderKind, err := checkOrder(e.Order)
	if err != nil {
		return err
	}
	f.addEvent(r, kind)
	if e.Order != nil {
		f.orders.add(r, orderKind)
		f.items.add(r, orderKind)
	}
	if !e.History {
		f.live = append(f.live, e.ReceivedMs)
	}
	return nil
}

func (f *factRows) addEvent(r *eventv1.ResolvedEvent, kind string) {
	e := r.Event
	var first eventv1.Identifier
	if len(e.Identifiers) > 0 && e.Identifiers[0] != nil {
		first.Type, first.Value = e.Identifiers[0].Type, e.Identifiers[0].Value
	}
	f.workspace = append(f.workspace, e.Workspace)
	f.id = append(f.id, e.EventId)
	f.customer = append(f.customer, r.CustomerId)
	f.source = append(f.source, e.Source)
	f.kind = append(f.kind, kind)
	f.name = append(f.name, e.Name)
	f.identifierType = append(f.identifierType, first.Type)
	f.identifierValue = append(f.identifierValue, first.Value)
	f.occurred = append(f.occurred, e.OccurredMs)
	f.received = append(f.received, e.ReceivedMs)
	f.sent = append(f.sent, e.SentMs)
	f.original = append(f.original, e.OriginalMs)
	f.history = append(f.history, e.History)
	f.contextJSON = append(f.contextJSON, textOf(e.ContextJson))
	f.propertiesJSON = append(f.propertiesJSON, textOf(e.PropertiesJson))
	f.traitsJSON = append(f.traitsJSON, textOf(e.TraitsJson))
	f.epoch = append(f.epoch, r.IdentityEpoch)
	f.rawPartition = append(f.rawPartition, r.RawPartition)
	f.rawOffset = append(f.rawOffset, r.RawOffset)
	f.rawLife = append(f.rawLife, r.RawLife)
	f.around.add(e)
	f.notes.add(e)
}

func (f *factRows) result() rows {
	events := table{db: schema.DW, name: "events", rows: len(f.id), columns: []column{
		{"workspace", f.workspace}, {"event_id", f.id}, {"customer_id", f.customer}, {"source", f.source},
		{"type", f.kind}, {"name", f.name},
		{"identifier_type", f.identifierType}, {"identifier_value", f.identifierValue},
		{"occurred_at", f.occurred}, {"received_at", f.received}, {"sent_at", f.sent}, {"original_at", f.original},
		{"history", f.history},
		{"context", f.contextJSON}, {"properties", f.propertiesJSON}, {"traits", f.traitsJSON},
		{"identity_epoch", f.epoch}, {"raw_partition", f.rawPartition}, {"raw_offset", f.rawOffset}, {"raw_life", f.rawLife},
	}}
	events.columns = append(events.columns, f.around.columns()...)
	events.columns = append(events.columns, f.notes.columns()...)
	return rows{tables: []table{events, f.orders.table(), f.items.table()}, live: f.live}
}

var orderKinds = map[eventv1.OrderKind]string{
	eventv1.OrderKind_ORDER_KIND_COMPLETED:       "completed",
	eventv1.OrderKind_ORDER_KIND_REFUNDED:        "refunded",
	eventv1.OrderKind_ORDER_KIND_REFUNDED_IN_ALL: "refunded_in_all",
	eventv1.OrderKind_ORDER_KIND_CANCELLED:       "cancelled",
	eventv1.OrderKind_ORDER_KIND_ADJUSTED:        "adjusted",
	eventv1.OrderKind_ORDER_KIND_UPDATED:         "updated",
}

// maxUnits is the largest quantity of a line in millionths: what Decimal(18, 6) holds.
const maxUnits = 999_999_999_999_999_999

// checkOrder refuses an order its writer should never have sent, and returns its
// kind as a word; no order gives "".
func checkOrder(o *eventv1.Order) (string, error) {
	if o == nil {
		return "", nil
	}
	kind, ok := orderKinds[o.Kind]
	if !ok {
		return "", fmt.Errorf("order kind %d is unknown", o.Kind)
	}
	for i, item := range o.Items {
		if item == nil {
			return "", fmt.Errorf("order line %d is null", i+1)
		}
		if item.QuantityMicros > maxUnits || item.QuantityMicros < -maxUnits {
			return "", fmt.Errorf("order line %d: the quantity is beyond 18 digits", i+1)
		}
	}
	return kind, nil
}
