package decode

import (
	"fmt"
	"strings"

	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
	"github.com/freshet/freshet/services/collector/rates"
)

// noCurrency is ISO 4217's code for "no currency".
const noCurrency = "XXX"

// readCurrency reads what currency the order names.
func (r *orderReader) readCurrency(raw []byte) {
	r.order.Currency, r.hint = noCurrency, r.o.Rules.Currency
	if raw == nil {
		return
	}
	if raw[0] != '"' {
		r.odd = true
		r.w.Note(NoteUnknownCurrency, "properties.currency", "is "+kind(raw)+": send a code of ISO 4217, such as EUR")
		return
	}
	sent := view(jsonscan.Text(raw))
	code, known := money.Currency(sent)
	if !known {
		code = strings.ToUpper(strings.TrimSpace(sent))
		if code == noCurrency {
			return
		}
		// Points of a loyalty programme, a crypto currency: kept as what it is, and converted where the workspace has a rate for it.
		known = len(code) == 3 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
		if !known || !r.o.Rules.Rates.Has(code) {
			r.w.Note(NoteUnknownCurrency, "properties.currency", fmt.Sprintf("%.40q is no code of ISO 4217, such as EUR", sent))
		}
	}
	if !known {
		r.odd = true
		return
	}
	r.order.Currency, r.hint = code, code
}

// sawCurrency takes note of a currency that an amount names. It is the order's, where the order names none.
func (r *orderReader) sawCurrency(line int, name, code string) {
	switch {
	case code == "" || code == r.order.Currency:
	case r.order.Currency == noCurrency:
		r.order.Currency, r.hint, r.odd = code, code, false
	default:
		r.w.Note(NoteCurrencyMismatch, r.path(line, name), fmt.Sprintf("is in %s and the order in %s, which counts", code, r.order.Currency))
	}
}

// convert says what the order is worth in the workspace's currency.
func (r *orderReader) convert() {
	order := r.order
	if order.TotalMicros == nil {
		return
	}
	to := r.o.Rules.Currency
	switch {
	case to == "":
		order.Conversion = &eventv1.Conversion{Currency: order.Currency, RateE12: rates.One}
	case order.Currency == to, order.Currency == noCurrency && !r.odd:
		order.Conversion = &eventv1.Conversion{Currency: to, RateE12: rates.One}
	case order.Currency == noCurrency: // it is in a currency, and nobody knows which: the note says so
	default:
		rate, ok := r.o.Rules.Rates.At(order.Currency, r.w.Event.OccurredMs)
		if !ok {
			r.w.Note(NoteNoRate, "properties.currency", fmt.Sprintf("there is no rate from %s to %s for the order's day, nor for the %d days before: add it to the workspace's rates", order.Currency, to, rates.MaxAge))
			return
		}
		order.Conversion = &eventv1.Conversion{Currency: to, RateE12: rate.E12, RateDate: rate.Date}
	}
}
