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
	"github.com/freshet/freshet/pkg/money"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// orders is the feature that says who had bought: how many orders of a customer stand.
const orders = "orders_lifetime"

// Churn says how rows are labelled: of who had an order by a date, the target's outcome within the horizon behind it.
type Churn struct {
	Dates []time.Time
	// Target is what is predicted. Its Counts, Outcome and Within are looked at.
	Target forecast.Target
	// Column is the label's name.
	Column string
	// Among, where there is one, is who has a row.
	Among *Among
}

// Count is what a labelled set holds: how many rows, and of how many the label is true, or above 0.
type Count struct{ Rows, True int }

// Labelled writes everybody who had bought by each date, with what was known of them then, and what they did within the horizon. A date
// whose horizon has not passed is an error: its labels are not known.
func Labelled(ctx context.Context, o Options, c Churn, now time.Time, name string, out io.Writer) (Count, error) {
	for _, d := range c.Dates {
		if end := d.Add(c.Target.Within); end.After(now) {
			return Count{}, fmt.Errorf("what customers did by %s is not known yet: give dates before %s", end.UTC().Format(time.DateOnly), now.Add(-c.Target.Within).UTC().Format(time.DateOnly))
		}
	}
	later, err := counted(ctx, o, c)
	if err != nil {
		return Count{}, err
	}
	o.Names = c.needs(o.Names)
	s := &set{o: o, name: name, out: out, label: &column{name: c.Column, form: c.form()}, among: c.Among}
	count := Count{}
	ask := &featurev1.GetHistoricalFeaturesRequest{Mode: o.Mode, Names: o.Names, DatesMs: millis(c.Dates, 0)}
	err = s.ask(ctx, ask, func(_ int, cells []cell) error {
		bought, known := s.whole(cells, orders)
		before, told := s.whole(cells, c.Target.Counts)
		after, there := later[buyer{cells[0].text, cells[1].n + c.Target.Within.Milliseconds()}]
		if !known || bought == 0 || !told || !there {
			return nil
		}
		label, isTrue := c.label(before, after)
		count.Rows++
		if isTrue {
			count.True++
		}
		return s.w.write(append(cells, label))
	})
	if err == nil && count.Rows == 0 {
		err = fmt.Errorf("nobody had bought by %s", strings.Join(texts(c.Dates), ", "))
		if c.Among != nil {
			err = fmt.Errorf("%w, of those whom --among names", err)
		}
	}
	return count, errors.Join(err, s.close())
}

// needs are the features to ask for: those that are wanted, and those that rows are chosen and labelled by.
func (c Churn) needs(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	more := []string{orders, c.Target.Counts}
	if c.Among != nil {
		more = append(more, c.Among.uses...)
	}
	names = slices.Clone(names)
	for _, name := range more {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (c Churn) form() form {
	if c.Target.Outcome == forecast.Sum {
		return formNumber
	}
	return formTruth
}

// label is a label as it is written.
func (c Churn) label(before, after int64) (written cell, isTrue bool) {
	n := c.Target.Label(float64(before), float64(after))
	if c.Target.Outcome == forecast.Sum {
		return textCell(money.Format(int64(n))), n > 0
	}
	return wholeCell(int64(n)), n > 0
}

// buyer is a customer at a moment.
type buyer struct {
	id string
	at int64
}

// counted is what the feature was at the ends of the horizons.
func counted(ctx context.Context, o Options, c Churn) (map[buyer]int64, error) {
	o.Names, o.Progress = []string{c.Target.Counts}, nil
	out := map[buyer]int64{}
	s := &set{o: o, name: ".csv", out: io.Discard}
	err := s.ask(ctx, &featurev1.GetHistoricalFeaturesRequest{Mode: o.Mode, Names: o.Names, DatesMs: millis(c.Dates, c.Target.Within)}, func(_ int, cells []cell) error {
		n, known := s.whole(cells, c.Target.Counts)
		if !known {
			return fmt.Errorf("%s is no count and no amount that every customer has: a label is made of one such as orders_lifetime", c.Target.Counts)
		}
		out[buyer{cells[0].text, cells[1].n}] = n
		return nil
	})
	return out, err
}

// whole finds a count, or an amount in millionths, in an answer.
func (s *set) whole(cells []cell, name string) (int64, bool) {
	i := slices.IndexFunc(s.columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return 0, false
	}
	x := cells[len(answered)+i]
	switch s.columns[i].form {
	case formWhole:
		if s.columns[i].kind == "count" && x.present {
			return x.n * countUnit, true
		}
	case formNumber:
		n, err := money.ParseMicros(x.text)
		return n, x.present && err == nil
	}
	return 0, false
}

// countUnit is one of a count beside amounts, which are in millionths.
const countUnit = 1_000_000

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
