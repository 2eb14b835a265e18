package gbdt

import (
	"context"
	"flag"
	"testing"

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
