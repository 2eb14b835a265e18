package gbdt

import (
	"context"
	"testing"
)

func mustTrain(t testing.TB, p Params, d *Dataset, run Run) *Model {
	t.Helper()
	m, err := Train(context.Background(), p, d, run)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
