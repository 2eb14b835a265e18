package changelog

import (
	"fmt"
	"slices"
	"testing"
)

// writer makes records as an owner does, on top of a fold of its own.
type writer struct {
	f     *Fold
	fence Fence
}

// log is what was written, as a test puts it together.
type log struct{ recs []Record }

func (l *log) add(recs ...Record) {
	for _, r := range recs {
		r.Offset = int64(len(l.recs))
		l.recs = append(l.recs, r)
	}
}

// own reads the log and fences it.
func (l *log) own(t *testing.T) *writer {
	t.Helper()
	w := &writer{f: New()}
	w.read(t, l.recs)
	w.fence = w.f.Successor(1)
	l.add(w.fence.record())
	w.read(t, l.recs[len(l.recs)-1:])
	return w
}

func (f Fence) record() Record { return Record{Key: f.Key(), Value: f.Encode()} }

func (w *writer) read(t *testing.T, recs []Record) {
	t.Helper()
	for _, r := range recs {
		if _, err := w.f.Take(r); err != nil {
			t.Fatal(err)
		}
	}
}

// commit is one that writes a key, as records that stand nowhere yet.
func (w *writer) commit(key string) []Record {
	mark := w.f.Next(w.fence).Append(nil)
	return []Record{{Key: []byte("S" + key), Mark: mark}, {Key: []byte("C"), Mark: mark}}
}

// write has a commit stand in the log.
func (w *writer) write(t *testing.T, l *log, key string) []Record {
	t.Helper()
	recs := w.commit(key)
	from := len(l.recs)
	l.add(recs...)
	w.read(t, l.recs[from:])
	return recs
}

// Each case is a story of a log; want has a letter for each record: F or f for a fence that counts or does not, and C or v for others.
func TestVerdicts(t *testing.T) {
	for story, c := range map[string]struct {
		tell func(t *testing.T, l *log)
		want string
	}{
		"one owner": {func(t *testing.T, l *log) {
			a := l.own(t)
			a.write(t, l, "k")
			a.write(t, l, "k")
		}, "F CC CC"},
		"two owners, one after the other": {func(t *testing.T, l *log) {
			l.own(t).write(t, l, "k")
			l.own(t).write(t, l, "k")
		}, "F CC F CC"},
		"a sleeper wakes up": {func(t *testing.T, l *log) {
			a := l.own(t)
			a.write(t, l, "k")
			b := l.own(t)
			l.add(a.commit("k")...)
			b.write(t, l, "k")
		}, "F CC F vv CC"},
		"two fence at once": {func(t *testing.T, l *log) {
			l.own(t).write(t, l, "k")
			before := log{recs: slices.Clone(l.recs)}
			b := l.own(t)
			c := before.own(t)
			l.add(c.fence.record())
			l.add(c.commit("k")...)
			b.write(t, l, "k")
		}, "F CC F f vv CC"},
		"a copy right behind": {func(t *testing.T, l *log) {
			a := l.own(t)
			l.add(a.write(t, l, "k")...)
			a.write(t, l, "k")
		}, "F CC CC CC"},
		"a copy after what followed": {func(t *testing.T, l *log) {
			a := l.own(t)
			late := a.write(t, l, "k")
			a.write(t, l, "k")
			l.add(late...)
			a.write(t, l, "k")
		}, "F CC CC vv CC"},
		"a fence comes late": {func(t *testing.T, l *log) {
			a := l.own(t)
			l.own(t).write(t, l, "k")
			l.add(a.fence.record())
			l.add(a.commit("k")...)
		}, "F F CC f vv"},
		"the tail is lost, and its writer goes on": {func(t *testing.T, l *log) {
			a := l.own(t)
			a.write(t, l, "k")
			a.write(t, l, "k")
			l.recs = l.recs[:3]
			l.add(a.commit("k")...)
			b := l.own(t)
			b.write(t, l, "k")
		}, "F CC vv F CC"},
		"the tail is lost with its writer's fence": {func(t *testing.T, l *log) {
			l.own(t).write(t, l, "k")
			b := l.own(t)
			b.write(t, l, "k")
			l.recs = l.recs[:3]
			l.add(b.commit("k")...)
			l.own(t).write(t, l, "k")
		}, "F CC vv F CC"},
		"the tail is lost, others fill its place, and its writer goes on": {func(t *testing.T, l *log) {
			a := l.own(t)
			first := a.write(t, l, "k")
			a.write(t, l, "k")
			l.recs = l.recs[:3]
			l.add(first...)
			l.add(a.commit("k")...)
		}, "F CC CC vv"},
		"an owner of a topic that was deleted": {func(t *testing.T, l *log) {
			a := l.own(t)
			a.write(t, l, "k")
			l.recs = nil
			l.add(a.commit("k")...)
			l.own(t).write(t, l, "k")
			l.add(a.fence.record())
			l.add(a.commit("k")...)
		}, "vv F CC f vv"},
		"a late fence of a topic that was deleted comes first": {func(t *testing.T, l *log) {
			l.own(t)
			b := l.own(t)
			late := b.fence.record()
			l.recs = nil
			l.add(late)
			l.add(b.commit("k")...)
			l.own(t).write(t, l, "k")
			l.add(b.commit("k")...)
		}, "f vv F CC vv"},
		"a compaction took what is built on": {func(t *testing.T, l *log) {
			a := l.own(t)
			a.write(t, l, "k")
			a.write(t, l, "k")
			a.write(t, l, "k")
			l.recs = append(l.recs[:1:1], l.recs[5:]...)
		}, "F CC"},
		"a compaction took the true commit before the void one, which is buried": {func(t *testing.T, l *log) {
			a := l.own(t)
			a.write(t, l, "k")
			b := l.own(t)
			b.write(t, l, "k")
			l.add(a.commit("k")...)
			b.write(t, l, "k")
			l.recs = append(append(l.recs[:1:1], l.recs[3]), l.recs[6:]...)
		}, "F F vv CC"},
	} {
		t.Run(story, func(t *testing.T) {
			l := &log{}
			c.tell(t, l)
			got, f := "", New()
			for _, r := range l.recs {
				counts, err := f.Take(r)
				if err != nil {
					t.Fatal(err)
				}
				letter := map[bool]string{true: "C", false: "v"}
				if r.Key[0] == KindFence {
					letter = map[bool]string{true: "F", false: "f"}
				}
				got += letter[counts]
			}
			if want := squeeze(c.want); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func squeeze(s string) (out string) {
	for _, r := range s {
		if r != ' ' {
			out += string(r)
		}
	}
	return out
}

// A void record makes its key foreign until a record that counts writes it.
func TestWhatIsForeign(t *testing.T) {
	l := &log{}
	a := l.own(t)
	a.write(t, l, "k")
	b := l.own(t)
	l.add(a.commit("k")...)
	f := New()
	for _, r := range l.recs {
		if _, err := f.Take(r); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(f.Foreign); got != "map[C:{} Sk:{}]" {
		t.Errorf("foreign are %s", got)
	}
	b.f = f
	b.write(t, l, "k")
	if len(f.Foreign) != 0 {
		t.Errorf("foreign are %v after they were written again", f.Foreign)
	}
}

func TestWhatIsNoChangelog(t *testing.T) {
	a := New().Successor(1)
	for what, r := range map[string]Record{
		"no key":        {Value: []byte("x")},
		"no mark":       {Key: []byte("Sk")},
		"no fence":      {Key: []byte("F"), Value: []byte("x")},
		"a newer mark":  {Key: []byte("Sk"), Mark: []byte{99, 1, 2, 3}},
		"a newer fence": {Key: a.Key(), Value: append([]byte{99}, a.Encode()[1:]...)},
	} {
		if _, err := New().Take(r); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
