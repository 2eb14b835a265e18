package decode

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

func TestOrderNames(t *testing.T) {
	for kind, names := range map[eventv1.OrderKind][]string{
		completed: {"Order Completed", "order completed", "order_completed", "Order completed", "OrderCompleted", "orderCompleted", "Order Completed ", " order completed", "completed_order", "Completed Order",
			"COMPLETED ORDER", "ORDER_COMPLETED", "order-completed", "order.completed", "Order  Completed", "order__completed", "_order_completed_", "order:completed", "Order\u00a0Completed", "order/completed", "Order - Completed", "CompletedOrder\n"},
		eventv1.OrderKind_ORDER_KIND_REFUNDED:  {"Order Refunded", "refunded_order", "orderRefunded", "order refunded"},
		eventv1.OrderKind_ORDER_KIND_CANCELLED: {"Order Cancelled", "Order Canceled", "cancelled order", "CANCELED_ORDER", "orderCanceled", "cancelledOrder"},
		eventv1.OrderKind_ORDER_KIND_UPDATED:   {"Order Updated", "order_updated", "Updated Order", "updatedOrder"},
		eventv1.OrderKind_ORDER_KIND_ADJUSTED:  {"Order Adjusted", "order_adjusted"},
		eventv1.OrderKind_ORDER_KIND_UNSPECIFIED: {"", "Order", "Completed", "Order Complete", "Order Placed", "Orders Completed", "Reorder Completed", "Order Completed 2", "Order Completed!", "Order Completed (test)", "Pre-Order Completed",
			"Checkout Step Completed", "Product Viewed", "Order Complété", "Ordér Completed", "Order Started", "Recompleted Order", "Completed", "orderrefundedorder", strings.Repeat(" ", 60) + "Order Completed",
			"ordercompletedordercompleted", "Order Completed\x00", "0rder Completed"},
	} {
		for _, name := range names {
			if got := orderKind(name); got != kind {
				t.Errorf("%q is %s, want %s", name, got, kind)
			}
		}
	}
}

// Whatever a shop puts between the words, and in whatever case and order it writes them, the event is the order's.
func TestOrderNamesInAnyWriting(t *testing.T) {
	kinds := map[string]eventv1.OrderKind{"completed": completed, "refunded": eventv1.OrderKind_ORDER_KIND_REFUNDED, "cancelled": eventv1.OrderKind_ORDER_KIND_CANCELLED, "updated": eventv1.OrderKind_ORDER_KIND_UPDATED}
	gap := rapid.SampledFrom([]string{"", " ", "_", "-", ".", "  ", " - ", "\t"})
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"completed", "refunded", "cancelled", "updated"}).Draw(t, "word")
		words := []string{"order", word}
		if rapid.Bool().Draw(t, "the other order") {
			words[0], words[1] = words[1], words[0]
		}
		name := []byte(gap.Draw(t, "before") + words[0] + gap.Draw(t, "between") + words[1] + gap.Draw(t, "behind"))
		for i := range name {
			if rapid.Bool().Draw(t, "capital") {
				name[i] = strings.ToUpper(string(name[i]))[0]
			}
		}
		if got := orderKind(string(name)); got != kinds[word] {
			t.Fatalf("%q is %s", name, got)
		}
	})
}

// Rules are written for "Order Completed": that is the event's name, and what was sent is in a note and in the body of the answer's event.
func TestAnOrderHasOneName(t *testing.T) {
	for sent, want := range map[string]string{"order_completed": "Order Completed", "Completed Order": "Order Completed", "Order Canceled": "Order Cancelled", " Order Refunded": "Order Refunded"} {
		e, notes := readAs(plainSource(), sent, `{"order_id":"1"}`)
		if e.Name != want || notes != "renamed event" || !strings.Contains(e.Notes[0].Detail, `"`+sent+`"`) {
			t.Errorf("%q became %q, %v", sent, e.Name, e.Notes)
		}
	}
	for _, sent := range []string{"Order Completed", "Order Placed", "product_viewed"} {
		if e, notes := readAs(plainSource(), sent, `{"order_id":"1"}`); e.Name != sent || notes != "" {
			t.Errorf("%q became %q, %q", sent, e.Name, notes)
		}
	}
}

func TestOtherNamesCostNoMemory(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { orderKind("Product Viewed"); orderKind("Produkt angesehen ä"); orderKind("order_completed") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkOrderKind(b *testing.B) {
	for _, name := range []string{"Product Viewed", "order_completed"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				orderKind(name)
			}
		})
	}
}
