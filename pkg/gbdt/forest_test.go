package gbdt

import (
	"testing"

	"github.com/freshet/freshet/pkg/evaluate"
)

// The forest's row of the field's usual table: AUC .8438 with 300 trees and 5 rows a leaf.
func TestForestOnTelco(t *testing.T) {
	d := telco(t)
	folds, err := evaluate.Folds(d.Y, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range folds {
		m := train(t, Params{Objective: Squared, Forest: true, Trees: 100, Leaves: 128, MinLeafRows: 5, Workers: 2}, d.take(f.Train))
		test := d.take(f.Test)
		auc, err := evaluate.AUC(test.Y, predict(t, m, test.X), nil)
		if err != nil {
			t.Fatal(err)
		}
		sum += auc / 5
	}
	t.Logf("AUC %.4f", sum)
	if sum < .840 {
		t.Errorf("AUC %.4f", sum)
	}
}
