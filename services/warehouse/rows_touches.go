package warehouse

import (
	"errors"
	"fmt"
	"strings"

	"github.com/freshet/freshet/pkg/broker"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// touchRows are rows of dw.touches. One that undoes another is a row like any other: the view touches_current leaves both out.
type touchRows struct {
	workspace, customer, item, kind, order, request, event, country []string
	at, received, quantity, sequence                                []int64
	value                                                           []*int64
	line, task                                                      []int32
	history, anonymous, undone                                      []bool
}

func newTouchRows(n int) *touchRows {
	t := &touchRows{}
	room(n, &t.workspace, &t.customer, &t.item, &t.kind, &t.order, &t.request, &t.event, &t.country)
	room(n, &t.at, &t.received, &t.quantity, &t.sequence)
	return t
}

// touchKind is the word of the column.
func touchKind(kind recommendationv1.TouchKind) string {
	return strings.ToLower(strings.TrimPrefix(kind.String(), "TOUCH_KIND_"))
}

// add refuses a touch that its writer should never have sent, and a kind that only a later release knows: a dead letter can be sent again.
func (t *touchRows) add(rec broker.Record) error {
	m := &recommendationv1.Touch{}
	if err := decode(rec, m); err != nil {
		return err
	}
	if m.Workspace == "" || m.CustomerId == "" || m.ItemId == "" || m.EventId == "" {
		return errors.New("workspace, customer_id, item_id and event_id must be set")
	}
	if _, known := recommendationv1.TouchKind_name[int32(m.Kind)]; !known || m.Kind == recommendationv1.TouchKind_TOUCH_KIND_UNSPECIFIED {
		return fmt.Errorf("kind %d of a touch is not known", m.Kind)
	}
	if err := checkTimes([]string{"at_ms", "received_ms"}, m.AtMs, m.ReceivedMs); err != nil {
		return err
	}
	t.workspace, t.customer, t.item = append(t.workspace, m.Workspace), append(t.customer, m.CustomerId), append(t.item, m.ItemId)
	t.kind, t.order, t.request = append(t.kind, touchKind(m.Kind)), append(t.order, m.OrderId), append(t.request, m.RequestId)
	t.event, t.country = append(t.event, m.EventId), append(t.country, m.Country)
	t.at, t.received, t.quantity = append(t.at, m.AtMs), append(t.received, m.ReceivedMs), append(t.quantity, m.QuantityMicros)
	t.sequence, t.value = append(t.sequence, m.Sequence), append(t.value, m.ValueMicros)
	t.line, t.task = append(t.line, m.Line), append(t.task, m.Partition)
	t.history, t.anonymous, t.undone = append(t.history, m.History), append(t.anonymous, m.Anonymous), append(t.undone, m.Undone)
	return nil
}

func (t *touchRows) result() rows {
	return rows{tables: []table{{db: schema.DW, name: "touches", rows: len(t.item), columns: []column{
		{"workspace", t.workspace}, {"customer_id", t.customer}, {"item_id", t.item}, {"kind", t.kind}, {"at", t.at}, {"received_at", t.received},
		{"quantity_micros", t.quantity}, {"value_micros", t.value}, {"order_id", t.order}, {"request_id", t.request},
		{"event_id", t.event}, {"line", t.line}, {"history", t.history}, {"country", t.country}, {"anonymous", t.anonymous}, {"undone", t.undone},
		{"task", t.task}, {"sequence", t.sequence},
	}}}}
}
