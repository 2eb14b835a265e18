package stream

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/changelog"
)

// modelOwner is a process that has, or thinks it has, the partition.
type modelOwner struct {
	name   string
	log    *owned
	store  *store
	disk   int
	inputs int64
	acting bool // a process does one thing at a time
}

const (
	modelKeys  = 4
	modelDisks = 3
)

// model is the world: a log, disks, and processes. What is folded are the numbers 0, 1, 2 ... of an input that loses nothing: the state of a key
// is made of the numbers that belong to it, in their order, so that a number folded twice, left out or forgotten shows.
type model struct {
	t interface {
		Fatal(...any)
		Fatalf(string, ...any)
		Logf(string, ...any)
	}
	luck    *rapid.T // nil in a chosen life
	fates   []fate   // of the appends of a chosen life; all others land
	log     *modelLog
	clock   time.Time
	disks   [modelDisks]vfs.FS
	inUse   [modelDisks]bool // while a process is being opened on it
	owners  []*modelOwner
	names   int
	decided int64 // inputs of the last commit that was told as decided, since the log lost something
	losses  int
}

func newModel() *model {
	w := &model{clock: time.UnixMilli(0)}
	w.log = &modelLog{w: w, parts: 1}
	for i := range w.disks {
		w.disks[i] = vfs.NewMem()
	}
	return w
}

// truth is the state of a key after the first n numbers.
func truth(key int, n int64) int64 {
	v := int64(0)
	for i := int64(key); i < n; i += modelKeys {
		v = v*31 + i + 1
	}
	return v
}

func modelKey(i int) string { return "k" + strconv.Itoa(i) }

// open makes a process on a disk, as task.restore does.
func (w *model) open(disk int) {
	if w.inUse[disk] {
		return
	}
	w.inUse[disk] = true
	defer func() { w.inUse[disk] = false }()
	w.owners = slices.DeleteFunc(w.owners, func(o *modelOwner) bool { // a disk has one user
		if o.disk == disk {
			_ = o.store.close()
		}
		return o.disk == disk
	})
	w.names++
	for range 2 {
		s, err := openStoreOn(w.disks[disk])
		if err != nil {
			w.t.Fatal(err)
		}
		o := &modelOwner{store: s, disk: disk, name: "p" + strconv.Itoa(w.names), log: &owned{log: w.log,
			now: func() time.Time { return w.clock }, sleep: func(context.Context, time.Duration) error { return nil }}}
		err = o.log.restore(context.Background(), s)
		if err == nil {
			o.inputs = o.log.last.inputs["in"].Offset
			w.owners = append(w.owners, o)
			w.check(o)
			return
		}
		_ = s.close()
		if !errors.Is(err, errLocal) {
			if !errors.Is(err, errNoAnswerYet) {
				w.t.Fatalf("restore: %v", err)
			}
			return
		}
		w.disks[disk] = vfs.NewMem()
	}
	// The log lost something meanwhile: the processor tries again later.
}

// commit has a process fold n numbers.
func (w *model) commit(o *modelOwner, n int64) {
	if o.acting {
		return
	}
	o.acting = true
	defer func() { o.acting = false }()
	ch := newChanges()
	for i := o.inputs; i < o.inputs+n; i++ {
		k := int(i % modelKeys)
		ch.kv[modelKey(k)] = encodeSum(truth(k, i+1))
		ch.timers[modelKey(k)] = i
	}
	next := commit{seq: o.log.last.seq + 1, inputs: map[string]broker.Place{"in": {Offset: o.inputs + n}}}
	err := o.log.write(context.Background(), ch, next, o.store)
	if !slices.Contains(w.owners, o) {
		return // it was ended meanwhile
	}
	if err != nil {
		w.end(o)
		return
	}
	if w.log.kept == w.losses { // else it is gone already: its owner is told when it next asks
		w.decided = max(w.decided, o.inputs+n)
	}
	if w.luck != nil && rapid.IntRange(0, 9).Draw(w.luck, "crash before it is applied") == 0 {
		w.end(o)
		return
	}
	if err := o.store.apply(ch, o.log.meta()); err != nil {
		w.t.Fatal(err)
	}
	o.inputs += n
	w.check(o)
}

func (w *model) end(o *modelOwner) {
	_ = o.store.close()
	w.owners = slices.DeleteFunc(w.owners, func(x *modelOwner) bool { return x == o })
}

// others does something while an append is on its way.
func (w *model) others() {
	if w.log.busy > 1 {
		return
	}
	w.log.busy++
	defer func() { w.log.busy-- }()
	switch rapid.SampledFrom([]string{"open", "commit", "land", "cut"}).Draw(w.luck, "meanwhile") {
	case "open":
		w.open(rapid.IntRange(0, modelDisks-1).Draw(w.luck, "disk"))
	case "commit":
		if len(w.owners) > 1 {
			w.commit(rapid.SampledFrom(w.owners).Draw(w.luck, "owner"), 1)
		}
	case "land":
		w.landOne()
	case "cut":
		w.cut()
	}
}

func (w *model) landOne() {
	if len(w.log.late) > 0 {
		w.land(rapid.IntRange(0, len(w.log.late)-1).Draw(w.luck, "which"))
	}
}

func (w *model) land(i int) {
	w.log.land(w.log.late[i])
	w.log.late = slices.Delete(w.log.late, i, i+1)
}

// cut takes batches off the log's end. A broker needs longer than proveAfter for that: it has to end and begin again, or another to be elected. With
// it end the connections on which late batches were on their way.
func (w *model) cut() {
	w.cutTail(rapid.IntRange(0, 6).Draw(w.luck, "cut"))
}

func (w *model) cutTail(n int) {
	if n = min(n, len(w.log.base)); n == 0 {
		return
	}
	left := len(w.log.base) - n
	if w.log.base[left] < w.log.clean {
		return
	}
	w.log.next, w.log.base = w.log.base[left], w.log.base[:left]
	w.log.recs = slices.DeleteFunc(w.log.recs, func(r broker.Record) bool { return r.Offset >= w.log.next })
	w.log.late = nil
	w.lostSome()
}

func (w *model) lostSome() {
	w.clock = w.clock.Add(2 * proveAfter)
	w.decided = 0
	w.losses++
}

// anew deletes the topic and makes it again. What was on its way may still come.
func (w *model) anew() {
	w.log.recs, w.log.base, w.log.next, w.log.clean = nil, nil, 0, 0
	w.lostSome()
}

// newest is the process whose fence is the log's.
func (w *model) newest() *modelOwner {
	f, _, _ := w.reading(w.log.recs)
	for _, o := range w.owners {
		if o.log.fence == f.Fence {
			return o
		}
	}
	return nil
}

// settle has the owner bury what is void, as it does before a compaction's lag is over.
func (w *model) settle() *modelOwner {
	w.log.calm = true
	defer func() { w.log.calm = false }()
	for range 20 {
		o := w.newest()
		if o == nil {
			w.open(0)
			continue
		}
		if err := o.log.look(context.Background()); err != nil {
			w.t.Logf("look: %v", err)
			w.end(o)
			continue
		}
		if !o.log.dirty() {
			return o
		}
		w.commit(o, 0)
	}
	w.t.Fatalf("no owner comes to rest:\n%s", w.log.show())
	return nil
}

// compact is a compaction, once an owner has buried what is void.
func (w *model) compact() {
	o := w.settle()
	before := w.log.base[len(w.log.base)-1]
	if i := slices.Index(w.log.base, o.log.stand.offset); i > 0 { // it has only a fence
		before = w.log.base[i]
	}
	w.log.clean = w.log.next // it has all been there for longer than the lag
	_, was, lastWas := w.reading(w.log.recs)
	shown := w.log.show()
	w.log.recs = compacted(w.log.recs, before)
	_, is, lastIs := w.reading(w.log.recs)
	if !maps.Equal(was, is) || !maps.Equal(lastWas.inputs, lastIs.inputs) {
		w.t.Fatalf("compaction before %d makes %v of %v, inputs %v of %v:\n%s\n%s", before, is, was, lastIs.inputs, lastWas.inputs, shown, w.log.show())
	}
}

// show is the log as people read it.
func (m *modelLog) show() string {
	out, f := "", changelog.New()
	for _, rec := range m.recs {
		counts, _ := f.Take(asRecord(rec))
		mark := markOf(rec)
		out += fmt.Sprintf("%d %x under %s, %d on %d: %v\n", rec.Offset, rec.Key, mark.Fence, mark.Seq, mark.On-1, counts)
	}
	return out
}

// reading is what somebody sees who reads a log from its beginning.
func (w *model) reading(recs []broker.Record) (*changelog.Fold, map[string]string, commit) {
	f, state, last := changelog.New(), map[string]string{}, commit{}
	for _, rec := range recs {
		counts, err := f.Take(asRecord(rec))
		if err != nil {
			w.t.Fatalf("offset %d: %v", rec.Offset, err)
		}
		if !counts {
			continue
		}
		switch rec.Key[0] {
		case changelog.KindState:
			state[string(rec.Key[1:])] = string(rec.Value)
		case changelog.KindCommit:
			if last, err = decodeCommit(rec.Value); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return f, state, last
}

// invariants hold after every step.
func (w *model) invariants() {
	_, state, last := w.reading(w.log.recs)
	w.consistent("the log", state, last.inputs["in"].Offset)
	if got := last.inputs["in"].Offset; got < w.decided {
		w.t.Fatalf("the log goes back to input %d, %d were decided", got, w.decided)
	}
}

func (w *model) consistent(who string, state map[string]string, n int64) {
	for k := range modelKeys {
		want := truth(k, n)
		if got := decodeSum([]byte(state[modelKey(k)])); got != want {
			w.t.Fatalf("%s stands at input %d and has %d for %s, the truth is %d", who, n, got, modelKey(k), want)
		}
	}
}

// check compares a process's own store with what its inputs make.
func (w *model) check(o *modelOwner) {
	state := map[string]string{}
	for k := range modelKeys {
		v, _, err := o.store.get([]byte(modelKey(k)))
		if err != nil {
			w.t.Fatal(err)
		}
		state[modelKey(k)] = string(v)
	}
	w.consistent(fmt.Sprintf("process %s", o.name), state, o.inputs)
}

// Whatever owners, sleepers and brokers do: the log gives the state that its own inputs make, no decided commit is forgotten, every owner's store
// is right for the inputs it stands at, and a compaction changes nothing. Only a log that lost its tail or was made anew goes back, and then it is
// consistent, and its owners are told.
func TestTheLogIsTheState(t *testing.T) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := newModel()
		w.t, w.luck = t, t
		defer func() {
			for _, o := range w.owners {
				_ = o.store.close()
			}
		}()
		someone := func() *modelOwner {
			if len(w.owners) == 0 {
				t.Skip("nobody")
			}
			return rapid.SampledFrom(w.owners).Draw(t, "owner")
		}
		t.Repeat(map[string]func(*rapid.T){
			"open":    func(*rapid.T) { w.open(rapid.IntRange(0, modelDisks-1).Draw(t, "disk")) },
			"commit":  func(*rapid.T) { w.commit(someone(), rapid.Int64Range(1, 3).Draw(t, "n")) },
			"commit2": func(*rapid.T) { w.commit(someone(), 1) },
			"crash":   func(*rapid.T) { w.end(someone()) },
			"wipe": func(*rapid.T) {
				o := someone()
				w.end(o)
				w.disks[o.disk] = vfs.NewMem()
			},
			"land": func(*rapid.T) { w.landOne() },
			"cut":  func(*rapid.T) { w.cut() },
			"anew": func(*rapid.T) { w.anew() },
			"look": func(*rapid.T) {
				o := someone()
				if err := o.log.look(context.Background()); err != nil {
					w.end(o)
				} else if o.log.dirty() {
					w.commit(o, 0)
				}
			},
			"compact": func(*rapid.T) { w.compact() },
			"wait":    func(*rapid.T) { w.clock = w.clock.Add(2 * proveAfter) },
			"":        func(*rapid.T) { w.invariants() },
		})
	})
}
