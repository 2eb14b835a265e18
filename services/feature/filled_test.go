package feature

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/expr"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/fill"
	"github.com/freshet/freshet/services/feature/tally"
)

// other has what small has not, lacks what it has, and looks at the same events over other windows.
const other = `
features:
  - {name: events, description: x, level: behaviour, aggregate: count, windows: [24h, 7d, lifetime]}
  - {name: names, description: x, level: behaviour, aggregate: distinct, value: event, windows: [24h, lifetime]}
  - {name: refund, description: x, level: value, from: orders, aggregate: sum, value: refund, windows: [90d]}
  - {name: likes, description: x, level: preference, aggregate: top, by: event, half_life: 8h}
`

// grownBooks are catalogues that know each other's states; the last has everything that the tests look at.
func grownBooks() []*book {
	all := []*book{bookOf(small), bookOf(other), bookOf(medium)}
	for _, b := range all {
		for _, o := range all {
			b.engine.Learn(o.catalog.Plan())
		}
	}
	return all
}

// pendingFill is what was read for a partition's records, and not yet given to its task.
type pendingFill struct {
	partition int
	book      *book
	list      []filled
}

// lookFor reads what the committed records of a partition lack.
func (w *world) lookFor(partition int) []filled {
	var list []filled
	var wants []fill.Want
	for _, key := range slices.Sorted(maps.Keys(w.tasks[partition].kv)) {
		if key == filledKey {
			continue
		}
		r, err := decodeRecord(w.kept.engine, w.tasks[partition].kv[key], nil)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, h := range r.holes {
			list = append(list, filled{id: customerID([]byte(key)), workspace: r.workspace, hole: h})
			wants = append(wants, h.want(w.kept.engine, r.workspace))
		}
	}
	for i, want := range wants {
		list[i].found = w.facts(want)
	}
	return list
}

// facts folds what package fill reads from ClickHouse, from everything that there is.
func (w *world) facts(want fill.Want) *tally.State {
	s := w.kept.engine.Only(want.Columns).New()
	passed := w.now.Add(-time.Hour - w.ahead).UnixMilli()
	for _, e := range w.resolved {
		if slices.ContainsFunc(want.Events, func(m fill.Mark) bool {
			return m.Route == e.CustomerId && m.Partition == e.RawPartition && m.Life == e.RawLife && e.RawOffset <= m.Offset
		}) {
			s.Insert(expr.Of(e.Event), passed)
		}
	}
	told := map[fill.Arrival]bool{}
	for p := range w.parts {
		for _, rec := range w.logs[broker.TopicPartition{Topic: topics.OrderPostings.Name, Partition: p}] {
			c := &orderv1.Change{}
			if err := proto.Unmarshal(rec.Value, c); err != nil {
				w.t.Fatal(err)
			}
			at := fill.Arrival{Partition: c.Partition, Sequence: c.Sequence}
			if told[at] {
				continue
			}
			told[at] = true
			if slices.ContainsFunc(want.Orders, func(m fill.Mark) bool {
				return m.Route == c.CustomerId && m.Partition == c.Partition && c.Sequence <= m.Offset
			}) {
				for _, x := range c.Taken {
					s.Post(x, true, passed)
				}
				for _, x := range c.Added {
					s.Post(x, false, passed)
				}
			}
			if slices.Contains(want.Arrived, at) {
				for _, x := range c.Moved {
					s.Post(x, false, passed)
				}
			}
		}
	}
	return s
}

// give has a partition's task take what was read, perhaps twice, perhaps to crash before its commit.
func (w *world) give(f pendingFill, mayCrash bool) {
	if f.book != w.kept {
		return // the process that read it is gone
	}
	task := w.tasks[f.partition]
	tx := &memoryTx{w: w, task: task, kv: map[string][]byte{}, timers: map[string]int64{}}
	h := newHandler(w.kept.copy(), testMetrics(w.t))
	h.inbox.put(f.list, nil)
	for more := true; more; {
		var err error
		if more, err = h.tick(tx); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := h.batch.flush(tx); err != nil {
		w.t.Fatal(err)
	}
	if mayCrash && rapid.IntRange(0, 4).Draw(w.t, "crash while filling") == 0 {
		return
	}
	tx.commit()
	for _, m := range tx.out {
		w.send(fmt.Sprintf("task %d", f.partition), m)
	}
	w.checkTold(tx)
}

// checkTold looks at the last set of each customer that a commit told of: what the record lacks is not in it.
func (w *world) checkTold(tx *memoryTx) {
	last := map[string]*featurev1.FeatureSet{}
	for _, m := range tx.out {
		if m.Topic != topics.Features.Name {
			continue
		}
		fs := &featurev1.FeatureSet{}
		if err := proto.Unmarshal(m.Value, fs); err != nil {
			w.t.Fatal(err)
		}
		last[fs.CustomerId] = fs
	}
	for id, fs := range last {
		c, err := parseID(id)
		if err != nil {
			w.t.Fatal(err)
		}
		r, err := decodeRecord(w.kept.engine, tx.task.kv[string(c[:])], nil)
		if err != nil || r.gone != nil {
			continue
		}
		layout := w.kept.layoutOf(r)
		if fs.Schema != layout.Fingerprint {
			w.t.Fatalf("%s with %d holes is told by schema %x", id, len(r.holes), fs.Schema)
		}
		got := fs.GetValues()
		for _, i := range w.kept.hidden(r) {
			if v := catalog.NewVector(layout, got); v.Has(i) {
				w.t.Fatalf("%s: %s is told to be %v though it is not filled", id, w.kept.catalog.Features[i].Name, v.At(i))
			}
		}
	}
}

// fillAll fills until nothing is lacking.
func (w *world) fillAll() {
	for round := 0; ; round++ {
		n := 0
		for p := range w.parts {
			list := w.lookFor(p)
			n += len(list)
			w.give(pendingFill{p, w.kept, list}, false)
		}
		w.settle()
		if n == 0 {
			return
		}
		if round > 3 {
			w.t.Fatal("it is never filled")
		}
	}
}

// However a catalogue changes while events, late ones, refunds, merges and time come, with crashes and repeats, and whenever what is lacking is read
// and given: in the end every customer has what the oracle says of the catalogue as it is, and nothing that was told before was too small.
func TestAGrownCatalogueEqualsOneFromTheStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		all := grownBooks()
		w.kept = all[rapid.IntRange(0, 1).Draw(t, "catalogue")]
		var pending []pendingFill
		for range rapid.IntRange(5, 120).Draw(t, "steps") {
			switch rapid.IntRange(0, 15).Draw(t, "do") {
			case 0, 1, 2, 3:
				w.event()
			case 10, 11:
				w.tell(rapid.IntRange(0, w.parts-1).Draw(t, "book"), rapid.IntRange(0, 8).Draw(t, "order events"), true)
			case 4:
				w.merge()
			case 5:
				w.repeat()
			case 6:
				w.now = w.now.Add(time.Duration(rapid.Int64Range(0, 3*86_400_000).Draw(t, "wait")) * time.Millisecond)
			case 12:
				w.kept = all[rapid.IntRange(0, 2).Draw(t, "catalogue")]
			case 13:
				p := rapid.IntRange(0, w.parts-1).Draw(t, "read")
				pending = append(pending, pendingFill{p, w.kept, w.lookFor(p)})
			case 14:
				if len(pending) > 0 {
					w.give(rapid.SampledFrom(pending).Draw(t, "given"), true)
				}
			default:
				w.step(rapid.IntRange(0, w.parts-1).Draw(t, "task"), rapid.IntRange(0, 8).Draw(t, "batch"), true)
			}
		}
		w.kept = all[2]
		for range rapid.IntRange(0, 9).Draw(t, "steps with the last catalogue") {
			w.step(rapid.IntRange(0, w.parts-1).Draw(t, "task"), rapid.IntRange(0, 8).Draw(t, "batch"), true)
			if rapid.Bool().Draw(t, "fill") {
				p := rapid.IntRange(0, w.parts-1).Draw(t, "read")
				w.give(pendingFill{p, w.kept, w.lookFor(p)}, true)
			}
		}
		w.settle()
		w.fillAll()
		for id, r := range w.records() {
			if len(r.holes) > 0 {
				t.Fatalf("%s lacks something: %+v", id, r.holes)
			}
		}
		w.checkStates()
		w.checkSets()
	})
}

// A result that comes a second time, or for a hole that is another by now, is not added.
func TestAHoleIsFilledOnce(t *testing.T) {
	all := grownBooks()
	b := newBench(t)
	b.world.kept = all[0]
	b.h = newHandler(all[0].copy(), testMetrics(t))
	b.batch(nil, b.event(id(1), func(*eventv1.Event) {}), b.event(id(1), func(*eventv1.Event) {}))
	b.world.kept = all[2]
	b.h = newHandler(all[2].copy(), testMetrics(t))
	c, err := parseID(id(1))
	if err != nil {
		t.Fatal(err)
	}
	r, err := decodeRecord(all[2].engine, b.world.tasks[0].kv[string(c[:])], nil)
	if err != nil || len(r.holes) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	h := r.holes[0]
	found := all[2].engine.Only(h.in(all[2].engine)).New()
	stale := hole{columns: h.columns, marks: h.marks.clone()}
	stale.marks[0].marks[0].offset++
	give := func(h hole) *record {
		b.h.inbox.put([]filled{{id: c, hole: h, found: found}}, nil)
		tx := &memoryTx{w: b.world, task: b.world.tasks[0], kv: map[string][]byte{}, timers: map[string]int64{}}
		if _, err := b.h.tick(tx); err != nil {
			t.Fatal(err)
		}
		if err := b.h.batch.flush(tx); err != nil {
			t.Fatal(err)
		}
		tx.commit()
		r, err := decodeRecord(all[2].engine, b.world.tasks[0].kv[string(c[:])], nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := give(stale); len(r.holes) != 1 || r.version != 2 && r.version != 1 {
		t.Errorf("another hole's result was taken: %+v", r)
	}
	first := give(h)
	if len(first.holes) != 0 {
		t.Errorf("the hole is still there: %+v", first.holes)
	}
	if second := give(h); second.version != first.version {
		t.Errorf("version %d, then %d: the result was taken twice", first.version, second.version)
	}
}

// That nothing is lacking holds only if no record that lacks something came since somebody looked.
func TestARecordThatComesBehindTheLookIsFilled(t *testing.T) {
	w := &world{tasks: []*memoryTask{{kv: map[string][]byte{}, timers: map[string]int64{}}}}
	do := func(f func(tx *memoryTx) error) []byte {
		t.Helper()
		tx := &memoryTx{w: w, task: w.tasks[0], kv: map[string][]byte{}, timers: map[string]int64{}}
		if err := f(tx); err != nil {
			t.Fatal(err)
		}
		tx.commit()
		return slices.Clone(w.tasks[0].kv[filledKey])
	}
	looked := &verdict{fingerprint: 7}
	open := do(func(tx *memoryTx) error { return reopen(tx) })
	if got := do(func(tx *memoryTx) error { return looked.note(tx) }); isFilled(got, 7) {
		t.Error("a look of before the record came says that nothing is lacking")
	}
	done := do(func(tx *memoryTx) error { return (&verdict{7, open}).note(tx) })
	if !isFilled(done, 7) || isFilled(done, 8) {
		t.Errorf("%x", done)
	}
	again := do(func(tx *memoryTx) error { return reopen(tx) })
	if isFilled(again, 7) || slices.Equal(again, open) {
		t.Errorf("%x after %x", again, open)
	}
}
