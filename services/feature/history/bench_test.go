package history

import (
	"encoding/json"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/freshet/retail"
)

// retailFile names the Online Retail file; it is not part of the repository.
const retailFile = "FRESHET_RETAIL"

// retailWorld is the history of the file, moved so that it ends today, since facts leave the warehouse three years after their receipt: an event for each
// invoice, received when it happened.
func retailWorld(b *testing.B) *world {
	b.Helper()
	path := os.Getenv(retailFile)
	if path == "" {
		path = "../../../../../shared/data/online_retail.csv.gz"
	}
	in, err := os.Open(path)
	if err != nil {
		b.Fatalf("%v: name the Online Retail file in %s", err, retailFile)
	}
	defer in.Close()
	invoices, err := retail.Read(in)
	if err != nil {
		b.Fatal(err)
	}
	shift := time.Since(invoices[len(invoices)-1].At).Truncate(24 * time.Hour)
	w := &world{workspace: "retail"}
	kinds := map[string]eventv1.OrderKind{"Order Completed": eventv1.OrderKind_ORDER_KIND_COMPLETED, "Order Refunded": eventv1.OrderKind_ORDER_KIND_REFUNDED,
		"Order Adjusted": eventv1.OrderKind_ORDER_KIND_ADJUSTED}
	for _, inv := range invoices {
		var sent struct{ Properties json.RawMessage }
		if err := json.Unmarshal(inv.Event(0), &sent); err != nil {
			b.Fatal(err)
		}
		e := track(inv.MessageID(), inv.EventName(), inv.At.Add(shift).UnixMilli(), inv.At.Add(shift).UnixMilli(), string(sent.Properties))
		e.Order = &eventv1.Order{OrderId: inv.Number, Kind: kinds[inv.EventName()], Currency: "GBP", TotalMicros: &inv.TotalMicros,
			Conversion: &eventv1.Conversion{Currency: "GBP", RateE12: 1e12}}
		var lines struct {
			Products []struct {
				ID       string      `json:"product_id"`
				Quantity int64       `json:"quantity"`
				Price    json.Number `json:"price"`
			}
		}
		if err := json.Unmarshal(sent.Properties, &lines); err != nil {
			b.Fatal(err)
		}
		for i, p := range lines.Products {
			price, err := money.ParseMicros(p.Price.String())
			if err != nil {
				b.Fatal(err)
			}
			e.Order.Items = append(e.Order.Items, &eventv1.OrderItem{Line: int32(i + 1), ProductId: p.ID, QuantityMicros: p.Quantity * 1e6, UnitPriceMicros: &price})
		}
		e.Identifiers = []*eventv1.Identifier{{Type: customer.TypeUserID, Value: inv.Person()}}
		w.events = append(w.events, told{customer.ID("retail", "person", inv.Person(), 0), e})
	}
	return w
}

// BenchmarkOnlineRetail asks for 100,000 rows in one request, the shipped catalogue, on the Online Retail history: the rows of a training set, a customer at
// the times of purchases. rows/s is the whole of it: ClickHouse, the folding, the reading.
func BenchmarkOnlineRetail(b *testing.B) {
	f, w := newFacts(b), retailWorld(b)
	f.write(w)
	c, err := catalog.Load("")
	if err != nil {
		b.Fatal(err)
	}
	identified := map[string]bool{}
	var rows []Row
	for i := 0; len(rows) < 100_000; i++ {
		e := w.events[i%len(w.events)]
		if identified[e.customer] = true; len(e.Identifiers[0].GetValue()) > len("user_id:00000") {
			continue // an invoice without a customer: bought once
		}
		rows = append(rows, Row{Index: len(rows), Customer: e.customer, AtMs: e.OccurredMs + int64(i/len(w.events))*day})
	}
	for name, mode := range map[string]Mode{"known": Known, "event_time": EventTime} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var n, seen atomic.Int64
				err := f.reader(c).Read(b.Context(), Request{Workspace: "retail", Mode: mode, Rows: rows}, func(a Answer) error {
					if n.Add(1); a.Seen {
						seen.Add(1)
					}
					if len(a.Values) != len(c.Features) {
						return errors.New("values are missing")
					}
					return nil
				})
				if err != nil || n.Load() != int64(len(rows)) || seen.Load() != n.Load() {
					b.Fatalf("%d answers, %d seen, of %d: %v", n.Load(), seen.Load(), len(rows), err)
				}
			}
			b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(len(c.Features)), "features")
		})
	}
}
