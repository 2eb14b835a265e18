package repurchase

import (
	"math"
	"strings"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/past"
)

// Cycles answers for the items of one shelf. Many goroutines may ask at once.
type Cycles struct {
	cfg     Config
	shelf   *catalogue.Shelf
	learned *Learned
	items   []Cycle // by number; Days is 0 where the item has none of its own
}

var _ ask.Source = (*Cycles)(nil)

// Decode reads what Learned.Encode wrote. Items that the shelf does not have yet get a number there.
func Decode(data []byte, shelf *catalogue.Shelf, cfg Config) (*Cycles, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	l, err := parse(data)
	if err != nil {
		return nil, err
	}
	c := &Cycles{cfg: cfg, shelf: shelf, learned: l, items: make([]Cycle, shelf.Len())}
	for id, cycle := range l.Items {
		n, ok := shelf.Ensure(id)
		if !ok {
			continue // a full shelf: its category speaks
		}
		for int(n) >= len(c.items) {
			c.items = append(c.items, Cycle{})
		}
		c.items[n] = cycle
	}
	return c, nil
}

// Category is where an item stands, as Learn wants it; empty for nowhere.
func Category(i *catalogue.Item) string {
	if paths := i.Proto.GetCategories(); len(paths) > 0 {
		return paths[0]
	}
	return ""
}

// Of gives the cycle of an item: its own, else its category's or that of a wider one, else the shop's.
func (c *Cycles) Of(item int32) Cycle {
	if int(item) < len(c.items) && c.items[item].Days > 0 {
		return c.items[item]
	}
	for path := Category(c.shelf.Item(item)); path != ""; {
		if cycle, ok := c.learned.Categories[path]; ok {
			return cycle
		}
		i := strings.LastIndex(path, " > ")
		path = path[:max(i, 0)]
	}
	return c.learned.Shop
}

// HideUntil says until when an item that was bought need not be shown, in Unix milliseconds: a share of its cycle; of what is bought once, Config.OnceDays.
func (c *Cycles) HideUntil(item int32, boughtMs int64) int64 {
	cycle := c.Of(item)
	days := c.cfg.OnceDays
	if cycle.Again >= c.cfg.MinAgain {
		days = c.cfg.HideShare * cycle.Days
	}
	return boughtMs + int64(min(days, 36500)*dayMs)
}

// Candidates implements ask.Source.
func (c *Cycles) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	if k <= 0 || !a.Personal() {
		return dst
	}
	at := map[int32][]int64{}
	for _, d := range past.Bought(a) {
		at[d.Key] = append(at[d.Key], d.AtMs)
	}
	var best candidate.Best
	best.Reset(k)
	for item, times := range at {
		score := c.score(item, times, a.NowMs)
		if score > 0 && best.Takes(item, score) && !a.Skip(item) {
			best.Offer(candidate.Candidate{Item: item, Score: score, Reason: candidate.Reason{Kind: candidate.Due, Because: item, Share: 1}})
		}
	}
	return best.Append(dst)
}

// score is 0 for what is not due.
func (c *Cycles) score(item int32, times []int64, nowMs int64) float64 {
	cycle := c.mine(c.Of(item), times)
	days := float64(nowMs-times[len(times)-1]) / dayMs
	if days < c.cfg.Near*cycle.Days {
		return 0
	}
	if p := cycle.within(max(days, 0), c.cfg.HorizonDays); p >= c.cfg.MinScore {
		return p
	}
	return 0
}

// mine is the cycle of one customer who bought something at these times.
func (c *Cycles) mine(of Cycle, times []int64) Cycle {
	own := seen{logs: gaps(times)}
	cycle := own.shrunk(of, c.cfg.Own)
	cycle.Spread = of.Spread // of a few gaps none can be told
	return cycle
}

// within is the probability of a purchase within h days, after t days without one. The package comment has the formula.
func (c Cycle) within(t, h float64) float64 {
	f := c.by(t)
	rest := 1 - c.Again*f
	if rest <= 0 {
		return 0
	}
	return c.Again * (c.by(t+h) - f) / rest
}

// by is F: the share of those who buy again that has done so after t days.
func (c Cycle) by(t float64) float64 {
	if t <= 0 {
		return 0
	}
	return .5 * math.Erfc(-(math.Log(t)-math.Log(c.Days))/(c.Spread*math.Sqrt2))
}
