package gbdt

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/freshet/freshet/pkg/table"
	_ "github.com/freshet/freshet/pkg/wire/wiretest" // it has the flag -update
)

func update() bool { return flag.Lookup("update").Value.String() == "true" }

func mustTrain(t testing.TB, p Params, d *Dataset, run Run) *Model {
	t.Helper()
	m, err := Train(context.Background(), p, d, run)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// small settings for small tables.
func small(o Objective) Params {
	p := Default(o)
	p.Rounds, p.Leaves, p.MinRows, p.LearningRate = 20, 8, 5, .3
	return p
}

// mixed is a table with two numeric columns, holes and infinities in them, and two categorical ones of 12 and 3; labels suit every objective.
func mixed(rows int, seed uint64) *Dataset {
	rng := rand.New(rand.NewPCG(seed, 2))
	d := &Dataset{Label: make([]float64, rows), Weight: make([]float64, rows), Columns: []table.Column{
		{Name: "x", Values: make([]float64, rows)}, {Name: "y", Values: make([]float64, rows)},
		{Name: "city", Codes: make([]int32, rows), Categories: names(12)}, {Name: "plan", Codes: make([]int32, rows), Categories: names(3)},
	}}
	for r := range rows {
		x, y := math.Round(rng.NormFloat64()*8)/4, rng.NormFloat64()
		city, plan := int32(rng.IntN(13)-1), int32(rng.IntN(3))
		z := x + float64(city*5%12)/3 - 2 + float64(plan)*y
		switch rng.IntN(20) {
		case 0:
			x = math.NaN()
		case 1:
			x, y = math.Inf(1), math.Inf(-1)
		case 2:
			y = math.NaN()
		}
		d.Columns[0].Values[r], d.Columns[1].Values[r] = x, y
		d.Columns[2].Codes[r], d.Columns[3].Codes[r] = city, plan
		d.Label[r] = float64(bit(rng.Float64() < 1/(1+math.Exp(-z))))
		d.Weight[r] = .5 + rng.Float64()
	}
	for left := rows; left > 0; {
		n := min(left, 1+rng.IntN(9))
		d.Groups = append(d.Groups, n)
		left -= n
	}
	return d
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("c%d", i)
	}
	return out
}

var objectives = []Objective{Logistic, Squared, Poisson, Quantile, LambdaRank}

func one(name string, values ...float64) table.Column {
	return table.Column{Name: name, Values: values}
}
