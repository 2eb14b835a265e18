package watch

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAPositionFindsWhatANaiveSearchFinds walks a position over logs of live events of two grades and others, with a group that moves, is put
// back, and a search that reads bits at a time: what is found is what a search of all records from the group's offset on finds, as far as was read.
func TestAPositionFindsWhatANaiveSearchFinds(t *testing.T) {
	grades := []grade{behaviour, core}
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.SliceOfN(rapid.SampledFrom([]grade{"", "", behaviour, core}), 1, 60).Draw(t, "log")
		p, progress, end := newPosition(), int64(0), int64(0)
		for range rapid.IntRange(1, 30).Draw(t, "looks") {
			end = rapid.Int64Range(end, int64(len(log))).Draw(t, "end")
			if rapid.IntRange(0, 9).Draw(t, "put back") == 0 {
				progress = 0
			}
			progress = rapid.Int64Range(progress, end).Draw(t, "progress")
			p.advance(progress, end, time.UnixMilli(0))
			done := false
			for range rapid.IntRange(0, 4).Draw(t, "fetches") {
				from, more := p.next(grades, end)
				if !more {
					done = true
					break
				}
				to := rapid.Int64Range(from+1, end).Draw(t, "to")
				for o := from; o < to; o++ {
					if log[o] != "" {
						p.take(waiting{grade: log[o], offset: o})
					}
				}
				p.read(grades, to)
			}
			for _, g := range grades {
				want := int64(-1)
				for o := progress; o < end && want < 0; o++ {
					if log[o] == g {
						want = o
					}
				}
				got, found := p.first[g]
				if found && got.offset != want || done && !found && want >= 0 {
					t.Fatalf("%s from %d of %v to %d: found %v %d, want %d", g, progress, log, end, found, got.offset, want)
				}
			}
		}
	})
}

// TestStandingBeginsWhenThereIsSomethingToDo: a group that has done everything does not stand, however long.
func TestStandingBeginsWhenThereIsSomethingToDo(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	p := newPosition()
	p.advance(5, 5, at(1))
	p.advance(5, 5, at(1000))
	p.advance(5, 9, at(1010))
	if p.since != at(1000) {
		t.Errorf("it stands since %s, want since the last look that found nothing to do", p.since)
	}
	p.advance(5, 9, at(2000))
	if p.since != at(1000) {
		t.Errorf("since %s: looking again is no progress", p.since)
	}
	p.advance(6, 9, at(2010))
	if p.since != at(2010) {
		t.Errorf("since %s: it moved", p.since)
	}
}
