package dataset

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/forecast"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

const (
	// lively is for how long after the newest sale a shop is taken to be selling: beyond it, the history was imported and has ended.
	lively = 7 * day
	// behind is how far facts may be behind the clock before they are to be read.
	behind = 10 * time.Second
)

// Outlook is what there is to learn a target from.
type Outlook struct {
	// Customers have done what starts a customer's history, a first order as a rule. Counted is what the target counts, of all of them.
	Customers int
	Counted   float64
	// End is until when outcomes are known, Reaches how far back from it enough customers were there.
	End     time.Time
	Reaches time.Duration
	// Imported says that the history ended long before now.
	Imported bool
	// Dates are the rows' dates, the oldest first.
	Dates []time.Time
	// Missing says in words what is missing for a training; empty when nothing is.
	Missing string
}

// moments are the features that say since when and until when there is history: those of orders where the target counts some.
func (r *Reader) moments(t *forecast.Target) (first, last string, err error) {
	pairs := [][2]string{{"first_seen", "last_seen"}, {"first_order", "last_order"}}
	if f := r.Catalog.Feature(t.Counts); f != nil && f.From == "orders" {
		slices.Reverse(pairs)
	}
	for _, p := range pairs {
		_, a := r.Catalog.Layout().Position(p[0])
		_, b := r.Catalog.Layout().Position(p[1])
		if a && b {
			return p[0], p[1], nil
		}
	}
	return "", "", fmt.Errorf("the catalogue has neither first_order and last_order nor first_seen and last_seen: a training of %s finds its dates by them", t.Name)
}

// Look finds out what there is to learn a target from, in one request that reads all customers as of now.
func (r *Reader) Look(ctx context.Context, t *forecast.Target) (*Outlook, error) {
	first, last, err := r.moments(t)
	if err != nil {
		return nil, err
	}
	n := &names{}
	if err := n.ask(r.Catalog.Layout(), first, last, t.Counts); err != nil {
		return nil, err
	}
	now := r.now().Add(-behind)
	o := &Outlook{}
	var begins []int64
	newest := int64(0)
	err = r.ask(ctx, &featurev1.GetHistoricalFeaturesRequest{DatesMs: []int64{now.UnixMilli()}, Mode: featurev1.HistoryMode_HISTORY_MODE_EVENT_TIME, Names: n.list}, answers{
		begin: func() error { o.Counted, begins, newest = 0, begins[:0], 0; return nil },
		take: func(row *featurev1.HistoricalFeatures) error {
			begun, ok := n.number(row.GetValues(), first)
			if !ok {
				return nil
			}
			begins = append(begins, begun)
			at, _ := n.number(row.GetValues(), last)
			newest = max(newest, at)
			count, _ := n.number(row.GetValues(), t.Counts)
			o.Counted += float64(count) / unit(n.kinds[2])
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	o.Customers = len(begins)
	slices.Sort(begins)
	o.End = now
	if newest > 0 && now.Sub(time.UnixMilli(newest)) > lively {
		o.End, o.Imported = time.UnixMilli(newest).UTC(), true
	}
	o.grid(t, r.Config, begins)
	return o, nil
}

// sparse is how many customers the oldest date must have: one in ten of Config.MinCustomers, or of all where there are fewer.
const sparse = 10

// grid lays the dates. A judgement needs dates that lie two horizons apart at least: rows of one horizon before the judged ones to learn from, and of one
// more before those, to choose by.
func (o *Outlook) grid(t *forecast.Target, c Config, begins []int64) {
	horizon := t.Longest()
	if len(begins) > 0 {
		at := max(1, min(c.MinCustomers, len(begins))/sparse)
		o.Reaches = max(0, o.End.Sub(time.UnixMilli(begins[at-1])))
	}
	step := max(c.Step, (2*horizon+time.Duration(c.Dates-2))/time.Duration(c.Dates-1))
	newest := o.End.Add(-horizon)
	for i := range c.Dates {
		if d := newest.Add(-time.Duration(i) * step); !d.Before(o.End.Add(-o.Reaches)) {
			o.Dates = append(o.Dates, d.UTC().Truncate(time.Millisecond))
		}
	}
	slices.Reverse(o.Dates)
	need := horizon + (2*horizon+step-1)/step*step
	var missing []string
	if o.Customers < c.MinCustomers {
		missing = append(missing, fmt.Sprintf("%d of %d customers %s", o.Customers, c.MinCustomers, who(t)))
	}
	if o.Reaches < need {
		missing = append(missing, fmt.Sprintf("history reaches %d days back, %s needs %d", int(o.Reaches/day), t.Name, int((need+day-1)/day)))
	}
	o.Missing = strings.Join(missing, "; ")
}

func who(t *forecast.Target) string {
	if t.Counts == "orders_lifetime" || t.Counts == "spend_lifetime" {
		return "who bought"
	}
	return "who were seen"
}
