package tally

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/catalogtest"
)

// What the tiles of a slot hold comes to what the slot reads, however many of the first ones are made one.
func TestTilesAddUpToTheReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := New(catalogtest.Random(t).Plan())
		s := drawHistory(t).play(t, e, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1)), epoch)
		asOf := s.AsOf(epoch + rapid.Int64Range(0, 40*dayMs).Draw(t, "later"))
		all := s.Read(asOf, nil)
		most := rapid.SampledFrom([]int{1, 2, 7, 1000}).Draw(t, "most")
		for slot, sl := range e.plan.Slots {
			tiles := s.Tiles(slot, asOf, most)
			if sl.Window.Length == 0 {
				if tiles != nil {
					t.Fatalf("slot %d has no window and %d tiles", slot, len(tiles))
				}
				continue
			}
			if len(tiles) > most {
				t.Fatalf("%d tiles, at most %d were asked for", len(tiles), most)
			}
			var sum catalog.Reading
			for i, tile := range tiles {
				if tile.StartMs < sl.Window.StartMs(asOf) || tile.StartMs%tile.LengthMs != 0 && tile.Merged == 0 ||
					i > 0 && tile.StartMs < tiles[i-1].StartMs+tiles[i-1].LengthMs {
					t.Fatalf("tile %d begins at %d, of %d ms", i, tile.StartMs, tile.LengthMs)
				}
				x := cellOf(&tile.Reading)
				gather(e.plan.Columns[sl.Column].Op, &x, &sum)
			}
			if d := cmp.Diff(all[slot], sum, cmp.AllowUnexported(catalog.Sum{}, catalog.Sketch{})); d != "" {
				t.Fatalf("slot %d, %s over %s (-read +tiles):\n%s", slot, e.plan.Columns[sl.Column].Key, sl.Window.Name, d)
			}
		}
	})
}
