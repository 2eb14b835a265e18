package rank

import (
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// Of what was not taken and stands far down everywhere every fourth is learnt from; all else is, with the rows of the whole pool.
func TestOfTheHopelessAFourthTeaches(t *testing.T) {
	p := NewPool(Question{NowMs: 1e12, History: []int32{1}, Session: []int32{1}})
	defer p.Put()
	p.Name("s", 1)
	var list []candidate.Candidate
	for item := range int32(50) {
		list = append(list, candidate.Candidate{Item: item, Score: float64(50 - item)})
	}
	p.Add(0, list)
	whole, thin := NewLessons([]string{"s"}), NewLessons([]string{"s"})
	thin.Near = 10
	for _, l := range []*Lessons{whole, thin} {
		if err := l.Add(p, one(49)); err != nil {
			t.Fatal(err)
		}
	}
	want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 49}
	n := len(whole.rows) / 50
	if len(thin.grades) != len(want) || thin.groups[0] != len(want) || thin.grades[len(want)-1] != 1 {
		t.Fatalf("%d rows of %d: %v", len(thin.grades), len(want), thin.grades)
	}
	same := func(a, b float32) bool { return a == b || a != a && b != b }
	for i, at := range want {
		if !slices.EqualFunc(thin.rows[i*n:(i+1)*n], whole.rows[at*n:(at+1)*n], same) {
			t.Errorf("row %d is not that of candidate %d", i, at)
		}
	}
}

// An item that the catalogue got to know after the moment of the question has no age then.
func TestWhatIsNotYetThereHasNoAge(t *testing.T) {
	i := slices.IndexFunc(ofItem, func(f feature) bool { return f.name == "new" })
	for created, want := range map[int64]float64{1e12 - 86_400_000: 1, 1e12 + 1: math.NaN(), 0: math.NaN()} {
		p := NewPool(Question{NowMs: 1e12, Facts: Facts{Catalogue: func(int32) *catalogue.Item {
			return &catalogue.Item{Proto: &recommendationv1.Item{CreatedMs: created, PriceMicros: proto.Int64(1)}}
		}}})
		p.Name("s", 1)
		p.Add(0, []candidate.Candidate{{Item: 1, Score: 1}})
		p.know()
		if got := ofItem[i].make(p, 0, -1); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("created at %d: %v, want %v", created, got, want)
		}
		p.Put()
	}
}
