package decode

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// readID finds the order's number: order_id, else v1's id, else order_number. Without one the event is kept and is no order.
func (r *orderReader) readID(f *orderFields) {
	unreadable := false
	for _, m := range []struct {
		path string
		raw  []byte
	}{{"properties.order_id", f.orderID}, {"properties.id", f.id}, {"properties.order_number", f.number}} {
		if m.raw == nil {
			continue
		}
		id, problem := code(m.raw)
		if problem == "" && r.noNumber(id) {
			problem = fmt.Sprintf("%.40q is what programs send for no number", id)
		}
		if problem == "" {
			r.order.OrderId = id
			return
		}
		unreadable = true
		r.w.Note(NoteUnreadableOrderID, m.path, problem+": send the order's number as a text")
	}
	if !unreadable {
		r.w.Note(NoteMissingOrderID, "properties.order_id", "an order without a number is kept as an event and is no order: send order_id")
	}
}

// noNumber says that a value stands for no order: one that programs send in place of an id. A number of digits alone is one, whatever its
// digits are: a shop has a 111,111th order.
func (r *orderReader) noNumber(id string) bool {
	if strings.Trim(id, "0123456789") == "" && strings.Trim(id, "0") != "" {
		return false
	}
	return r.o.Rules.Placeholders.Strikes(customer.TypeUserID, id)
}

// code reads what numbers or names a thing: a text, or a number as its digits, because many shops number their orders: 12345.0 and 1.2345e4
// are 12345. problem says why it cannot be read.
func code(raw []byte) (id, problem string) {
	switch {
	case raw[0] == '"':
		id = strings.TrimSpace(view(jsonscan.Text(raw)))
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		id = digitsOf(raw)
	default:
		return "", "is " + kind(raw)
	}
	if len(id) > MaxID {
		return "", fmt.Sprintf("is longer than %d bytes", MaxID)
	}
	return id, ""
}

// digitsOf writes a number without a fraction that is zero and without an exponent, when it is whole; else as it came.
func digitsOf(raw []byte) string {
	if integer(raw) {
		return view(raw)
	}
	mantissa, exponent, ok := cutExponent(raw)
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	fraction = bytes.TrimRight(fraction, "0")
	if !ok || exponent < len(fraction) || len(whole)+exponent > MaxID {
		return view(raw)
	}
	digits := string(whole) + string(fraction) + strings.Repeat("0", exponent-len(fraction))
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		return "0"
	}
	return sign + digits
}

// cutExponent parts a JSON number at its e; false when the exponent is negative or large, so that the number is no id.
func cutExponent(raw []byte) (mantissa []byte, exponent int, ok bool) {
	at := bytes.IndexAny(raw, "eE")
	if at < 0 {
		return raw, 0, true
	}
	for _, c := range bytes.TrimPrefix(raw[at+1:], []byte("+")) {
		if c == '-' || exponent > MaxID {
			return raw, 0, false
		}
		exponent = exponent*10 + int(c-'0')
	}
	return raw[:at], exponent, true
}
