package decode

import (
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// readTotal is the order's value as sent: total, else revenue, else value. One that cannot be read leaves it to the next, with a note.
func (r *orderReader) readTotal(f *orderFields) (total int64, found bool) {
	for _, m := range []struct {
		name string
		raw  []byte
	}{{"total", f.total}, {"revenue", f.revenue}, {"value", f.value}} {
		if m.raw == nil {
			continue
		}
		if v, ok := r.amount(-1, m.name, m.raw); ok && !found {
			total, found = v, true
		}
	}
	return total, found
}

// readRefunded is what a refund says was given back of the order in all.
func (r *orderReader) readRefunded(f *orderFields) (all int64, found bool) {
	if r.order.Kind != eventv1.OrderKind_ORDER_KIND_REFUNDED || f.refunded == nil {
		return 0, false
	}
	return r.amount(-1, "total_refunded", f.refunded)
}

// amount reads money: a number, a text, or an object that says amount and currency. What cannot be read is noted. line is the line's place
// from 0, -1 for a member of the order itself.
func (r *orderReader) amount(line int, name string, raw []byte) (int64, bool) {
	if raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' { // as most shops send it
		micros, err := money.ParseMicros(view(raw))
		if err != nil {
			r.noteAmount(line, name, err)
		}
		return micros, err == nil
	}
	a, err := r.amountOf(raw, 0)
	if err != nil {
		r.noteAmount(line, name, err)
		return 0, false
	}
	r.sawCurrency(line, name, a.Currency)
	return a.Micros, true
}

func (r *orderReader) habit() money.Habit {
	return money.Habit{Decimal: r.o.Rules.Decimal, Currency: r.hint}
}

// amountOf reads an amount of any JSON type. depth counts the objects around it.
func (r *orderReader) amountOf(raw []byte, depth int) (money.Amount, error) {
	switch c := raw[0]; {
	case c == '"':
		return money.Read(view(jsonscan.Text(raw)), r.habit())
	case c == '{' && depth < 2:
		var f moneyFields
		r.members(raw, f.member)
		return r.moneyObject(&f, depth)
	case c == '-' || c >= '0' && c <= '9':
		micros, err := money.ParseMicros(view(raw))
		return money.Amount{Micros: micros}, err
	}
	return money.Amount{}, errors.New("is " + kind(raw) + " and no amount")
}

// noteAmount says why an amount cannot be read, and what to change.
func (r *orderReader) noteAmount(line int, name string, err error) {
	if errors.Is(err, money.ErrAmbiguous) {
		r.w.Note(NoteAmbiguousMoney, r.path(line, name), err.Error()+": send a number, or set decimal of the source or its workspace")
		return
	}
	r.w.Note(NoteUnreadableMoney, r.path(line, name), err.Error())
}

// path is where a member of the order, or of a line, is; with an empty name, where the line is.
func (r *orderReader) path(line int, name string) string {
	switch {
	case line < 0 || r.lines == "":
		return "properties." + name
	case name == "":
		return fmt.Sprintf("properties.%s[%d]", r.lines, line)
	}
	return fmt.Sprintf("properties.%s[%d].%s", r.lines, line, name)
}
