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
