package pipeline

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

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
	switch r := spearman(x, y); {
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

// spearman is the rank correlation; 0 where there is none.
func spearman(x, y []float64) float64 {
	a, b := ranks(x), ranks(y)
	n := float64(len(a))
	mean := (n - 1) / 2
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - mean) * (b[i] - mean)
		aa += (a[i] - mean) * (a[i] - mean)
		bb += (b[i] - mean) * (b[i] - mean)
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// ranks are places in order, ties the mean of theirs.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}
