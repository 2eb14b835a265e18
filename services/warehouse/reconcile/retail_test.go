package reconcile

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/warehouse"
)

// The real file goes through the warehouse, twice: every line, unit and penny is
// there, once.
func TestTheOnlineRetailFileBalancesExactly(t *testing.T) {
	events := readRetail(t)
	w := newWorld(t, warehouse.Default().FlushEvery)
	producer := w.broker.NewProducer(broker.ProducerConfig{})
	var raw, resolved []broker.Message
	for _, r := range events {
		key := []byte(r.CustomerId)
		raw = append(raw, broker.Message{Topic: topics.EventsRaw.Name, Key: key, Value: marshal(t, r.Event)})
		resolved = append(resolved, broker.Message{Topic: topics.EventsResolved.Name, Key: key, Value: marshal(t, r)})
	}
	for _, msgs := range [][]broker.Message{raw, resolved, resolved} {
		if err := producer.Produce(t.Context(), msgs...); err != nil {
			t.Fatal(err)
		}
	}
	w.tell(events...)
	w.tell(events...)
	w.settle()
	want := OnlineRetail()
	r := w.run(func(o *Options) { o.Expected = &want })
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	if got := r.Totals[0]; got.Net() != "9747747.934" || got.Lines != 541_909 || got.Events != 25_900 || got.QuantityMicros != 5_176_450_000_000 {
		t.Errorf("totals: %+v", got)
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Error(err)
	}
	t.Log(text.String())
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	value, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// readRetail makes a resolved event of each invoice, as collector and identity would.
func readRetail(t *testing.T) []*eventv1.ResolvedEvent {
	t.Helper()
	f, err := os.Open(testkit.Data(t, "online_retail.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows := csv.NewReader(unzipped)
	if _, err := rows.Read(); err != nil {
		t.Fatal(err)
	}
	byInvoice := map[string]*eventv1.ResolvedEvent{}
	var all []*eventv1.ResolvedEvent
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		r := byInvoice[row[0]]
		if r == nil {
			r = invoice(t, row)
			byInvoice[row[0]] = r
			all = append(all, r)
		}
		addLine(t, r.Event.Order, row)
	}
}

func invoice(t *testing.T, row []string) *eventv1.ResolvedEvent {
	at, err := time.Parse(time.DateTime, row[4])
	if err != nil {
		t.Fatal(err)
	}
	person := &eventv1.Identifier{Type: "user_id", Value: strings.TrimSuffix(row[6], ".0")}
	if person.Value == "" {
		person = &eventv1.Identifier{Type: "anonymous_id", Value: row[0]}
	}
	kind := eventv1.OrderKind_ORDER_KIND_COMPLETED
	switch row[0][0] {
	case 'C':
		kind = eventv1.OrderKind_ORDER_KIND_REFUNDED
	case 'A':
		kind = eventv1.OrderKind_ORDER_KIND_ADJUSTED
	}
	return &eventv1.ResolvedEvent{CustomerId: customer.ID("default", person.Type, person.Value, 0), Event: &eventv1.Event{
		EventId: "online-retail-" + row[0], Workspace: "default", Source: "import", Type: eventv1.EventType_EVENT_TYPE_TRACK,
		Name: "Order", Identifiers: []*eventv1.Identifier{person}, History: true,
		ReceivedMs: now.UnixMilli(), OccurredMs: at.UnixMilli(),
		Order: &eventv1.Order{OrderId: row[0], Kind: kind, Currency: "GBP", Conversion: &eventv1.Conversion{Currency: "GBP", RateE12: 1e12}},
	}}
}

func addLine(t *testing.T, o *eventv1.Order, row []string) {
	quantity, err := strconv.ParseInt(row[3], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	price, err := money.ParseMicros(row[5])
	if err != nil {
		t.Fatal(err)
	}
	o.Items = append(o.Items, &eventv1.OrderItem{Line: int32(len(o.Items) + 1), ProductId: row[1], Name: row[2], QuantityMicros: quantity * 1_000_000, UnitPriceMicros: &price})
	o.TotalMicros = new(o.GetTotalMicros() + quantity*price)
}
