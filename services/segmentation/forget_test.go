package segmentation

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// stateOf lists the keys with a prefix, over all partitions, and the bytes of their values.
func (w *world) stateOf(prefix string) (keys []string, bytes int) {
	w.t.Helper()
	for p := range 2 {
		v, err := w.s.processor.View(p)
		if err != nil {
			w.t.Fatal(err)
		}
		err = v.Scan([]byte(prefix), nil, func(k, value []byte) (bool, error) {
			keys, bytes = append(keys, string(k)), bytes+len(value)
			return true, nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return keys, bytes
}

// TestStateDoesNotGrowWithChangesOfRules: each week another rule comes and goes, under a name of its own. Nobody does anything.
func TestStateDoesNotGrowWithChangesOfRules(t *testing.T) {
	const n, weeks = 40, keptBooks + 6
	w := newWorld(t, "")
	w.begin()
	for i := range n {
		w.send(spend(id(i), int64(i)))
	}
	w.settled()
	sizes := []int{}
	for week := range weeks {
		w.rules(fmt.Sprintf(`segments: [{name: week_%02d, when: "spend_30d >= 20"}, {name: stays, when: "spend_30d >= 30"}]`, week))
		w.begin()
		w.swept()
		_, bytes := w.stateOf(prefixCustomer)
		sizes = append(sizes, bytes)
	}
	if first, last := sizes[1], sizes[weeks-1]; last > first+first/20 {
		t.Errorf("records of %d customers take %d bytes after the second change of rules and %d after %d: %v", n, first, last, weeks, sizes)
	}
	if keys, _ := w.stateOf(prefixRules); len(keys) > 2*keptBooks {
		t.Errorf("the rules of %d books are kept in two partitions, want %d: %q", len(keys), 2*keptBooks, keys)
	}
	keys, _ := w.stateOf(prefixCount)
	for _, k := range keys {
		if strings.Contains(k, "week_") && !strings.HasSuffix(k, fmt.Sprintf("week_%02d", weeks-1)) {
			t.Errorf("the size of a segment that is no more is kept: %q", k)
		}
	}
	if got := w.listSegments(); size(got, "stays") != n-30 || size(got, fmt.Sprintf("week_%02d", weeks-1)) != n-20 {
		t.Errorf("sizes: %v", got.Segments)
	}
	testkit.Eventually(t, within, func() error { // the last of them leave behind the sweep
		if got := w.transitions(id(35), false); len(got) != 2*weeks || got[0] != "+week_00 VERSION +0" {
			return fmt.Errorf("transitions of one who always matched: %q", got)
		}
		return nil
	})
}

// TestARuleThatComesAgainNamesNoTransitionTwice: the same rule under the same name, after it had been forgotten.
func TestARuleThatComesAgainNamesNoTransitionTwice(t *testing.T) {
	const rule, none = `segments: [{name: big, when: "spend_30d >= 500"}]`, `segments: [{name: other, when: "spend_30d >= 90000"}]`
	w := newWorld(t, rule)
	w.begin()
	w.send(spend(id(1), 600))
	w.settled()
	for _, text := range []string{none, rule, none, rule} {
		w.rules(text)
		w.begin()
		w.swept()
	}
	w.expect(id(1), "+big EVENT +0", "-big VERSION +0", "+big VERSION +0", "-big VERSION +0", "+big VERSION +0")
	seen := map[string]int64{}
	for _, tr := range all[segmentationv1.Transition](w, topics.SegmentTransitions) {
		if before, ok := seen[tr.TransitionId]; ok && before != tr.Seq || ok && tr.Seq == 0 {
			t.Errorf("transition %s was told with seq %d and %d", tr.TransitionId, before, tr.Seq)
		}
		seen[tr.TransitionId] = tr.Seq
	}
}

// TestOldBooksAreForgottenAfterTheirRecords: rules come and go that move nobody, more often than books are kept. What time did
// to an unchanged rule while the service was down is still told as time's.
func TestOldBooksAreForgottenAfterTheirRecords(t *testing.T) {
	const lapsing = `{name: lapsing, when: "days_since_last_order > 30"}`
	w := newWorld(t, "segments: ["+lapsing+"]")
	w.begin()
	w.send(ordered(id(1), start))
	w.settled()
	w.swept()
	for week := range keptBooks + 2 {
		w.rules(fmt.Sprintf(`segments: [%s, {name: week_%02d, when: "spend_30d >= 900000"}]`, lapsing, week))
		w.begin()
		w.swept()
	}
	w.end()
	w.now.Store(start + 40*dayMs)
	w.rules("segments: [" + lapsing + `, {name: last, when: "spend_30d >= 900000"}]`)
	w.begin()
	w.swept()
	w.settled()
	w.expect(id(1), "+lapsing TIME +2592000001")
}

// TestATombstoneIsSmall: who was merged away keeps what is needed to refuse what is old, and the highest seq.
func TestATombstoneIsSmall(t *testing.T) {
	w := newWorld(t, `segments: [{name: a, when: "spend_30d >= 1"}, {name: b, when: "spend_30d >= 2"}, {name: c, when: "spend_30d >= 3"}]`)
	w.begin()
	w.send(spend(id(1), 600))
	w.send(&featurev1.FeatureSet{CustomerId: id(1), MergedInto: id(2), Reason: featurev1.ChangeReason_CHANGE_REASON_MERGE})
	w.settled()
	v, err := w.s.processor.View(broker.PartitionFor([]byte(id(1)), 2))
	if err != nil {
		t.Fatal(err)
	}
	data, ok, err := v.Get(customerKey(id(1)))
	if err != nil || !ok || len(data) > 80 {
		t.Errorf("a tombstone of %d bytes, %v, %v: want at most 80", len(data), ok, err)
	}
	if r, err := decodeRecord(data); err != nil || r.lastSeq() != 2 {
		t.Errorf("%+v, %v: want the highest seq, 2", r, err)
	}
}

// Whatever is forgotten and comes again, seq never comes twice for one segment.
func TestSeqGoesOnOverForgetting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, used := &record{}, map[string]int64{}
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			s := name.Draw(t, "segment")
			if rapid.Bool().Draw(t, "forget") {
				r.forget(func(x string) bool { return x == s })
				continue
			}
			m := r.membership(s)
			if m == nil {
				r.segments = append(r.segments, membership{segment: s, seq: r.lastSeq()})
				m = &r.segments[len(r.segments)-1]
			}
			m.in = !m.in
			m.seq++
			if m.seq <= used[s] {
				t.Fatalf("%s had seq %d before, and has %d now", s, used[s], m.seq)
			}
			used[s] = m.seq
		}
		if len(r.segments) > 4 {
			t.Fatalf("%d memberships for three segments", len(r.segments))
		}
	})
}
