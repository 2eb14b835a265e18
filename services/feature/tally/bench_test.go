package tally

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/expr"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// shopping is the i-th event of a shop's customer: pages, products, a cart, an order, now and then who they are.
func shopping(i int, at int64) *eventv1.Event {
	e := &eventv1.Event{
		EventId: fmt.Sprint(i), OccurredMs: at, Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Product Viewed", Source: "web",
		ContextJson: []byte(`{"device":{"type":"mobile"},"page":{"path":"/p/1"},"campaign":{"source":"mail"}}`),
		PropertiesJson: fmt.Appendf(nil, `{"product_id":"p%d","category":"c%d","brand":"b%d","price":%d.5,"quantity":1,"products":[{"product_id":"p%d","category":"c%d","brand":"b%d","price":9.5,"quantity":2}]}`,
			i%50, i%9, i%7, i%90, i%50, i%9, i%7),
	}
	switch i % 10 {
	case 0, 1, 2:
		e.Type, e.Name = eventv1.EventType_EVENT_TYPE_PAGE, "Home"
	case 3:
		e.Name = "Product Added"
	case 4:
		e.Name = "Products Searched"
	case 5:
		e.Name = "Order Completed"
	case 6:
		e.Type, e.Name, e.TraitsJson = eventv1.EventType_EVENT_TYPE_IDENTIFY, "", []byte(`{"gender":"female","age":33,"email":"a@example.com"}`)
	}
	return e
}

// known is a customer with n events spread over a year, one in ten an order.
func known(e *Engine, n int) *State {
	s := e.New()
	var x expr.Event
	for i := range n {
		at := epoch - int64(n-1-i)*365*dayMs/int64(n)
		x.Reset(shopping(i, at))
		s.Insert(&x, epoch)
		if i%10 == 5 {
			s.Post(&orderv1.Posting{AtMs: at, Orders: 1, QuantityMicros: 2_000_000, SpendMicros: 19_000_000}, false, epoch)
		}
	}
	s.Prune(epoch)
	return s
}

// ofSize is a catalogue of n counts and sums over windows, a third of them of events that never come; for 0 the shipped one.
func ofSize(tb testing.TB, n int) *catalog.Catalog {
	tb.Helper()
	whole, err := catalog.Parse(catalog.Shipped(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	if n == 0 {
		return whole
	}
	var list []map[string]any
	for i := range n {
		d := map[string]any{"name": fmt.Sprint("f", i), "description": "Drawn.", "level": "behaviour", "aggregate": "count", "windows": []string{[]string{"24h", "7d", "30d", "lifetime"}[i%4]}}
		switch i / 4 % 3 {
		case 0:
			d["where"] = fmt.Sprintf(`event == "Product Viewed" && properties.category == "c%d"`, i/4%9)
		case 1:
			d["aggregate"], d["value"], d["where"] = "sum", "properties.price", fmt.Sprintf(`event == "Product Added" && properties.brand == "b%d"`, i/4%7)
		case 2:
			d["where"] = fmt.Sprintf(`event == "Other %d"`, i)
		}
		list = append(list, d)
	}
	text, err := yaml.Marshal(map[string]any{"features": list})
	if err != nil {
		tb.Fatal(err)
	}
	c, err := catalog.Parse(nil, text)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// BenchmarkApply is what one event of a known customer costs: read the state, add, write it. Full reads every feature as well.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{6, 60, 120, 0} {
		c := ofSize(b, n)
		e := New(c.Plan())
		for _, events := range []int{10, 100, 1000} {
			value := known(e, events).Append(nil)
			name := fmt.Sprintf("features=%d/events=%d", len(c.Features), events)
			b.Run("apply/"+name, func(b *testing.B) { apply(b, c, e, value, false) })
			b.Run("full/"+name, func(b *testing.B) { apply(b, c, e, value, true) })
		}
	}
}

func apply(b *testing.B, c *catalog.Catalog, e *Engine, value []byte, full bool) {
	b.ReportAllocs()
	var readings []catalog.Reading
	var values []catalog.Value
	var out []byte
	var x expr.Event
	events := make([]*eventv1.Event, 20)
	for i := range events {
		events[i] = shopping(i, epoch+int64(i))
	}
	i, began := 0, cpu()
	for b.Loop() {
		s, _, err := e.Decode(value, nil)
		if err != nil {
			b.Fatal(err)
		}
		x.Reset(events[i%len(events)])
		s.Insert(&x, epoch)
		if full {
			at := s.AsOf(epoch)
			readings = s.Read(at, readings)
			values = c.Values(readings, at, values[:0])
			s.NextFlip(at)
		}
		out = s.Append(out[:0])
		i++
	}
	b.ReportMetric(float64(len(value)), "B/state")
	b.ReportMetric(float64(b.N)/(cpu()-began).Seconds(), "events/s-of-CPU")
}

// cpu is what this process has used of the processors: what a benchmark can go by where others use the machine as well.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestWhatAStateTakes bounds what a customer costs on disk, and says what each kind of column has of it.
func TestWhatAStateTakes(t *testing.T) {
	e := New(ofSize(t, 0).Plan())
	for events, most := range map[int]int{10: 4_000, 100: 16_000, 1000: 64_000} {
		s := known(e, events)
		got := len(s.Append(nil))
		t.Logf("%d events: %d bytes%s", events, got, byOp(s))
		if got > most {
			t.Errorf("a customer of %d events takes %d bytes, more than %d", events, got, most)
		}
	}
}

func byOp(s *State) string {
	w := writer{plan: s.e.plan}
	size := map[catalog.Op]int{}
	add := func(list cells) {
		for i := range list {
			op := s.e.plan.Columns[list[i].column].Op
			size[op] += len(w.cell(nil, op, &list[i])) + 1
		}
	}
	add(s.life)
	for _, tiles := range s.tiles {
		for i := range tiles {
			add(tiles[i].cells)
		}
	}
	var b strings.Builder
	for op := catalog.Op(1); op <= catalog.OpTraits; op++ {
		fmt.Fprintf(&b, " op%d=%d", op, size[op])
	}
	return b.String()
}
