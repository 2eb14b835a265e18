package repurchase

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/freshet/freshet/services/recommendation/past"
)

const dayMs = 24 * 3600 * 1000

// Options of learning. Start with DefaultOptions.
type Options struct {
	// Shrink is how many gaps of its own an item needs to count as much as its category, and a category as much as the shop. Zero or more.
	Shrink float64
	// MinBuyers is how many customers must have bought an item for it to have a cycle of its own. Below it the category speaks. 1 or more.
	MinBuyers int
}

// DefaultOptions suits shops of some thousand orders.
func DefaultOptions() Options { return Options{Shrink: 10, MinBuyers: 3} }

// Cycle is when something is bought again, by one customer.
type Cycle struct {
	// Days is the median time until then, of those who do. Above 0.
	Days float64 `json:"days"`
	// Spread is the standard deviation of its natural logarithm. Above 0.
	Spread float64 `json:"spread"`
	// Again is the share of purchases that another one follows, 0 to 1.
	Again float64 `json:"again"`
	// Gaps is how many times were seen between two purchases, and Buyers how many customers bought.
	Gaps   int `json:"gaps"`
	Buyers int `json:"buyers"`
}

// Learned is what training finds: the cycles of a shop, of its categories and its items, each shrunk already.
type Learned struct {
	// Version is of the form. It is 1.
	Version    int              `json:"version"`
	Shop       Cycle            `json:"shop"`
	Categories map[string]Cycle `json:"categories"`
	Items      map[string]Cycle `json:"items"`
}

// seen is what was seen of one item or category: the logarithms of the gaps in days.
type seen struct {
	logs   []float64
	buyers int
}

func (s *seen) add(logs []float64) { s.logs, s.buyers = append(s.logs, logs...), s.buyers+1 }

// Learn finds the cycles in purchases, which must be as past.Purchases gives them; category says where an item stands, empty for nowhere. It is a pure function.
func Learn(bought []past.Deed[past.Line], category func(item string) string, o Options) *Learned {
	var shop seen
	categories, items := map[string]*seen{}, map[string]*seen{}
	days := map[past.Line][]int64{}
	for _, d := range bought {
		days[d.Key] = append(days[d.Key], d.AtMs)
	}
	for _, line := range sortedLines(days) {
		logs := gaps(days[line])
		shop.add(logs)
		of(items, line.Item).add(logs)
		if c := category(line.Item); c != "" {
			of(categories, c).add(logs)
		}
	}
	l := &Learned{Version: 1, Categories: map[string]Cycle{}, Items: map[string]Cycle{}}
	// A shop without a single gap: a month, and nobody comes again.
	l.Shop = shop.shrunk(Cycle{Days: 30, Spread: 1, Again: 0}, min(o.Shrink, 1))
	for c, s := range categories {
		l.Categories[c] = s.shrunk(l.Shop, o.Shrink)
	}
	for item, s := range items {
		if s.buyers < o.MinBuyers {
			continue
		}
		over, ok := l.Categories[category(item)]
		if !ok {
			over = l.Shop
		}
		l.Items[item] = s.shrunk(over, o.Shrink)
	}
	return l
}

func of(m map[string]*seen, key string) *seen {
	s := m[key]
	if s == nil {
		s = &seen{}
		m[key] = s
	}
	return s
}

func sortedLines(m map[past.Line][]int64) []past.Line {
	out := make([]past.Line, 0, len(m))
	for l := range m {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b past.Line) int {
		if a.Customer != b.Customer {
			if a.Customer < b.Customer {
				return -1
			}
			return 1
		}
		if a.Item < b.Item {
			return -1
		}
		return 1
	})
	return out
}

// gaps are the logarithms of the days between purchases of one thing. Purchases less than a day apart are one.
func gaps(at []int64) []float64 {
	slices.Sort(at)
	var logs []float64
	last := at[0]
	for _, ms := range at[1:] {
		if ms-last >= dayMs {
			logs = append(logs, math.Log(float64(ms-last)/dayMs))
			last = ms
		}
	}
	return logs
}

// shrunk draws what was seen toward what is known of what stands above.
func (s *seen) shrunk(over Cycle, by float64) Cycle {
	n := float64(len(s.logs))
	c := Cycle{Days: over.Days, Spread: over.Spread, Gaps: len(s.logs), Buyers: s.buyers}
	if n > 0 {
		slices.Sort(s.logs)
		mid := median(s.logs)
		c.Days = math.Exp((n*mid + by*math.Log(over.Days)) / (n + by))
		off := make([]float64, len(s.logs))
		for i, l := range s.logs {
			off[i] = math.Abs(l - mid)
		}
		slices.Sort(off)
		c.Spread = max(math.Sqrt((n*sq(1.4826*median(off))+by*sq(over.Spread))/(n+by)), .1)
	}
	if all := n + float64(s.buyers) + by; all > 0 { // each purchase is followed by one or, the last of each buyer, not yet
		c.Again = (n + by*over.Again) / all
	}
	return c
}

func sq(x float64) float64 { return x * x }

// median of sorted values.
func median(v []float64) float64 {
	n := len(v)
	if n%2 == 1 {
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}

// Encode writes it for the bundle. Equal cycles give equal bytes.
func (l *Learned) Encode() ([]byte, error) { return json.Marshal(l) }

func parse(data []byte) (*Learned, error) {
	var l Learned
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, fmt.Errorf("read the cycles: %w", err)
	}
	if l.Version != 1 {
		return nil, fmt.Errorf("read the cycles: they have version %d, this program reads 1: train anew", l.Version)
	}
	for what, m := range map[string]map[string]Cycle{"the shop": {"": l.Shop}, "category": l.Categories, "item": l.Items} {
		for name, c := range m {
			if !(c.Days > 0 && c.Spread > 0 && c.Again >= 0 && c.Again <= 1) {
				return nil, fmt.Errorf("read the cycles: %s %q has %v days, spread %v, again %v: want above 0, above 0, 0 to 1", what, name, c.Days, c.Spread, c.Again)
			}
		}
	}
	return &l, nil
}
