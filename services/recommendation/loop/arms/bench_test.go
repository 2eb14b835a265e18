package arms

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkDraw draws for a slot of a hundred candidates of ten categories, in a scene of which much is known.
func BenchmarkDraw(b *testing.B) {
	a, _ := learner(usually())
	var items []Item
	for n := range 100 {
		i := Item{ID: fmt.Sprint("item ", n), Category: fmt.Sprint("kind ", n%10)}
		items = append(items, i)
		for c := range 10 {
			show(a, 20, 5, i.ID, i.Category, fmt.Sprint("category:kind ", c))
		}
	}
	src := rand.NewPCG(1, 2)
	at := home("category:kind 3")
	b.ReportAllocs()
	for b.Loop() {
		a.Draw(at, items, src)
	}
}
