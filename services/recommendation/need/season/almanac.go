// Package season says what is bought at which time of the year. It needs a year of history, and of each item, too: a thing that is sold since autumn is not what is bought in autumn.
//
// With n(i,m) the purchases of item i in calendar months m, n(i) all of them, and q(m) the share of all the shop's purchases that lie in m (which takes care of months that the history has twice,
// and of the shop's own busy weeks):
//
//	lift(i,m) = ((n(i,m) + S q(m)) / (n(i) + S)) / q(m)                          how many times more than others
//	z(i,m)    = (n(i,m) - n(i) q(m)) / sqrt(n(i) q(m) (1 - q(m)))                how sure it is: the score
//
// An item is of the season when lift is at least Options.MinLift, n(i,m) at least Options.MinSold, and z at least 3: of 10,000 items that know no season some ten pass by chance
// in a month. S is 10. Months are of UTC.
//
// Invariants: less than a year says nothing, and an item that is new says nothing (TestLearn); the numbers are those of the formulas (TestLearn); the file says the same (TestTheFileSaysTheSame).
package season

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/past"
)

const (
	yearMs = 365 * 24 * 3600 * 1000
	shrink = 10
	sure   = 3
)

// Options of learning. Start with DefaultOptions.
type Options struct {
	// MinLift is how many times more than the shop's an item's sales must be. Above 1.
	MinLift float64
	// MinSold is how often it must have been bought in the month. 1 or more.
	MinSold int
	// Most is how many items a month has, the surest. 1 or more.
	Most int
}

// DefaultOptions suits shops of some thousand orders.
func DefaultOptions() Options { return Options{MinLift: 2, MinSold: 5, Most: 200} }

// Word is what is said of an item in a month.
type Word struct {
	Item  string  `json:"item"`
	Score float64 `json:"score"`
	Lift  float64 `json:"lift"`
}

// Learned has the items of each month, from January, the surest first.
type Learned struct {
	// Version is of the form. It is 1.
	Version int        `json:"version"`
	Months  [12][]Word `json:"months"`
}

type counts struct {
	months  [12]float64
	all     float64
	firstMs int64
}

// Learn is a pure function of the purchases.
func Learn(bought []past.Deed[past.Line], o Options) *Learned {
	l := &Learned{Version: 1}
	items := map[string]*counts{}
	shop := counts{firstMs: math.MaxInt64}
	lastMs := int64(math.MinInt64)
	for _, d := range bought {
		c := items[d.Key.Item]
		if c == nil {
			c = &counts{firstMs: math.MaxInt64}
			items[d.Key.Item] = c
		}
		m := time.UnixMilli(d.AtMs).UTC().Month() - 1
		for _, c := range []*counts{c, &shop} {
			c.months[m]++
			c.all++
			c.firstMs = min(c.firstMs, d.AtMs)
		}
		lastMs = max(lastMs, d.AtMs)
	}
	for item, c := range items {
		if lastMs-c.firstMs < yearMs {
			continue
		}
		for m := range 12 {
			if w, ok := c.word(&shop, m, o); ok {
				w.Item = item
				l.Months[m] = append(l.Months[m], w)
			}
		}
	}
	for m := range l.Months {
		slices.SortFunc(l.Months[m], func(a, b Word) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item)) })
		l.Months[m] = l.Months[m][:min(len(l.Months[m]), o.Most)]
	}
	return l
}

func (c *counts) word(shop *counts, m int, o Options) (Word, bool) {
	q := shop.months[m] / shop.all
	if q <= 0 || q >= 1 || c.months[m] < float64(o.MinSold) {
		return Word{}, false
	}
	w := Word{
		Lift:  (c.months[m] + shrink*q) / (c.all + shrink) / q,
		Score: (c.months[m] - c.all*q) / math.Sqrt(c.all*q*(1-q)),
	}
	return w, w.Lift >= o.MinLift && w.Score >= sure
}

// Encode writes it for the bundle. Equal ones give equal bytes.
func (l *Learned) Encode() ([]byte, error) { return json.Marshal(l) }

// Entry is an item of a month.
type Entry struct {
	Item  int32
	Score float64
}

// Almanac is what was learned, in the numbers of a shelf.
type Almanac struct{ months [12][]Entry }

// Decode reads what Learned.Encode wrote. Items that the shelf does not have yet get a number there.
func Decode(data []byte, shelf *catalogue.Shelf) (*Almanac, error) {
	var l Learned
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("read the seasons: %w", err)
	}
	if l.Version != 1 {
		return nil, fmt.Errorf("read the seasons: they have version %d, this program reads 1: train anew", l.Version)
	}
	a := &Almanac{}
	for m, words := range l.Months {
		for _, w := range words {
			if n, ok := shelf.Ensure(w.Item); ok && w.Score > 0 {
				a.months[m] = append(a.months[m], Entry{n, w.Score})
			}
		}
	}
	return a, nil
}

// At gives the items of the month in which a time lies, the surest first. It must not be changed.
func (a *Almanac) At(ms int64) []Entry {
	if a == nil {
		return nil
	}
	return a.months[time.UnixMilli(ms).UTC().Month()-1]
}
