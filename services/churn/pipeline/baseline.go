package pipeline

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/lifetime"
)

// Baselines name the columns of what every shop knows of a customer. What is named is judged in the same run, as the field's usual models use it: it is what
// others have to beat, is told beside them, and is never chosen. A model whose columns are not all named, or not all in the table, is left out.
type Baselines struct {
	// Recency is the time since the last purchase, Frequency how many there were, the first one too, Mean what one costs on average. The three are
	// the columns of the regression.
	Recency, Frequency, Mean string
	// Age is the time since the first purchase, in the unit of Recency. With it, and Horizon, there is BG/NBD; for amounts with Gamma-Gamma.
	Age string
	// Horizon is for how long ahead the label is, in the unit of Recency.
	Horizon float64
}

// baselines are the candidates that the table has the columns for.
func baselines(t *Table, o Options) []candidate {
	var out []candidate
	b := o.Baselines
	if has(t, b.Recency, b.Frequency, b.Mean) {
		family, scale := "RFM logistic", plain
		if t.Kind == Real {
			if family = "RFM ridge"; !negative(t.Y) {
				scale = log1p
			}
		}
		out = append(out, candidate{family: family, settings: "recency, frequency and mean amount alone", baseline: true, scale: scale,
			fit: on(scale, only([]string{b.Recency, b.Frequency, b.Mean}, regress(1)))})
	}
	if !has(t, b.Recency, b.Frequency, b.Age) || !(b.Horizon > 0) {
		return out
	}
	if t.Kind == Binary {
		return append(out, candidate{family: "BG/NBD", settings: "the chance of a purchase", baseline: true, fit: buy(b)})
	}
	if has(t, b.Mean) {
		out = append(out, candidate{family: "BG/NBD, Gamma-Gamma", settings: "purchases times their mean", baseline: true, fit: buy(b)})
	}
	return out
}

// has says that a table has numbers by all these names.
func has(t *Table, names ...string) bool {
	for _, n := range names {
		if c := t.X.Find(n); n == "" || c == nil || c.Kind != frame.Number {
			return false
		}
	}
	return true
}

// only fits on some columns.
func only(names []string, f fit) fit {
	return func(ctx context.Context, o Options, t, _ *Table, rounds int) (*fitted, int, error) {
		part := *t
		part.X = &frame.Frame{Rows: t.X.Rows}
		for _, n := range names {
			part.X.Columns = append(part.X.Columns, *t.X.Find(n))
		}
		return f(ctx, o, &part, nil, rounds)
	}
}

// buying is BG/NBD, and Gamma-Gamma for amounts. A row is recency, frequency, age and, for amounts, the mean.
type buying struct {
	kind    Kind
	horizon float64
	model   lifetime.BGNBD
	spend   lifetime.GammaGamma
	// stays says that the label is that nobody buys.
	stays bool
}

// histories is from how many customers the four parameters are found: more say the same, and take their time.
const histories = 1000

// buy fits the parameters to customers drawn from the rows. Which way the label points is seen from the rows, too: that somebody buys, or that nobody does.
func buy(b Baselines) fit {
	return func(_ context.Context, o Options, t, _ *Table, _ int) (*fitted, int, error) {
		s := schema{{Name: b.Recency}, {Name: b.Frequency}, {Name: b.Age}}
		if t.Kind == Real {
			s = append(s, Column{Name: b.Mean})
		}
		rows, err := s.rows(t.X)
		if err != nil {
			return nil, 0, err
		}
		var known []lifetime.History
		var spends []lifetime.Spend
		for _, i := range rand.New(rand.NewPCG(o.Seed, 5)).Perm(t.X.Rows) { //nolint:gosec // Statistics, no secret.
			r := rows[i*len(s) : (i+1)*len(s)]
			if h, ok := history(r); ok && len(known) < histories {
				if known = append(known, h); t.Kind == Real && r[3] > 0 {
					spends = append(spends, lifetime.Spend{Count: h.Repeats + 1, Mean: r[3]})
				}
			}
		}
		m := buying{kind: t.Kind, horizon: b.Horizon}
		if m.model, _, err = lifetime.FitBGNBD(known); err != nil {
			return nil, 0, err
		}
		if t.Kind == Real {
			m.spend, _, err = lifetime.FitGammaGamma(spends)
			return &fitted{s, m}, 0, err
		}
		m.stays = m.points(rows, t.Y)
		return &fitted{s, m}, 0, nil
	}
}

// points says that those with the label have the lower chance of a purchase.
func (b buying) points(rows, y []float64) bool {
	var sum, n [2]float64
	for i, label := range y {
		sum[int(label)] += b.one(rows[i*3 : i*3+3])
		n[int(label)]++
	}
	return sum[1]*n[0] < sum[0]*n[1]
}

// history is a row's; false when somebody never bought, or when it is not known. Purchases at one moment are one purchase.
func history(row []float64) (lifetime.History, bool) {
	recency, frequency, age := row[0], row[1], row[2]
	if math.IsNaN(recency+frequency+age) || frequency < 1 || age < 0 || recency < 0 {
		return lifetime.History{}, false
	}
	h := lifetime.History{Repeats: int(frequency) - 1, Last: max(age-recency, 0), Age: age}
	if h.Repeats == 0 || h.Last == 0 {
		h.Repeats, h.Last = 0, 0
	}
	return h, true
}

func (b buying) one(row []float64) float64 {
	h, known := history(row)
	if b.kind == Binary {
		p := 0.0
		if known {
			p = b.model.Buys(h, b.horizon)
		}
		if b.stays {
			p = 1 - p
		}
		return clamp(p)
	}
	if !known {
		return 0
	}
	s := lifetime.Spend{}
	if row[3] > 0 {
		s = lifetime.Spend{Count: h.Repeats + 1, Mean: row[3]}
	}
	return b.model.Expected(h, b.horizon) * b.spend.Expected(s)
}

func (b buying) many(rows, out []float64) {
	n := len(rows) / max(1, len(out))
	for i := range out {
		out[i] = b.one(rows[i*n : i*n+n])
	}
}

// explain adds nothing up: the model is for comparison.
func (b buying) explain(_, _ []float64) float64 { return 0 }
