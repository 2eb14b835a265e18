package trainset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/forecast"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// orders is the feature that labels are made of: how many orders of a customer stand.
const orders = "orders_lifetime"

// Churn says how rows are labelled: of who had an order by a date, whether they had none within the horizon behind it.
type Churn struct {
	Dates   []time.Time
	Horizon time.Duration
	// Column is the label's name.
	Column string
}

// Count is what a labelled set holds.
type Count struct{ Rows, Churned int }

// Labelled writes everybody who had bought by each date, with what was known of them then, and whether they bought no more within the horizon. A date
// whose horizon has not passed is an error: its labels are not known.
func Labelled(ctx context.Context, o Options, c Churn, now time.Time, name string, out io.Writer) (Count, error) {
	for _, d := range c.Dates {
		if end := d.Add(c.Horizon); end.After(now) {
			return Count{}, fmt.Errorf("what customers did by %s is not known yet: give dates before %s", end.UTC().Format(time.DateOnly), now.Add(-c.Horizon).UTC().Format(time.DateOnly))
		}
	}
	later, err := bought(ctx, o, c)
	if err != nil {
		return Count{}, err
	}
	if len(o.Names) > 0 && !slices.Contains(o.Names, orders) {
		o.Names = append(slices.Clone(o.Names), orders)
	}
	target := forecast.Target{Counts: orders, Outcome: forecast.None, Within: c.Horizon}
	ask := &featurev1.GetHistoricalFeaturesRequest{Mode: o.Mode, Names: o.Names, DatesMs: millis(c.Dates, 0)}
	s := &set{o: o, name: name, out: out, label: c.Column}
	count := Count{}
	err = s.ask(ctx, ask, func(_ int, cells []cell) error {
		before, known := s.orders(cells)
		after, there := later[buyer{cells[0].text, cells[1].n + c.Horizon.Milliseconds()}]
		if !known || before == 0 || !there {
			return nil
		}
		churned := int(target.Label(float64(before), float64(after)))
		count.Churned += churned
		count.Rows++
		return s.w.write(append(cells, wholeCell(int64(churned))))
	})
	if err == nil && count.Rows == 0 {
		err = fmt.Errorf("nobody had bought by %s", strings.Join(texts(c.Dates), ", "))
	}
	return count, errors.Join(err, s.close())
}

// buyer is a customer at a moment.
type buyer struct {
	id string
	at int64
}

// bought is how many orders customers had at the ends of the horizons.
func bought(ctx context.Context, o Options, c Churn) (map[buyer]int64, error) {
	o.Names, o.Progress = []string{orders}, nil
	out := map[buyer]int64{}
	s := &set{o: o, name: ".csv", out: io.Discard}
	err := s.ask(ctx, &featurev1.GetHistoricalFeaturesRequest{Mode: o.Mode, Names: o.Names, DatesMs: millis(c.Dates, c.Horizon)}, func(_ int, cells []cell) error {
		if n, known := s.orders(cells); known {
			out[buyer{cells[0].text, cells[1].n}] = n
		}
		return nil
	})
	return out, err
}

// orders finds how many orders an answer tells of.
func (s *set) orders(cells []cell) (int64, bool) {
	i := slices.IndexFunc(s.columns, func(c column) bool { return c.name == orders })
	if i < 0 {
		return 0, false
	}
	x := cells[len(answered)+i]
	return x.n, x.present
}

func millis(dates []time.Time, later time.Duration) []int64 {
	var out []int64
	for _, d := range dates {
		out = append(out, d.Add(later).UnixMilli())
	}
	return out
}

func texts(dates []time.Time) []string {
	var out []string
	for _, d := range dates {
		out = append(out, d.UTC().Format(time.DateOnly))
	}
	return out
}
