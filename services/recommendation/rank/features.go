package rank

import (
	"math"
	"slices"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// feature makes one number of a candidate. source is the number of a source in the pool, for features of a source; -1: the pool does not have it.
type feature struct {
	name string
	make func(p *Pool, i, source int) float64
}

var unknown = math.NaN()

// ofSource are there for each source, as "name.feature".
var ofSource = []feature{
	// place is 1 by the place among the source's candidates; 0 where it is not among them.
	{"place", func(p *Pool, i, s int) float64 {
		if x := p.of(i)[s]; x.place > 0 {
			return 1 / float64(x.place)
		}
		return 0
	}},
	// score is the share of the source's highest score.
	{"score", func(p *Pool, i, s int) float64 {
		if x := p.of(i)[s]; x.place > 0 && p.best[s] > 0 {
			return x.score / p.best[s]
		}
		return 0
	}},
	// strength is the score itself: sources know when they know little.
	{"strength", func(p *Pool, i, s int) float64 {
		if x := p.of(i)[s]; x.place > 0 {
			return x.score
		}
		return 0
	}},
}

// ofItem are there once.
var ofItem = []feature{
	{"sources", func(p *Pool, i, _ int) float64 {
		n := 0
		for _, x := range p.of(i) {
			if x.place > 0 {
				n++
			}
		}
		return float64(n)
	}},
	{"popular", func(p *Pool, i, _ int) float64 {
		if p.Popular == nil {
			return unknown
		}
		return math.Log2(max(p.Popular(p.items[i]), 1e-9))
	}},
	{"history", func(p *Pool, _, _ int) float64 { return float64(len(p.History)) }},
	{"session", func(p *Pool, _, _ int) float64 { return float64(len(p.Session)) }},
	{"times", func(p *Pool, i, _ int) float64 { return float64(p.touched[i].times) }},
	{"moments", func(p *Pool, i, _ int) float64 { return float64(p.touched[i].moments) }},
	{"ago", func(p *Pool, i, _ int) float64 { // how many touches ago the visitor touched it last, from 1
		if p.touched[i].times == 0 {
			return unknown
		}
		return float64(len(p.History) - p.touched[i].place)
	}},
	{"days", func(p *Pool, i, _ int) float64 { return days(p.NowMs, p.touched[i].lastMs) }},
	{"rhythm", func(p *Pool, i, _ int) float64 { return p.touched[i].rhythm(p.NowMs) }},
	{"viewed", func(p *Pool, i, _ int) float64 { return p.counted(i, p.touched[i].viewed) }},
	{"carted", func(p *Pool, i, _ int) float64 { return p.counted(i, p.touched[i].carted) }},
	{"bought", func(p *Pool, i, _ int) float64 { return p.counted(i, p.touched[i].bought) }},
	{"due", func(p *Pool, i, _ int) float64 { // days since it was bought, by its cycle: 1 is when it is used up
		t := p.touched[i]
		if p.Cycle == nil || t.lastMs == 0 || p.NowMs == 0 {
			return unknown
		}
		at := t.boughtMs
		if !t.kinds { // what was done is not known: all touches are purchases, or none is
			at = t.lastMs
		}
		cycle := p.Cycle(p.items[i])
		if cycle <= 0 || at == 0 {
			return unknown
		}
		return float64(p.NowMs-at) / float64(cycle)
	}},
	{"price", func(p *Pool, i, _ int) float64 { return math.Log2(p.kinds[i].price) - p.taste.price }},
	{"category", func(p *Pool, i, _ int) float64 { return p.taste.share(p.taste.categories, p.kinds[i].category) }},
	{"brand", func(p *Pool, i, _ int) float64 { return p.taste.share(p.taste.brands, p.kinds[i].brand) }},
	{"new", func(p *Pool, i, _ int) float64 {
		if p.kinds[i].createdMs > p.NowMs { // training asks of times before an item was made known
			return unknown
		}
		return days(p.NowMs, p.kinds[i].createdMs)
	}},
	{"because", func(p *Pool, i, _ int) float64 { // how many touches of the session ago the reason lies, from 1
		r, _ := p.Reason(i)
		return p.ago(r.Because)
	}},
	{"share", func(p *Pool, i, _ int) float64 {
		r, _ := p.Reason(i)
		return float64(r.Share)
	}},
	{"context", func(p *Pool, i, _ int) float64 { return p.context(i) }},
}

// days between two moments; NaN where one is not known.
func days(nowMs, thenMs int64) float64 {
	if nowMs == 0 || thenMs == 0 {
		return unknown
	}
	return float64(nowMs-thenMs) / (24 * 60 * 60 * 1000)
}

// counted is a count of touches of one kind; NaN where kinds are not known.
func (p *Pool) counted(i int, n int32) float64 {
	if p.touched[i].times > 0 && !p.touched[i].kinds {
		return unknown
	}
	return float64(n)
}

// ago is how many touches of the session ago an item was touched last, from 1; NaN: it was not.
func (p *Pool) ago(item int32) float64 {
	if item != candidate.Nothing {
		for n := 1; n <= min(len(p.Session), look); n++ { // longer ago is as good as not
			if p.Session[len(p.Session)-n] == item {
				return float64(n)
			}
		}
	}
	return unknown
}

// context is 3 where what the page is about led to the candidate, 2 where they are of one category, 1 of one brand, 0 for neither; NaN without a page.
func (p *Pool) context(i int) float64 {
	if len(p.Context) == 0 {
		return unknown
	}
	for _, x := range p.of(i) {
		if x.place > 0 && slices.Contains(p.Context, x.reason.Because) {
			return 3
		}
	}
	mine, near := &p.kinds[i], 0.0
	for _, item := range p.Context {
		switch k := p.kindOf(item); {
		case mine.category != nameless && k.category == mine.category:
			return 2
		case mine.brand != nameless && k.brand == mine.brand:
			near = 1
		}
	}
	return near
}
