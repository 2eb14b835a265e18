package dataset

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/frame"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/churn/pipeline"
	"github.com/freshet/freshet/services/churn/row"
)

// Set is a labelled table, the oldest rows first, those of one date by customer.
type Set struct {
	Target *forecast.Target
	Table  *pipeline.Table
	// Customers are the rows', by their ids of today.
	Customers []string
	// Stakes are what each customer spent within the horizon, in the workspace's currency; nil where the catalogue does not know it.
	Stakes []float64
	// Mode is which past the rows are of, and Why says why.
	Mode featurev1.HistoryMode
	Why  string
	// Notes say what was left out.
	Notes []string
	// Schema is the catalogue's fingerprint.
	Schema uint64

	left []frame.Column // the same in each row, by the first
}

// Whole adds to rows of the table those columns of these names that were left out since they are the same in each row: a model of another day may take them.
func (s *Set) Whole(x *frame.Frame, names []string) *frame.Frame {
	out := &frame.Frame{Rows: x.Rows, Columns: slices.Clone(x.Columns)}
	for _, c := range s.left {
		if slices.Contains(names, c.Name) && len(c.Values) > 0 {
			c.Values = slices.Repeat(c.Values, x.Rows)
			out.Columns = append(out.Columns, c)
		}
	}
	return out
}

// maxBatch is how many rows a request asks for at most: what the servers' largest message has room for.
const maxBatch = 80_000

// Make makes the table of a target, by its place in the file.
func (r *Reader) Make(ctx context.Context, target int, o *Outlook) (*Set, error) {
	p, err := r.people(target, o)
	if err != nil {
		return nil, err
	}
	if err := p.read(ctx); err != nil {
		return nil, err
	}
	b := &build{people: p, list: p.list(), set: &Set{Target: p.target, Schema: r.Catalog.Layout().Fingerprint}}
	if len(b.list) == 0 {
		return nil, fmt.Errorf("at none of %s was anybody there of whom %s is: `%s`", days(o.Dates), p.target.Name, p.target.Among)
	}
	if err := b.mode(ctx); err != nil {
		return nil, err
	}
	if err := b.rows(ctx); err != nil {
		return nil, err
	}
	if err := b.label(ctx); err != nil {
		return nil, err
	}
	b.finish()
	if b.set.Table.X.Rows == 0 {
		return nil, fmt.Errorf("at none of %s was anybody known of whom %s is: `%s`", days(o.Dates), p.target.Name, p.target.Among)
	}
	return b.set, nil
}

func days(dates []time.Time) string {
	var out []string
	for _, d := range dates {
		out = append(out, d.UTC().Format(time.DateOnly))
	}
	return strings.Join(out, ", ")
}

// build is a table while it is made.
type build struct {
	*people
	list    []asked
	names   names
	columns *columns
	// kept are the rows that are in the table, cycles their rhythms.
	kept   []asked
	cycles []int64
	y      []float64
	set    *Set
}

// sampled is how many rows tell which past is the right one.
const sampled = 5000

// mode finds out which past there is: where fewer than half of the customers of the dates had been heard of by then, the history was imported.
func (b *build) mode(ctx context.Context) error {
	rows := slices.Clone(b.list)
	slices.SortFunc(rows, func(x, y asked) int {
		return cmp.Or(cmp.Compare(draw("mode", x.who), draw("mode", y.who)), cmp.Compare(x.date, y.date))
	})
	rows = rows[:min(len(rows), sampled)]
	n := &names{}
	if err := n.ask(b.reader.Catalog.Layout(), b.target.Counts); err != nil {
		return err
	}
	seen := 0
	err := b.ask(ctx, n.list, featurev1.HistoryMode_HISTORY_MODE_KNOWN, b.at(rows), answers{
		begin: func() error { seen = 0; return nil },
		take: func(row *featurev1.HistoricalFeatures) error {
			if row.GetSeen() {
				seen++
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	b.set.Mode, b.set.Why = featurev1.HistoryMode_HISTORY_MODE_KNOWN, "rows are of what had been received by their date"
	if 2*seen < len(rows) {
		b.set.Mode = featurev1.HistoryMode_HISTORY_MODE_EVENT_TIME
		b.set.Why = fmt.Sprintf("the history was imported: of %d rows that are there by the events' own times, %d had been received by their date; rows are of what had happened by then", len(rows), seen)
	}
	return nil
}

// at are the requests' rows of rows.
func (b *build) at(rows []asked) []*featurev1.HistoricalRow {
	out := make([]*featurev1.HistoricalRow, len(rows))
	for i, x := range rows {
		out[i] = &featurev1.HistoricalRow{Id: x.who, AtMs: b.dates[x.date].UnixMilli()}
	}
	return out
}

func (b *build) ask(ctx context.Context, list []string, mode featurev1.HistoryMode, rows []*featurev1.HistoricalRow, a answers) error {
	return b.reader.ask(ctx, &featurev1.GetHistoricalFeaturesRequest{Mode: mode, Names: list, Rows: rows}, a)
}

// batches calls f with parts of the rows; no customer is in two, whose facts would be read twice.
func batches(list []asked, most int, f func([]asked) error) error {
	for len(list) > 0 {
		n := min(most, len(list))
		for n < len(list) && n > 1 && list[n].who == list[n-1].who && list[0].who != list[n-1].who {
			n--
		}
		if err := f(list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// rows fills the columns with what was known, and keeps those of whom the target is by that.
func (b *build) rows(ctx context.Context) error {
	plan := b.reader.Plan()
	b.columns = newColumns(plan.Columns())
	list := append(plan.Names(), b.target.Counts)
	if b.target.Rhythm != nil {
		list = append(list, b.target.Rhythm.Of)
	}
	if err := b.names.ask(b.reader.Catalog.Layout(), append(list, b.reader.looked()...)...); err != nil {
		return err
	}
	var cells []row.Cell
	values := make([]catalog.Value, len(b.reader.Catalog.Layout().Fields))
	b.values = values
	done := 0
	return batches(b.list, maxBatch, func(part []asked) error {
		from := len(b.kept)
		err := b.ask(ctx, b.names.list, b.set.Mode, b.at(part), answers{
			begin: func() error {
				b.columns.cut(from)
				b.kept, b.cycles = b.kept[:from], b.cycles[:from]
				return nil
			},
			take: func(row *featurev1.HistoricalFeatures) error {
				if done++; done%1000 == 0 || done == len(b.list) {
					b.reader.tell("reading what was known", min(done, len(b.list)), len(b.list))
				}
				if i := int(row.GetRow()); row.GetSeen() && i < len(part) && b.among(row.GetValues(), &b.names, row.GetAtMs()) {
					cells = plan.FromHistory(cells[:0], row.GetValues(), row.GetAtMs())
					b.columns.add(cells)
					b.kept = append(b.kept, part[i])
					b.cycles = append(b.cycles, b.cycle(row))
				}
				return nil
			},
		})
		return err
	})
}

// cycle is a customer's own rhythm, milliseconds; 0 where there is none.
func (b *build) cycle(row *featurev1.HistoricalFeatures) int64 {
	if b.target.Rhythm == nil {
		return 0
	}
	n, _ := b.names.number(row.GetValues(), b.target.Rhythm.Of)
	return n
}
