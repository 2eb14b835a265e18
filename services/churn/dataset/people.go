package dataset

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/wire"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// stake is the feature by which it is told what a customer who stays is worth.
const stake = "spend_lifetime"

// person is one customer of today: what the target and the stake counted at each date and a horizon behind it, and at which dates the target was of them.
type person struct {
	before, after           []int64
	stakeBefore, stakeAfter []int64
	in                      []bool
}

// people finds everybody whom a target was of at some date, by what had happened by then, with the outcome of each. Where that are more rows than fit,
// customers are drawn.
type people struct {
	reader *Reader
	target *forecast.Target
	place  int // of the target in the file
	names  names
	dates  []time.Time
	// share is how many customers are kept as they come: the hash of the others is above it.
	share  float64
	byID   map[string]*person
	rows   int
	values []catalog.Value
}

// outcomeNames are what has to be known at a date and behind it.
func (r *Reader) people(target int, o *Outlook) (*people, error) {
	t := &r.Forecasts.Targets[target]
	p := &people{reader: r, target: t, place: target, dates: o.Dates, values: make([]catalog.Value, len(r.Catalog.Layout().Fields))}
	// Some room is left: how many of the customers the target is of at each date is not known yet.
	const room = 4
	p.share = min(1, room*float64(r.Config.Rows)/float64(max(1, o.Customers*len(o.Dates))))
	list := append([]string{t.Counts}, r.looked()...)
	if _, ok := r.Catalog.Layout().Position(stake); ok {
		list = append(list, stake)
	}
	return p, p.names.ask(r.Catalog.Layout(), list...)
}

// looked are the features and tags that conditions of targets look at.
func (r *Reader) looked() []string {
	var out []string
	for _, f := range r.Catalog.Layout().Fields {
		if r.Forecasts.Among().Uses(f.Name) {
			out = append(out, f.Name)
		}
	}
	return out
}

// draw is a customer's place in all draws, 0 to 1: who is below a share is of it.
func draw(workspace, customer string) float64 {
	h := xxhash.Sum64(wire.AppendText(wire.AppendText([]byte("freshet training"), workspace), customer))
	return float64(h>>11) / (1 << 53)
}

// read asks for the dates and those a horizon behind them, in one request.
func (p *people) read(ctx context.Context) error {
	n := len(p.dates)
	req := &featurev1.GetHistoricalFeaturesRequest{Mode: featurev1.HistoryMode_HISTORY_MODE_EVENT_TIME, Names: p.names.list}
	for _, d := range p.dates {
		req.DatesMs = append(req.DatesMs, d.UnixMilli())
	}
	if p.target.Rhythm == nil {
		for _, d := range p.dates {
			req.DatesMs = append(req.DatesMs, d.Add(p.target.Within).UnixMilli())
		}
	}
	done := 0
	err := p.reader.ask(ctx, req, answers{
		begin: func() error { p.byID, done = map[string]*person{}, 0; return nil },
		take: func(row *featurev1.HistoricalFeatures) error {
			if done++; done%10_000 == 0 {
				p.reader.tell("reading outcomes", 0, 0)
			}
			if draw(p.reader.Workspace, row.GetCustomerId()) >= p.share {
				return nil
			}
			who := p.byID[row.GetCustomerId()]
			if who == nil {
				who = newPerson(n)
				p.byID[strings.Clone(row.GetCustomerId())] = who
			}
			p.note(who, int(row.GetRow()), row)
			return nil
		},
	})
	if err != nil {
		return err
	}
	p.thin()
	return nil
}

func newPerson(n int) *person {
	all := make([]int64, 4*n)
	return &person{before: all[:n], after: all[n : 2*n], stakeBefore: all[2*n : 3*n], stakeAfter: all[3*n:], in: make([]bool, n)}
}

// note keeps what an answer says: row is the place of the date, those behind the horizons after those of the dates.
func (p *people) note(who *person, row int, a *featurev1.HistoricalFeatures) {
	count, _ := p.names.number(a.GetValues(), p.target.Counts)
	spent, _ := p.names.number(a.GetValues(), stake)
	if i := row - len(p.dates); i >= 0 {
		who.after[i], who.stakeAfter[i] = count, spent
		return
	}
	who.before[row], who.stakeBefore[row] = count, spent
	who.in[row] = p.among(a.GetValues(), &p.names, a.GetAtMs())
}

// among says whether the target is of a customer.
func (p *people) among(values []*featurev1.FeatureValue, n *names, atMs int64) bool {
	facts := n.facts(p.values, values, atMs)
	return p.reader.Forecasts.Among().Look(facts, nil).Match(atMs)[p.place]
}

// thin draws customers until the rows fit.
func (p *people) thin() {
	p.rows = 0
	for _, who := range p.byID {
		for _, in := range who.in {
			if in {
				p.rows++
			}
		}
	}
	if p.rows <= p.reader.Config.Rows {
		return
	}
	p.share *= float64(p.reader.Config.Rows) / float64(p.rows)
	p.rows = 0
	for id, who := range p.byID {
		if draw(p.reader.Workspace, id) >= p.share {
			delete(p.byID, id)
			continue
		}
		for _, in := range who.in {
			if in {
				p.rows++
			}
		}
	}
}

// asked is a row that is asked for.
type asked struct {
	who  string
	date int
}

// list are all rows, a customer's one after the other.
func (p *people) list() []asked {
	ids := make([]string, 0, len(p.byID))
	for id := range p.byID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	out := make([]asked, 0, p.rows)
	for _, id := range ids {
		for i, in := range p.byID[id].in {
			if in {
				out = append(out, asked{id, i})
			}
		}
	}
	return out
}

// drawn says in words that not everybody is in it; empty when all are.
func (p *people) drawn() string {
	if p.share >= 1 {
		return ""
	}
	return fmt.Sprintf("of all customers %.3g %% were drawn, the same at every date, so that there are about %d rows.", 100*p.share, p.reader.Config.Rows)
}
