package content

import (
	"fmt"
	"testing"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// An answer's work is bounded, and what is left out are the most common words.
func TestTheRarestWordsSpeakFirst(t *testing.T) {
	shelf := catalogue.NewShelf("w", 10_000)
	a := put(shelf, &recommendationv1.Item{ItemId: "a", Name: "rare w0 w1 w2 w3 w4"})
	b := put(shelf, &recommendationv1.Item{ItemId: "b", Name: "rare"})
	for n := range 4500 {
		put(shelf, &recommendationv1.Item{ItemId: fmt.Sprint(n), Name: fmt.Sprint("w", n%5)})
	}
	x := New(shelf, Options{})
	x.Refresh()
	got := x.Similar(nil, a, 10_000, nil)
	if len(got) == 0 || got[0].Item != b {
		t.Fatalf("%d found, the first %v", len(got), got[:min(len(got), 1)])
	}
	if n := len(got); n < 3000 || n > mostRead+1000 {
		t.Errorf("%d items were looked at", n)
	}
}
