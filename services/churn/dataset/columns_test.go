package dataset

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/freshet/freshet/services/churn/row"
)

// A text that one row in a hundred has is a category; what is rarer is missing, and a column of nothing else is left out: nothing can be learnt from the
// product that each customer looked at last.
func TestRareTextsAreNoCategories(t *testing.T) {
	c := newColumns([]row.Column{{Name: "plan", Category: true}, {Name: "last_viewed", Category: true}})
	order := make([]int, 1000)
	for i := range order {
		order[i] = i
		plan := fmt.Sprint("own-", i)
		switch {
		case i < 500:
			plan = "basic"
		case i < 510:
			plan = "gold"
		case i < 519:
			plan = "rare"
		}
		c.add([]row.Cell{{Text: plan, Number: math.NaN()}, {Text: fmt.Sprint("P", i), Number: math.NaN()}})
	}
	f, left := c.frame(order)
	if len(f.Columns) != 1 || !slices.Equal(f.Columns[0].Levels, []string{"basic", "gold"}) || len(left) != 1 || left[0].Name != "last_viewed" {
		t.Fatalf("%v, left out %v", f.Columns, left)
	}
	if v := f.Columns[0].Values; v[0] != 0 || v[505] != 1 || !math.IsNaN(v[515]) || !math.IsNaN(v[999]) {
		t.Errorf("%v", v)
	}
}
