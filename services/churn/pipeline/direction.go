package pipeline

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/pkg/frame"
)

func sortDrivers(list []Driver) {
	slices.SortFunc(list, func(a, b Driver) int { return cmp.Or(cmp.Compare(b.Share, a.Share), strings.Compare(a.Name, b.Name)) })
}

// direction says which values raise the prediction.
func direction(c *frame.Column, phi []float64) string {
	if c.Kind == frame.Category {
		return levelsOf(c, phi)
	}
	var x, y []float64
	missing, missed := 0.0, 0
	for i, v := range c.Values {
		if math.IsNaN(v) {
			missing += phi[i]
			missed++
			continue
		}
		x, y = append(x, v), append(y, phi[i])
	}
	text := "no single direction"
	switch r, _ := (evaluate.Real{Predicted: x, Actual: y}).Spearman(); { // 0 where there is none
	case r > .5:
		text = "higher raises it"
	case r < -.5:
		text = "lower raises it"
	}
	if missed > 0 {
		switch mean := missing / float64(missed); {
		case mean > .01:
			text += "; missing raises it"
		case mean < -.01:
			text += "; missing lowers it"
		}
	}
	return text
}

// levelsOf names the category that raises the prediction most, and the one that lowers it most.
func levelsOf(c *frame.Column, phi []float64) string {
	sums, rows := make([]float64, len(c.Levels)), make([]float64, len(c.Levels))
	for i, v := range c.Values {
		if !math.IsNaN(v) {
			sums[int(v)] += phi[i]
			rows[int(v)]++
		}
	}
	high, low := -1, -1
	for i := range sums {
		if rows[i] == 0 {
			continue
		}
		sums[i] /= rows[i]
		if high < 0 || sums[i] > sums[high] {
			high = i
		}
		if low < 0 || sums[i] < sums[low] {
			low = i
		}
	}
	if high < 0 || high == low {
		return "no single direction"
	}
	return fmt.Sprintf("%q raises it, %q lowers it", c.Levels[high], c.Levels[low])
}
