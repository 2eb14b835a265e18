package decode

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// orderNames are the names of order events in Segment's ecommerce v2, and our own for a book-keeper's correction.
var orderNames = map[eventv1.OrderKind]string{
	eventv1.OrderKind_ORDER_KIND_COMPLETED: "Order Completed",
	eventv1.OrderKind_ORDER_KIND_REFUNDED:  "Order Refunded",
	eventv1.OrderKind_ORDER_KIND_CANCELLED: "Order Cancelled",
	eventv1.OrderKind_ORDER_KIND_UPDATED:   "Order Updated",
	eventv1.OrderKind_ORDER_KIND_ADJUSTED:  "Order Adjusted",
}

// maxOrderName bounds the name of an order event, in bytes: a longer one is of something else.
const maxOrderName = 64

// orderKind tells which track events carry an order. As in Segment's own integrations, neither the case counts, nor what stands between and around
// the words (blanks, _ - . : /), nor which word comes first: "order_completed" and v1's "Completed Order" are "Order Completed".
func orderKind(name string) eventv1.OrderKind {
	if len(name) < len("orderupdated") || len(name) > maxOrderName {
		return eventv1.OrderKind_ORDER_KIND_UNSPECIFIED
	}
	var room [20]byte
	words, ok := fold(room[:0], name)
	if !ok {
		return eventv1.OrderKind_ORDER_KIND_UNSPECIFIED
	}
	switch string(words) {
	case "ordercompleted", "completedorder":
		return eventv1.OrderKind_ORDER_KIND_COMPLETED
	case "orderrefunded", "refundedorder":
		return eventv1.OrderKind_ORDER_KIND_REFUNDED
	case "ordercancelled", "cancelledorder", "ordercanceled", "canceledorder":
		return eventv1.OrderKind_ORDER_KIND_CANCELLED
	case "orderupdated", "updatedorder":
		return eventv1.OrderKind_ORDER_KIND_UPDATED
	case "orderadjusted", "adjustedorder":
		return eventv1.OrderKind_ORDER_KIND_ADJUSTED
	}
	return eventv1.OrderKind_ORDER_KIND_UNSPECIFIED
}

// fold appends a name's letters in lower case, without what people put between words. It reports false for what has other signs, or does not fit.
func fold(to []byte, name string) ([]byte, bool) {
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(name[i:])
			if !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) {
				return to, false
			}
			i += size - 1
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == ' ', c == '_', c == '-', c == '.', c == ':', c == '/', c == '\t', c == '\n', c == '\r':
			continue
		default:
			return to, false
		}
		if len(to) == cap(to) {
			return to, false
		}
		to = append(to, c)
	}
	return to, true
}

// nameOrder gives an order event the name that rules, features and questions are written for. What was sent stays visible in a note.
func (w *Work) nameOrder(kind eventv1.OrderKind) {
	name := orderNames[kind]
	if w.Event.Name == name {
		return
	}
	w.Note(NoteRenamed, "event", fmt.Sprintf("%.40q was sent and is read as %q", w.Event.Name, name))
	w.Event.Name = name
}
