package demo

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// people are a hundred, the first of whom have the highest risk, and those of left have left.
func people(left func(i int) bool) []scored {
	var out []scored
	for i := range 100 {
		out = append(out, scored{name: fmt.Sprint(i), risk: 1 - float64(i)/100, band: []string{"high", "medium", "low"}[i/34], left: left(i)})
	}
	return out
}

// A prediction that finds no more leavers among the tenth with the highest risk than anywhere is told as what it is.
func TestAWorthlessPredictionIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		left  func(int) bool
		wrong int
		want  string
	}{
		"the riskiest have left":            {func(i int) bool { return i < 20 }, 0, "of all 20 %: ok"},
		"as many of them as of anybody":     {func(i int) bool { return i%10 == 0 }, 1, "10 % have left, of all 10 %: DIFFERS"},
		"those with the lowest risk left":   {func(i int) bool { return i >= 80 }, 1, "0 % have left, of all 20 %: DIFFERS"},
		"nobody left: nothing can be found": {func(int) bool { return false }, 1, "DIFFERS"},
	} {
		var out bytes.Buffer
		wrong, err := Options{Out: &out}.tellLeavers(&modelv1.Version{Family: "boosted trees"}, people(c.left))
		if err != nil || wrong != c.wrong || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %d %v\n%s", name, wrong, err, out.String())
		}
	}
}
