package retail

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/money"
)

func (inv *Invoice) addProduct(code, name string, quantity int64, price string) {
	b := inv.products
	if len(b) > 0 {
		b = append(b, ',')
	}
	b = append(b, `{"product_id":`...)
	b = appendText(b, code)
	if name != "" {
		b = append(b, `,"name":`...)
		b = appendText(b, name)
	}
	b = append(b, `,"quantity":`...)
	b = strconv.AppendInt(b, quantity, 10)
	b = append(b, `,"price":`...)
	b = append(b, price...)
	inv.products = append(b, '}')
}

// appendText writes a JSON string; the file's texts hold quotes and pound signs.
func appendText(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...) // strings always marshal
	}
	return append(b, quoted...)
}

// EventName is what the invoice is called in Freshet's vocabulary.
func (inv *Invoice) EventName() string {
	switch {
	case strings.HasPrefix(inv.Number, "C"):
		return "Order Refunded"
	case strings.HasPrefix(inv.Number, "A"):
		return "Order Adjusted"
	}
	return "Order Completed"
}

// MessageID is the event's id: the same for every replay.
func (inv *Invoice) MessageID() string { return "online-retail-" + inv.Number }

// Person is what the invoice is identified by, as `type:value`.
func (inv *Invoice) Person() string {
	if inv.Customer != "" {
		return "user_id:" + inv.Customer
	}
	return "anonymous_id:invoice-" + inv.Number
}

// Event writes the invoice as one item of POST /v1/import, moved in time by shift.
func (inv *Invoice) Event(shift time.Duration) []byte {
	b := make([]byte, 0, len(inv.products)+400)
	b = append(b, `{"type":"track","messageId":`...)
	b = appendText(b, inv.MessageID())
	b = append(b, `,"timestamp":"`...)
	b = inv.At.Add(shift).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	if inv.Customer != "" {
		b = append(b, `","userId":`...)
		b = appendText(b, inv.Customer)
	} else {
		b = append(b, `","anonymousId":`...)
		b = appendText(b, "invoice-"+inv.Number)
	}
	b = append(b, `,"event":"`...)
	b = append(b, inv.EventName()...)
	b = append(b, `","properties":{"order_id":`...)
	b = appendText(b, inv.Number)
	if inv.EventName() == "Order Adjusted" {
		b = append(b, `,"adjusted":true`...)
	}
	b = append(b, `,"currency":"GBP","total":`...)
	b = append(b, money.Format(inv.TotalMicros)...)
	b = append(b, `,"country":`...)
	b = appendText(b, inv.Country)
	b = append(b, `,"products":[`...)
	b = append(b, inv.products...)
	return append(b, "]}}"...)
}

// ShiftTo is the constant that moves the last invoice to a time, to the whole second.
func ShiftTo(invoices []*Invoice, at time.Time) time.Duration {
	if len(invoices) == 0 {
		return 0
	}
	return at.Truncate(time.Second).Sub(invoices[len(invoices)-1].At)
}
