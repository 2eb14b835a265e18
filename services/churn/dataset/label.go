package dataset

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/forecast"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/churn/pipeline"
)

// label finds the outcomes of the rows that are kept: with one horizon for all they are known by now, with horizons of the customers' own they are asked for.
func (b *build) label(ctx context.Context) error {
	if b.target.Rhythm != nil {
		if err := b.rhythm(ctx); err != nil {
			return err
		}
	}
	scale := unit(b.people.names.kinds[b.people.names.place(b.target.Counts)])
	b.y = make([]float64, len(b.kept))
	for i, x := range b.kept {
		who := b.byID[x.who]
		b.y[i] = b.target.Label(float64(who.before[x.date])/scale, float64(who.after[x.date])/scale)
	}
	return nil
}

// rhythm asks what there was a horizon of each customer's own behind each row.
func (b *build) rhythm(ctx context.Context) error {
	n := &b.people.names
	order := make([]int, len(b.kept))
	for i := range order {
		order[i] = i
	}
	done := 0
	for part := range slices.Chunk(order, maxBatch) {
		ask := make([]*featurev1.HistoricalRow, len(part))
		for i, k := range part {
			x := b.kept[k]
			ask[i] = &featurev1.HistoricalRow{Id: x.who, AtMs: b.dates[x.date].Add(b.target.Horizon(b.cycles[k])).UnixMilli()}
		}
		err := b.ask(ctx, n.list, featurev1.HistoryMode_HISTORY_MODE_EVENT_TIME, ask, answers{
			begin: func() error { return nil }, // what is taken twice is the same
			take: func(row *featurev1.HistoricalFeatures) error {
				if done++; done%1000 == 0 {
					b.reader.tell("reading outcomes", min(done, len(b.kept)), len(b.kept))
				}
				x := b.kept[part[row.GetRow()]]
				who := b.byID[x.who]
				who.after[x.date], _ = n.number(row.GetValues(), b.target.Counts)
				who.stakeAfter[x.date], _ = n.number(row.GetValues(), stake)
				return nil
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// finish puts the rows in order, and makes the table.
func (b *build) finish() {
	order := make([]int, len(b.kept))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(b.kept[i].date, b.kept[j].date), strings.Compare(b.kept[i].who, b.kept[j].who))
	})
	s := b.set
	s.Table = &pipeline.Table{Y: make([]float64, len(order)), Times: make([]time.Time, len(order)), Groups: make([]int, len(order))}
	if b.target.Outcome == forecast.Sum {
		s.Table.Kind = pipeline.Real
	}
	groups := map[string]int{}
	s.Customers = make([]string, len(order))
	if b.people.names.place(stake) >= 0 {
		s.Stakes = make([]float64, len(order))
	}
	for to, from := range order {
		x := b.kept[from]
		who := b.byID[x.who]
		s.Table.Y[to], s.Table.Times[to], s.Customers[to] = b.y[from], b.dates[x.date], x.who
		if _, ok := groups[x.who]; !ok {
			groups[x.who] = len(groups)
		}
		s.Table.Groups[to] = groups[x.who]
		if s.Stakes != nil {
			s.Stakes[to] = max(0, float64(who.stakeAfter[x.date]-who.stakeBefore[x.date])/1e6)
		}
	}
	s.Table.X, s.left = b.columns.frame(order)
	if len(s.left) > 0 {
		var same []string
		for i := range s.left {
			same = append(same, s.left[i].Name)
		}
		s.Notes = append(s.Notes, fmt.Sprintf("%d columns are the same for everybody and were left out: %s.", len(same), strings.Join(same, ", ")))
	}
	if drawn := b.drawn(); drawn != "" {
		s.Notes = append(s.Notes, drawn)
	}
}
