package training

import (
	"fmt"
	"strings"
	"testing"
)

// The bar of a training goes on with its work, never back, and ends at the end; no word of it stands for most of the work.
func TestTheBarMovesWithTheWork(t *testing.T) {
	w := newWorld(t)
	s := w.service(list(shopTouches(1000)), func(_ *Config, d *Deps) { d.Ranking = Ranks{Workers: 1} })
	var said []string
	last, steps := 0, map[int]bool{}
	by := map[string]int{} // how far the bar went under a word
	a := &attempt{Service: s, workspace: "shop", trigger: "hand", tell: func(what string, done, of int) {
		if of != whole || done < last {
			t.Errorf("%s: %d of %d after %d", what, done, of, last)
		}
		by[what] += done - last
		last, steps[done*100/of] = done, true
		said = append(said, what)
	}}
	made, err := a.all(t.Context())
	if err != nil || made.Version == "" {
		t.Fatalf("%+v, %v", made, err)
	}
	if last < whole*98/100 || len(steps) < 25 {
		t.Errorf("%d of %d, %d different percents", last, whole, len(steps))
	}
	for _, want := range []string{"reading touches", "learning from touches", "fitting tastes", "learning an order", "judging by next-item: list", "judging by holdout: list"} {
		if !strings.Contains(fmt.Sprint(said), want) {
			t.Errorf("nothing is said of %s", want)
		}
	}
	for what, moved := range by {
		if moved > whole/2 {
			t.Errorf("%s moves the bar by %d of %d", what, moved, whole)
		}
	}
}
