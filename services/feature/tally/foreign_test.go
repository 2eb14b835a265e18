package tally

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/catalogtest"
)

// cmpReadings looks into sums and sketches.
var cmpReadings = cmp.Options{cmp.AllowUnexported(catalog.Sum{}, catalog.Sketch{}), cmpopts.EquateEmpty()}

// A state that another catalogue kept reads the same in every slot whose column both have; of what only the new one has it holds nothing, and Missing
// names exactly that. What is not known is refused.
func TestAStateOfAnotherCatalogueIsTakenOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was, is := New(catalogtest.Random(t).Plan()), New(catalogtest.Random(t).Plan())
		if was.plan.Fingerprint == is.plan.Fingerprint {
			t.Skip("the same plan was drawn")
		}
		h := drawHistory(t)
		old := h.play(t, was, rand.New(rand.NewPCG(1, 1)), epoch)
		value := old.Append(nil)
		if _, _, err := is.Decode(value, nil); err == nil {
			t.Fatal("a state of an unknown plan was read")
		}
		is.Learn(was.plan)
		s, rest, err := is.Decode(append(value, "behind"...), nil)
		if err != nil || string(rest) != "behind" {
			t.Fatalf("rest %q, %v", rest, err)
		}
		s = again(t, is, s)
		at := old.AsOf(epoch)
		if got := s.AsOf(epoch); got != at {
			t.Fatalf("as of %d, want %d", got, at)
		}
		before, after := old.Read(at, nil), s.Read(at, nil)
		missing := is.Missing(was.plan.Fingerprint)
		for i, slot := range is.plan.Slots {
			c := &is.plan.Columns[slot.Column]
			j := slices.IndexFunc(was.plan.Columns, func(o catalog.Column) bool { return o.ID == c.ID })
			if (j < 0) != slices.Contains(missing, slot.Column) {
				t.Fatalf("column %s: missing is %t, want %t", c.Key, j >= 0, j < 0)
			}
			k := -1
			for n, o := range was.plan.Slots {
				if j >= 0 && o.Column == j && o.Window == slot.Window {
					k = n
				}
			}
			switch {
			case j < 0 && !ofSales(c) && after[i].Any:
				t.Fatalf("column %s holds something that nobody put there", c.Key)
			case k >= 0:
				if d := cmp.Diff(before[k], after[i], cmpReadings); d != "" {
					t.Fatalf("column %s over %q (-was +is):\n%s", c.Key, slot.Window.Name, d)
				}
			}
		}
	})
}
