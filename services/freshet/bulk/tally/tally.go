// Package tally adds up what a file comes to as it would be stored, so that a person can hold it against the export. It is not for what became of
// rows: see ledger. Its memory is bounded by maxPeople; beyond, the number of customers is a lower bound and is told so (TestTheTally).
package tally

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// maxPeople is how many customers are told apart, at about 20 bytes each.
const maxPeople = 2_000_000

// Tally is a sum of events. The zero Tally is empty. For one goroutine.
type Tally struct {
	// Events are all, Orders those that sell, Refunds those that give back; Lines are the orders' and refunds' lines.
	Events, Orders, Refunds, Lines int64
	// Undated are events that name no time that can be read, but those that say what a person is: they count as of the import.
	Undated int64
	// Unvalued are orders and refunds that tell no amount.
	Unvalued int64

	sold, given map[string]*big.Int // millionths by currency
	people      map[uint64]struct{}
	dated       int64
	from, to    int64 // milliseconds
}

// Add counts an event as the collector decoded it. It does not keep it.
func (t *Tally) Add(e *eventv1.Event) {
	t.begin()
	t.Events++
	switch {
	case e.GetOriginalMs() == 0 && e.GetType() != eventv1.EventType_EVENT_TYPE_IDENTIFY: // what a person is needs no time
		t.Undated++
	case e.GetOriginalMs() == 0:
	default:
		t.dated++
		t.from, t.to = min(t.from, e.GetOccurredMs()), max(t.to, e.GetOccurredMs())
	}
	t.person(e.GetIdentifiers())
	o := e.GetOrder()
	sums := t.sold
	switch o.GetKind() {
	case eventv1.OrderKind_ORDER_KIND_COMPLETED:
		t.Orders++
	case eventv1.OrderKind_ORDER_KIND_REFUNDED, eventv1.OrderKind_ORDER_KIND_REFUNDED_IN_ALL:
		t.Refunds++
		sums = t.given
	default:
		return
	}
	t.Lines += int64(len(o.GetItems()))
	if o.TotalMicros == nil {
		t.Unvalued++
		return
	}
	sum := sums[o.GetCurrency()]
	if sum == nil {
		sum = new(big.Int)
		sums[o.GetCurrency()] = sum
	}
	micros := o.GetTotalMicros()
	if o.GetKind() != eventv1.OrderKind_ORDER_KIND_COMPLETED {
		micros = max(micros, -micros) // a refund gives back what it says, without the sign
	}
	sum.Add(sum, big.NewInt(micros))
}

func (t *Tally) begin() {
	if t.sold == nil {
		t.sold, t.given, t.people, t.from, t.to = map[string]*big.Int{}, map[string]*big.Int{}, map[uint64]struct{}{}, math.MaxInt64, math.MinInt64
	}
}

// Plus adds the sum of other events.
func (t *Tally) Plus(o *Tally) {
	t.begin()
	o.begin()
	t.Events, t.Orders, t.Refunds, t.Lines = t.Events+o.Events, t.Orders+o.Orders, t.Refunds+o.Refunds, t.Lines+o.Lines
	t.Undated, t.Unvalued, t.dated = t.Undated+o.Undated, t.Unvalued+o.Unvalued, t.dated+o.dated
	t.from, t.to = min(t.from, o.from), max(t.to, o.to)
	for mine, other := range map[*map[string]*big.Int]map[string]*big.Int{&t.sold: o.sold, &t.given: o.given} {
		for code, sum := range other {
			if (*mine)[code] == nil {
				(*mine)[code] = new(big.Int)
			}
			(*mine)[code].Add((*mine)[code], sum)
		}
	}
	for who := range o.people {
		if len(t.people) < maxPeople {
			t.people[who] = struct{}{}
		}
	}
}

// person counts whose event it is, by the first of its names, which is the surest.
func (t *Tally) person(names []*eventv1.Identifier) {
	if len(names) > 0 && len(t.people) < maxPeople {
		t.people[xxhash.Sum64String(names[0].GetType()+"\x00"+names[0].GetValue())] = struct{}{}
	}
}

// String is one line for people: "5,009 orders, 9,994 lines, 2,297,200.86 USD, 2014-01-03 to 2017-12-30, 793 customers". Days are UTC's.
func (t *Tally) String() string {
	var parts []string
	if t.Orders > 0 || t.Refunds > 0 {
		parts = append(parts, count(t.Orders, "order"), count(t.Lines, "line"))
		parts = append(parts, amounts(t.sold, "")...)
		if t.Refunds > 0 {
			parts = append(parts, count(t.Refunds, "refund"))
			parts = append(parts, amounts(t.given, " given back")...)
		}
		if t.Unvalued > 0 {
			parts = append(parts, Thousands(fmt.Sprint(t.Unvalued))+" of them without an amount")
		}
	} else {
		parts = append(parts, count(t.Events, "event"))
	}
	if t.dated > 0 {
		from, to := time.UnixMilli(t.from).UTC().Format(time.DateOnly), time.UnixMilli(t.to).UTC().Format(time.DateOnly)
		if from != to {
			from += " to " + to
		}
		parts = append(parts, from)
	}
	if t.Undated > 0 {
		parts = append(parts, Thousands(fmt.Sprint(t.Undated))+" dated at the import")
	}
	people := count(int64(len(t.people)), "customer")
	if len(t.people) >= maxPeople {
		people = "at least " + people
	}
	return strings.Join(append(parts, people), ", ")
}

func count(n int64, of string) string {
	if n != 1 {
		of += "s"
	}
	return Thousands(fmt.Sprint(n)) + " " + of
}

func amounts(sums map[string]*big.Int, behind string) (out []string) {
	for _, code := range slices.Sorted(maps.Keys(sums)) {
		says := Amount(sums[code])
		if code != "XXX" {
			says += " " + code
		}
		out = append(out, says+behind)
	}
	return out
}

// Amount writes millionths with two decimals, or as many as are there: 2,297,200.8603.
func Amount(micros *big.Int) string {
	sign, digits := "", new(big.Int).Abs(micros).String()
	if micros.Sign() < 0 {
		sign = "-"
	}
	digits = strings.Repeat("0", max(0, 7-len(digits))) + digits
	whole, decimals := digits[:len(digits)-6], strings.TrimRight(digits[len(digits)-6:], "0")
	return sign + Thousands(whole) + "." + decimals + strings.Repeat("0", max(0, 2-len(decimals)))
}

// Thousands puts commas between groups of three digits.
func Thousands(digits string) string {
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}
