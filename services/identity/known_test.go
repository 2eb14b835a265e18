package identity

import (
	"fmt"
	"testing"

	"github.com/freshet/freshet/services/identity/graph"
)

// TestRememberedAnswersEnd: an answer from memory ends with a merge of its customer,
// and all of them end when the resolver has forgotten what was merged.
func TestRememberedAnswersEnd(t *testing.T) {
	w := newWorld(t, 1)
	s := w.start(w.dir("a"))
	w.send("anonymous_id:a1", "anonymous_id:a2")
	w.waitResolved(2)
	a1, a2 := s.owner("anonymous_id:a1"), s.owner("anonymous_id:a2")

	var k known
	e := rawEvent{id: "e", workspace: "w", identifiers: names("anonymous_id:a2")}
	expect := func(want, why string) {
		t.Helper()
		a, epoch, err := k.lookup(s.resolver, e)
		if err != nil || a.Customer.String() != want || !a.Settled || epoch != int64(len(w.log())-1) {
			t.Fatalf("%s: %s at %d, %v; want %s at %d", why, a.Customer, epoch, err, want, len(w.log())-1)
		}
	}
	expect(a2, "from the store")
	expect(a2, "from memory")
	w.send("user_id:ann anonymous_id:a1", "user_id:ann anonymous_id:a2")
	w.waitResolved(4)
	expect(a1, "after the merge")

	k.put(linkKey(e), graph.ID{0xbb}) // an answer from before what comes next
	_ = s.resolver.change(func() error {
		s.resolver.bury(make([]graph.Merge, maxGone+1))
		return nil
	})
	expect(a1, "after the resolver forgot")
}

func TestMemoryIsBounded(t *testing.T) {
	var k known
	for n := range 5 * knownEntries {
		k.put(fmt.Sprint(n), graph.ID{1})
	}
	if len(k.young) > knownEntries || len(k.old) > knownEntries {
		t.Errorf("%d and %d answers are remembered, the bound is %d each", len(k.young), len(k.old), knownEntries)
	}
	if _, ok := k.get(fmt.Sprint(5*knownEntries - 1)); !ok {
		t.Error("the newest answer is forgotten")
	}
}
