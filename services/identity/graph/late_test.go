package graph

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestALateCopyChangesNobody: a record that lands a second time, behind any that followed it, leaves everybody as they are. Its place in the log is
// taken all the same: the records behind it have other offsets.
func TestALateCopyChangesNobody(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := New(smallLimits(rt))
		ops := someOps(crowded, 40).Draw(rt, "ops")
		from := rapid.IntRange(0, len(ops)-1).Draw(rt, "which")
		s := run(t, g, ops)
		was := map[string]string{}
		for k, v := range s {
			if k[0] == spaceIdentifier {
				row, err := decodeOwner([]byte(v))
				if err != nil {
					rt.Fatal(err)
				}
				was[k] = row.id.String()
			}
		}
		again := slices.Clone(ops[from])
		mustApply(t, g, s, int64(len(ops)), again...)
		is := map[string]string{}
		for k, v := range s {
			if k[0] == spaceIdentifier {
				row, err := decodeOwner([]byte(v))
				if err != nil {
					rt.Fatal(err)
				}
				is[k] = row.id.String()
			}
		}
		if diff := cmp.Diff(was, is); diff != "" {
			rt.Fatalf("%v again changes who is who:\n%s", again, diff)
		}
	})
}
