package segmentation

import (
	"testing"

	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// of is a set of scores of the features of a version.
func of(version int64, m *churnv1.ScoreSet) *churnv1.ScoreSet {
	m.FeaturesVersion = version
	return m
}

// A rule over features and scores never answers by an event's features and the scores of before it, or the other way round, as long as the other half
// comes in time; when none comes, it answers by what there is. Everything else waits for nothing.
func TestAMixedRuleWaitsForTheScoreOfTheEvent(t *testing.T) {
	for what, c := range map[string]struct {
		do    func(w *world)
		moves []string
		loud  []string
	}{
		"an order that lowers the risk": {
			do: func(w *world) {
				w.send(spend(id(1), 600))
				w.settled()
				w.score(of(2, risk(id(1), 0.2, scoredByEvent)))
				w.settled()
				w.at(start + 10_000)
			},
			moves: []string{"+big EVENT +0"},
		},
		"an order that leaves the risk as it is": {
			do: func(w *world) {
				w.send(spend(id(1), 600))
				w.settled()
				w.at(start + 499)
				w.expect(id(1), "+big EVENT +0")
				w.begin() // and the wait outlives the process
				w.at(start + 500)
			},
			moves: []string{"+big EVENT +0", "+leaving EVENT +500"}, loud: []string{"+leaving EVENT"},
		},
		"a score that overtakes its features": {
			do: func(w *world) {
				w.score(of(2, risk(id(1), 0.95, scoredByEvent)))
				w.settled()
				w.send(spend(id(1), 600))
				w.settled()
			},
			moves: []string{"+leaving EVENT +0", "+big EVENT +0"}, loud: []string{"+leaving EVENT"},
		},
		"one that came back before the score": {
			do: func(w *world) {
				w.send(spend(id(1), 600))
				w.settled()
				w.send(spend(id(1), 400))
				w.settled()
				w.at(start + 10_000)
			},
			moves: []string{"+big EVENT +0", "-big EVENT +0"},
		},
		"many events in a row": {
			do: func(w *world) {
				for n := range int64(4) {
					w.at(start + n*200)
					w.send(spend(id(1), 600+n))
					w.settled()
				}
			},
			moves: []string{"+big EVENT +0", "+leaving EVENT +500"}, loud: []string{"+leaving EVENT"},
		},
		"another model": {
			do: func(w *world) {
				w.send(spend(id(1), 600))
				w.settled()
				w.score(of(1, risk(id(1), 0.99, scoredByModel)))
				w.settled()
			},
			moves: []string{"+big EVENT +0", "+leaving VERSION +0"},
		},
		"a warning alone": {
			do: func(w *world) {
				m := of(7, risk(id(1), 0.9, scoredByEvent))
				m.Warnings = []*churnv1.Warning{{Name: "frequency_halved", SinceMs: start}}
				w.score(m)
				w.settled()
			},
			moves: []string{"+warned EVENT +0"}, loud: []string{"+warned EVENT"},
		},
		"time moves something else meanwhile": {
			do: func(w *world) {
				m := of(1, risk(id(1), 0.9, scoredByEvent))
				m.Warnings = []*churnv1.Warning{{Name: "frequency_halved", SinceMs: start - 7*dayMs + 200}}
				w.score(m)
				w.settled()
				w.send(spend(id(1), 600))
				w.settled()
				w.at(start + 200)
				w.score(of(2, risk(id(1), 0.2, scoredByEvent)))
				w.settled()
				w.at(start + 10_000)
			},
			moves: []string{"+warned EVENT +0", "+big EVENT +0", "-warned TIME +200"}, loud: []string{"+warned EVENT", "-warned TIME"},
		},
		"where nothing waits": {
			do: func(w *world) {
				w.cfg.ScoreWithin = 0
				w.begin()
				w.send(spend(id(1), 600))
				w.settled()
			},
			moves: []string{"+leaving EVENT +0", "+big EVENT +0"}, loud: []string{"+leaving EVENT"},
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, leaving)
			w.cfg.Endpoints = endpoint(nowhere)
			w.begin()
			w.send(spend(id(1), 450))
			w.score(of(1, risk(id(1), 0.9, scoredByEvent)))
			w.settled()
			c.do(w)
			w.expect(id(1), c.moves...)
			w.alerted(c.loud...)
			for _, a := range all[segmentationv1.Alert](w, topics.Alerts) {
				if a.Transition.Reason == reasonEvent && a.Transition.ReceivedMs != start-5 && a.Transition.ReceivedMs != start-7 {
					t.Errorf("alert %v is not of the event", a)
				}
			}
		})
	}
}

// A change that waits is overtaken by a merge: whoever is merged away leaves, and nothing comes after.
func TestAMergeEndsTheWait(t *testing.T) {
	w := newWorld(t, leaving)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	w.send(spend(id(1), 450))
	w.score(of(1, risk(id(1), 0.9, scoredByEvent)))
	w.settled()
	w.send(spend(id(1), 600))
	w.settled()
	w.send(mergedAway(id(1)))
	w.settled()
	w.at(start + 10_000)
	w.expect(id(1), "+big EVENT +0", "-big MERGE +0")
	w.alerted()
	if r, err := w.record(id(1)); err != nil || r.wait != (wait{}) {
		t.Errorf("the tombstone waits: %+v, %v", r, err)
	}
}
