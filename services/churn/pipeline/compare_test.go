package pipeline

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// judged draws labels, and what two models say of them: the second errs by so much more than the first, in the same places.
func judged(rows int, kind Kind, worse float64, seed uint64) (y, a, b []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range rows {
		margin, luck := r.NormFloat64(), r.NormFloat64()
		if kind == Real {
			amount := math.Exp(3 + margin)
			y, a, b = append(y, amount), append(a, amount+5*luck), append(b, amount+5*(1+worse)*luck)
			continue
		}
		p := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
		label := 0.0
		if r.Float64() < p(margin) {
			label = 1
		}
		y, a, b = append(y, label), append(a, p(margin+.5*luck)), append(b, p(margin+(.5+worse)*luck))
	}
	return y, a, b
}

func TestCompare(t *testing.T) {
	for _, kind := range []Kind{Binary, Real} {
		y, good, bad := judged(2000, kind, .4, 1)
		d, err := Compare(y, bad, good, kind, 1)
		if err != nil || !d.Better() || d.Low > d.Value || d.Value > d.High || math.Abs(d.Challenger-d.Champion-d.Value) > 1e-12 {
			t.Errorf("%v: the better one: %+v %v", kind, d, err)
		}
		back, err := Compare(y, good, bad, kind, 1)
		if err != nil || back.Better() || back.Low <= 0 || math.Abs(back.Value+d.Value) > 1e-12 {
			t.Errorf("%v: the worse one: %+v %v", kind, back, err)
		}
		if again, _ := Compare(y, bad, good, kind, 1); again != d {
			t.Errorf("%v: %+v, and again %+v", kind, d, again)
		}
		if other, _ := Compare(y, bad, good, kind, 2); other.Low == d.Low || other.Value != d.Value {
			t.Errorf("%v: another seed gives %+v", kind, other)
		}
		if self, err := Compare(y, good, good, kind, 1); err != nil || self.Better() || self.Low != 0 || self.High != 0 {
			t.Errorf("%v: itself: %+v %v", kind, self, err)
		}
	}
}

// Of models that are alike the challenger is called better once in forty times, not more: 95 % on both sides.
func TestLuckIsNotBetter(t *testing.T) {
	for _, kind := range []Kind{Binary, Real} {
		better := 0
		for seed := range uint64(200) {
			y, a, _ := judged(200, kind, 0, seed)
			r := rand.New(rand.NewPCG(seed, 2))
			b, c := make([]float64, len(a)), make([]float64, len(a))
			for i := range a {
				x, z := .1*r.NormFloat64(), .1*r.NormFloat64()
				if kind == Binary {
					b[i], c[i] = 1/(1+math.Exp(-logit(a[i])-x)), 1/(1+math.Exp(-logit(a[i])-z))
				} else {
					b[i], c[i] = a[i]+20*x, a[i]+20*z
				}
			}
			d, err := Compare(y, b, c, kind, seed)
			if err != nil {
				t.Fatal(err)
			}
			if d.Better() {
				better++
			}
		}
		if better > 13 {
			t.Errorf("%v: %d of 200", kind, better)
		}
	}
}

// A customer at eight dates is one story: drawn by rows a lucky few look like proof.
func TestCompareDrawsCustomers(t *testing.T) {
	y, a, b := judged(60, Binary, .3, 4)
	var rows [3][]float64
	var groups []int
	for i := range y {
		for range 8 {
			rows[0], rows[1], rows[2], groups = append(rows[0], y[i]), append(rows[1], a[i]), append(rows[2], b[i]), append(groups, i)
		}
	}
	alone, err := Compare(rows[0], rows[2], rows[1], Binary, 1)
	if err != nil {
		t.Fatal(err)
	}
	together, err := Compare(rows[0], rows[2], rows[1], Binary, 1, groups...)
	if err != nil || together.Value != alone.Value || together.High-together.Low < 2*(alone.High-alone.Low) {
		t.Errorf("by rows %+v, by customers %+v: %v", alone, together, err)
	}
}

func TestWhatCannotBeCompared(t *testing.T) {
	y, a, b := judged(50, Binary, .1, 1)
	for name, c := range map[string]struct {
		y, a, b []float64
		kind    Kind
		groups  []int
		want    string
	}{
		"fewer predictions": {y, a[1:], b, Binary, nil, "49 scores and 50 labels"},
		"no probabilities":  {y, append([]float64{2}, a[1:]...), b, Binary, nil, "needs probabilities"},
		"no numbers":        {y, append([]float64{math.NaN()}, a[1:]...), b, Real, nil, "row 0 has predicted NaN"},
		"nothing":           {nil, nil, nil, Binary, nil, "no rows"},
		"too few groups":    {y, a, b, Real, []int{1, 2}, "2 groups for 50 rows"},
	} {
		if _, err := Compare(c.y, c.a, c.b, c.kind, 1, c.groups...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A judgement keeps what it is of, so that the model that serves can be compared on the same rows: each once, by a model that had not seen it.
func TestJudged(t *testing.T) {
	table := made(900, 3, 1)
	table.Groups = make([]int, 900)
	for i := range table.Groups {
		table.Groups[i] = i % 200
	}
	for _, timed := range []bool{true, false} {
		if !timed {
			table.Times = nil
		}
		o := quick()
		o.Repeats = 2
		j, m, err := Judge(t.Context(), table, o)
		if err != nil {
			t.Fatal(err)
		}
		d := j.Judged
		seen := map[int]bool{}
		for i, r := range d.Rows {
			if seen[r] || d.Label[i] != table.Y[r] || d.Groups[i] != table.Groups[r] {
				t.Fatalf("timed %v: row %d", timed, r)
			}
			seen[r] = true
		}
		if want := map[bool]int{true: 180, false: 900}[timed]; len(d.Rows) != want {
			t.Errorf("timed %v: %d rows", timed, len(d.Rows))
		}
		got, err := lossOf(Binary, d.Label, d.Predicted)
		if err != nil || math.Abs(got-j.Report.LogLoss) > .02 {
			t.Errorf("timed %v: %v, the report has %v: %v", timed, got, j.Report.LogLoss, err)
		}
		serves, err := m.Predict(table.Take(d.Rows).X)
		if err != nil {
			t.Fatal(err)
		}
		if same(serves, d.Predicted) {
			t.Errorf("timed %v: they are of the model that has seen them", timed)
		}
		if _, err := Compare(d.Label, serves, d.Predicted, Binary, 1, d.Groups...); err != nil {
			t.Error(err)
		}
	}
}
