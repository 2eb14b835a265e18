package stream

import (
	"testing"
	"time"
)

// on is the process that has a disk.
func (w *model) on(disk int) *modelOwner {
	for _, o := range w.owners {
		if o.disk == disk {
			return o
		}
	}
	w.t.Fatalf("no process has disk %d:\n%s", disk, w.log.show())
	return nil
}

// tell has a process try to commit, as any does that has not been told that it lost the partition.
func (w *model) tell(disk int, n int64) {
	for _, o := range w.owners {
		if o.disk == disk {
			w.commit(o, n)
			return
		}
	}
}

// Lives of the model in which somebody was not told that the log had lost its tail. The first one was found by TestTheLogIsTheState, the others by
// asking where else its reason holds.
func TestLivesThatWereLostInSilence(t *testing.T) {
	lands, late := fate{how: "lands"}, fate{how: "late"}
	for life, live := range map[string]func(w *model){
		"two open at once, the log is cut to nothing meanwhile, and the fence of a third begins it": func(w *model) {
			w.fates = []fate{
				{how: "lands", before: func() { w.open(0) }}, // the fence of 1, behind that of 0
				lands, // that of 0
				{how: "late", after: func() { w.open(0) }},      // again 1
				{how: "lands", before: func() { w.cutTail(2) }}, // that of 0, at the beginning; it is told, and comes again
				lands,
				{how: "lands", forgotten: true}, // again 1
				lands,
			}
			w.open(1)
			w.tell(1, 1)
		},
		"the tail that an opening owner has read is cut, and others have written past it": func(w *model) {
			w.open(0)
			w.commit(w.on(0), 1)
			w.fates = []fate{{how: "lands", forgotten: true, after: func() {
				w.cutTail(2)
				w.open(2)
				w.commit(w.on(2), 2)
				w.open(0)
			}}}
			w.open(1)
			w.tell(1, 0)
		},
		"nothing that an opening owner has read counts, it is cut, and others have written past it": func(w *model) {
			w.open(0)
			w.fates = []fate{late}
			w.commit(w.on(0), 1)
			w.anew()
			w.land(0)
			w.fates = []fate{{how: "lost", before: func() {
				w.cutTail(1)
				w.open(2)
				w.commit(w.on(2), 1)
			}}}
			w.open(1)
			w.tell(1, 2)
		},
		"an owner sleeps before it reads the answer to its fence, and the log ends below what it has read when it wakes up": func(w *model) {
			w.open(0)
			w.commit(w.on(0), 1)
			w.fates = []fate{{how: "lands", after: func() { w.cutTail(2) }}}
			w.open(1)
			w.tell(1, 1)
		},
		"a late fence of the old topic begins the new one, and a late commit stands where it stood": func(w *model) {
			w.open(0)
			w.fates = []fate{late, lands, late}
			w.open(1)
			w.commit(w.on(1), 1)
			w.anew()
			w.land(0)
			w.open(2)
			w.land(0)
			w.tell(1, 1)
		},
		"a store that was to be read again from the beginning meets a new log, of which a compaction took the place it had reached": func(w *model) {
			w.open(0)
			w.commit(w.on(0), 1)
			w.open(2)
			w.tell(0, 1)
			w.open(1)
			w.anew()
			w.tell(1, 1)
			w.tell(2, 1)
			w.commit(w.settle(), 0)
			w.compact()
			w.open(1)
		},
		"an owner sleeps before it reads the answer, and the commit is gone when it wakes up": func(w *model) {
			w.open(0)
			w.fates = []fate{{how: "lands", after: func() {
				w.cutTail(1)
				w.open(1)
				w.commit(w.on(1), 0)
				w.commit(w.on(1), 0)
			}}}
			w.commit(w.on(0), 1)
			w.tell(0, 1)
		},
	} {
		t.Run(life, func(t *testing.T) {
			w := newModel()
			w.t, w.clock = t, time.UnixMilli(0)
			defer func() {
				for _, o := range w.owners {
					_ = o.store.close()
				}
			}()
			live(w)
			w.invariants()
			if len(w.fates) > 0 {
				t.Errorf("%d fates are left: this is not the life that is meant", len(w.fates))
			}
		})
	}
}
