package assembly

import (
	"testing"

	"github.com/freshet/freshet/services/recommendation/training"
)

// What was given back teaches no cycle and no season; a part that was kept, and the same item of another order, do.
func TestWhatWasGivenBackIsNotBought(t *testing.T) {
	const unit = 1_000_000
	got := kept([]string{"tea", "cup"}, []training.Purchase{
		{Customer: 1, Item: 0, AtMs: 1, Quantity: unit, Order: 1},
		{Customer: 1, Item: 1, AtMs: 2, Quantity: 3 * unit, Order: 1},
		{Customer: 1, Item: 0, AtMs: 3, Quantity: unit, Order: 2},
		{Customer: 2, Item: 0, AtMs: 4, Quantity: unit},
		{Customer: 1, Item: 0, AtMs: 5, Quantity: unit, Order: 1, Return: true},
		{Customer: 1, Item: 1, AtMs: 6, Quantity: unit, Order: 1, Return: true},
		{Customer: 2, Item: 0, AtMs: 7, Quantity: unit, Return: true},
	})
	if len(got) != 2 || got[0].Key.Item != "cup" || got[0].Quantity != 2*unit || got[1].AtMs != 3 || got[1].Key.Customer != visitorName(1) {
		t.Errorf("%+v", got)
	}
}
