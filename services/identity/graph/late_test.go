package graph

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestALateCopyChangesNobody: a record that lands a second time, behind any that followed it, leaves everybody as they are. Its place in the log is
// taken all the same: the records behind it have other offsets. Where a rule stopped something before, it is as an event with the same names would be at
// that moment: it may tie what the rule would not tie then, and does so in every copy alike.
func TestALateCopyChangesNobody(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := New(smallLimits(rt))
		ops := someOps(crowded, 40).Draw(rt, "ops")
		again := slices.Clone(ops[rapid.IntRange(0, len(ops)-1).Draw(rt, "which")])
		one, stopped := runAll(t, g, ops)
		was := who(rt, one)
		stopped = len(mustApply(t, g, one, int64(len(ops)), again...).Dropped) > 0 || stopped
		is := who(rt, one)
		if diff := cmp.Diff(was, is); diff != "" && !stopped {
			rt.Fatalf("%v again changes who is who:\n%s", again, diff)
		}
		other, _ := runAll(t, g, append(slices.Clone(ops), again))
		if diff := cmp.Diff(is, who(rt, other)); diff != "" {
			rt.Fatalf("%v again makes two copies differ:\n%s", again, diff)
		}
	})
}

// runAll applies operations to a new store, and says whether a rule stopped anything.
func runAll(t *testing.T, g Graph, ops [][]string) (s memory, stopped bool) {
	t.Helper()
	s = memory{}
	for n, words := range ops {
		stopped = len(mustApply(t, g, s, int64(n), words...).Dropped) > 0 || stopped
	}
	return s, stopped
}

// who says of which customer each identifier is.
func who(t *rapid.T, s memory) map[string]string {
	out := map[string]string{}
	for k, v := range s {
		if k[0] != spaceIdentifier {
			continue
		}
		row, err := decodeOwner([]byte(v))
		if err != nil {
			t.Fatal(err)
		}
		out[k] = row.id.String()
	}
	return out
}
