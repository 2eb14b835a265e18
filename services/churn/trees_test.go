package churn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/pkg/table"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/churn/row"
)

// trees are a model of boosted trees over numbers.
type trees struct{ m *gbdt.Model }

type treesScorer struct {
	m   *gbdt.Model
	at  []int
	row []float64
}

// Bind implements Model.
func (t trees) Bind(columns []row.Column) (Scorer, error) {
	s := &treesScorer{m: t.m, row: make([]float64, len(t.m.Features))}
	for _, f := range t.m.Features {
		at := slices.IndexFunc(columns, func(c row.Column) bool { return c.Name == f.Name })
		if at < 0 {
			return nil, fmt.Errorf("needs columns that are not there: %s", f.Name)
		}
		s.at = append(s.at, at)
	}
	return s, nil
}

// Score implements Scorer.
func (s *treesScorer) Score(cells []row.Cell) float64 {
	for i, at := range s.at {
		s.row[i] = cells[at].Number
	}
	return s.m.Predict(s.row)
}

// Explain implements Scorer.
func (s *treesScorer) Explain(cells []row.Cell) (score, base float64, list []Contribution) {
	score = s.Score(cells)
	phi := make([]float64, len(s.row)+1)
	if err := s.m.Contributions(s.row, phi); err != nil {
		panic(err)
	}
	for i, at := range s.at {
		list = append(list, Contribution{Column: s.m.Features[i].Name, Cell: cells[at], Phi: phi[i]})
	}
	return score, phi[len(phi)-1], list
}

// person is somebody's values, of all numbers of the shipped catalogue.
func person(r *rand.Rand, l *catalog.Layout, nowMs int64) []catalog.Value {
	values := make([]catalog.Value, len(l.Fields))
	for i, f := range l.Fields {
		if f.Kind == catalog.KindText || f.Kind == catalog.KindList || r.IntN(3) == 0 {
			continue
		}
		v := catalog.Value{Present: true, Int: r.Int64N(20)}
		switch f.Kind {
		case catalog.KindMoment, catalog.KindAge, catalog.KindTag:
			v.Int = nowMs - r.Int64N(200)*dayMs
		case catalog.KindDecimal:
			v.Int = r.Int64N(1_000_000_000)
		case catalog.KindDuration:
			v.Int = r.Int64N(60) * dayMs
		}
		values[i] = v
	}
	for name, n := range map[string]int64{"orders_lifetime": 3, "last_order": nowMs - r.Int64N(100)*dayMs, "first_named": nowMs - 300*dayMs} {
		at, _ := l.Position(name)
		values[at] = catalog.Value{Present: true, Int: n}
	}
	return values
}

// grown trains trees on people: who has not ordered for long leaves.
func grown(t testing.TB, seed uint64, rounds int) trees {
	t.Helper()
	r, l, plan := rand.New(rand.NewPCG(seed, 1)), shipped.Layout(), row.New(shipped)
	const rows = 1000
	d := &gbdt.Dataset{}
	var used []int
	for i, c := range plan.Columns() {
		if !c.Category {
			used = append(used, i)
			d.Columns = append(d.Columns, table.Column{Name: c.Name, Values: make([]float64, rows)})
		}
	}
	last := slices.IndexFunc(plan.Columns(), func(c row.Column) bool { return c.Name == "last_order" })
	for i := range rows {
		cells := plan.Fill(nil, catalog.NewVector(l, l.Encode(nil, person(r, l, start))), start)
		for k, at := range used {
			d.Columns[k].Values[i] = cells[at].Number
		}
		label := 0.0
		if cells[last].Number+20*r.NormFloat64() > 50 {
			label = 1
		}
		d.Label = append(d.Label, label)
	}
	p := gbdt.Default(gbdt.Logistic)
	p.Rounds, p.Leaves, p.Seed = rounds, 31, seed
	m, err := gbdt.Train(context.Background(), p, d, gbdt.Run{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return trees{m}
}

// boards stand still.
type boards struct{ b *Board }

func (m boards) Board(string) *Board { return m.b }

// BenchmarkHandler folds feature sets of known customers with the shipped catalogue and the shipped targets, in memory: decode, score, compare, tell what moved,
// encode; a commit for each hundred customers.
func BenchmarkHandler(b *testing.B) {
	cfg := Default()
	book, err := newBook(cfg)
	if err != nil {
		b.Fatal(err)
	}
	none, three := &Board{Mark: 1}, &Board{Mark: 2}
	for i := range book.set.Targets {
		none.Seats = append(none.Seats, Seat{Missing: "no model yet"})
		s := Seat{Missing: "no model yet"}
		if i < 3 {
			s.Champion = NewBound(first, .6, .3, grown(b, uint64(i), 100))
		}
		three.Seats = append(three.Seats, s)
	}
	for name, board := range map[string]*Board{"models=0": none, "models=3": three} {
		b.Run(name, func(b *testing.B) { benchmarkHandler(b, cfg, board) })
	}
}

func benchmarkHandler(b *testing.B, cfg Config, board *Board) {
	k := newBench(b, cfg, Deps{NewWarnings: newOldWarning})
	k.t.judge.models, k.quiet = boards{board}, true
	r, l := rand.New(rand.NewPCG(1, 2)), shipped.Layout()
	const customers, variants = 100, 4
	var sets [][]*featurev1.FeatureSet
	for range variants {
		var batch []*featurev1.FeatureSet
		for c := range customers {
			batch = append(batch, &featurev1.FeatureSet{CustomerId: id(c), Schema: l.Fingerprint, Values: l.Encode(nil, person(r, l, start)), Reason: featurev1.ChangeReason_CHANGE_REASON_EVENT})
		}
		sets = append(sets, batch)
	}
	k.send(b, sets[0]...)
	k.written, k.emitted = 0, 0
	b.ReportAllocs()
	n := 0
	for i := 1; b.Loop(); i++ {
		k.send(b, sets[i%variants]...)
		n += customers
	}
	values := len(sets[0][0].GetValues())
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "us/set")
	b.ReportMetric(float64(k.written)/float64(n)-float64(values), "extra-bytes/set")
	b.ReportMetric(float64(values), "values-bytes")
	b.ReportMetric(float64(k.emitted)/float64(n), "told/set")
}
