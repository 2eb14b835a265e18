package training

import (
	"fmt"
	"slices"
	"testing"
)

// Next basket asks each customer who bought before for the first order behind what teaches, whole, with what was bought before among it; it is asked with nothing of that order.
func TestNextBasketIsJudged(t *testing.T) {
	var h heap
	at := base.UnixMilli()
	buy := func(customer, order string, items ...string) {
		for _, item := range items {
			at += 1000
			h.add(Touch{Customer: customer, Item: item, Kind: "buy", Order: order, AtMs: at})
		}
	}
	for n := range 20 {
		buy(fmt.Sprint("c", n), fmt.Sprint("a", n), "milk", "bread")
	}
	buy("c1", "before", "tea", "bread")
	cut := at + 1
	for n := range 20 {
		buy(fmt.Sprint("c", n), fmt.Sprint("b", n), "milk", "tea", "nobody had it")
		buy(fmt.Sprint("c", n), fmt.Sprint("c", n), "bread")
	}
	buy("new", "n", "milk")
	i := slices.IndexFunc(h.trials(cut, false), func(x *trial) bool { return x.Protocol == nextBasket })
	if i < 0 {
		t.Fatal("there is no such trial")
	}
	trial := h.trials(cut, false)[i]
	if len(trial.set.Cases) != 20 || trial.teaching != nil {
		t.Fatalf("%d cases, %d teach", len(trial.set.Cases), len(trial.teaching))
	}
	for _, c := range trial.set.Cases {
		var wanted []string
		for _, item := range c.Relevant {
			wanted = append(wanted, h.items.Text(item))
		}
		a := h.ask(c.Place, c.AtMs)
		told := 2
		if h.customers.Text(c.User) == "c1" {
			told = 4
		}
		if fmt.Sprint(wanted) != "[milk tea]" || len(a.History) != told {
			t.Errorf("%s is asked for %v with %d touches", h.customers.Text(c.User), wanted, len(a.History))
		}
	}
	// With a ranker the older half teaches, and what judges is asked with it.
	for _, x := range h.trials(cut, true) {
		if x.Protocol != nextBasket {
			continue
		}
		if len(x.teaching) < 5 || len(x.set.Cases) < 5 || x.teaching[len(x.teaching)-1].AtMs >= x.set.Cases[0].AtMs {
			t.Errorf("%d teach, %d judge", len(x.teaching), len(x.set.Cases))
		}
	}
}
