// Package rates reads a dated table of exchange rates and finds the one that holds on a day. It fetches none and converts nothing.
//
// Invariants: a look-up never takes a rate from after the day, nor one older than MaxAge (TestAt, TestAtAgainstASearchOfAllLines); a table
// is read whole or not at all, with every fault told (TestFaults). A Table does not change: it may be read by many goroutines.
package rates

import "slices"

const (
	// One is a rate of 1: rates are in units of 1e-12.
	One = 1_000_000_000_000
	// MaxAge is how old a rate may be, in days: a table that nobody has filled for a month says nothing of today.
	MaxAge = 31
	// dayMS is a day in milliseconds.
	dayMS = 86_400_000
)

// Rate is what one unit of a currency is worth on a day and after.
type Rate struct {
	// E12 is the worth in 1e-12 units of the currency that the table leads to; above 0.
	E12 int64
	// Date is the day, as YYYY-MM-DD.
	Date string
	day  int32 // days since 1970
}

// Table holds rates by currency. The zero Table has none.
type Table struct {
	of map[string][]Rate // ascending by day
}

// At is the rate of a currency that holds at a moment, Unix milliseconds: the last one not after its day in UTC and at most MaxAge days
// before. It reports false when there is none.
func (t *Table) At(currency string, ms int64) (Rate, bool) {
	list := t.of[currency]
	day := int32(ms / dayMS) // no event is from before 1970
	i, found := slices.BinarySearchFunc(list, day, func(r Rate, day int32) int { return int(r.day) - int(day) })
	if !found {
		i--
	}
	if i < 0 || day-list[i].day > MaxAge {
		return Rate{}, false
	}
	return list[i], true
}

// Has says that the table has rates of a currency, of whatever day.
func (t *Table) Has(currency string) bool { return len(t.of[currency]) > 0 }

// Len is how many rates there are.
func (t *Table) Len() int {
	n := 0
	for _, list := range t.of {
		n += len(list)
	}
	return n
}

// add adds a rate.
func (t *Table) add(currency string, r Rate) {
	if t.of == nil {
		t.of = map[string][]Rate{}
	}
	t.of[currency] = append(t.of[currency], r)
}
