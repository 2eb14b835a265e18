package segmentation

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// leaving has a rule over scores and features, one over scores alone and one over features alone.
const leaving = `
endpoints: [{name: hook}]
segments:
  - {name: leaving, when: "churn_risk_90d > 0.7 && spend_30d >= 500 && !churn_holdout", alert: hook}
  - {name: warned, when: "warning_frequency_halved && days_since_warning_frequency_halved < 7", alert: hook}
  - {name: big, when: "spend_30d >= 500"}
`

// Short names of the reasons of scores.
const (
	scoredByEvent = churnv1.ScoreReason_SCORE_REASON_EVENT
	scoredByTime  = churnv1.ScoreReason_SCORE_REASON_TIME
	scoredByMerge = churnv1.ScoreReason_SCORE_REASON_MERGE
	scoredByModel = churnv1.ScoreReason_SCORE_REASON_MODEL
)

// risk is a set of scores by the first model.
func risk(id string, value float64, reason churnv1.ScoreReason) *churnv1.ScoreSet {
	band := "low"
	if value > 0.5 {
		band = "high"
	}
	return &churnv1.ScoreSet{CustomerId: id, Reason: reason, ReceivedMs: start - 7, AsOfMs: start,
		Scores: []*churnv1.Score{{Target: "churn_risk_90d", Value: value, Band: band, ModelVersion: "one"}, {Target: "repurchase_30d", Missing: "no model yet"}}}
}

// score publishes sets of scores, with the next version and of the last features unless they say so themselves.
func (w *world) score(sets ...*churnv1.ScoreSet) {
	w.t.Helper()
	var msgs []broker.Message
	for _, m := range sets {
		if m.Version == 0 {
			m.Version = w.scored[m.CustomerId] + 1
		}
		w.scored[m.CustomerId] = max(m.Version, w.scored[m.CustomerId])
		if m.Workspace == "" {
			m.Workspace = "default"
		}
		if m.FeaturesVersion == 0 {
			m.FeaturesVersion = w.sent[m.CustomerId]
		}
		value, err := proto.Marshal(m)
		if err != nil {
			w.t.Fatal(err)
		}
		msgs = append(msgs, broker.Message{Topic: topics.Scores.Name, Key: []byte(m.CustomerId), Value: value})
	}
	if err := w.out.Produce(w.t.Context(), msgs...); err != nil {
		w.t.Fatal(err)
	}
}

// alerted fails unless exactly these alerts are made. They leave beside the transitions, and may come a moment later.
func (w *world) alerted(want ...string) {
	w.t.Helper()
	var got []string
	testkit.Eventually(w.t, within, func() error {
		if got = w.alerts(); len(got) < len(want) {
			return fmt.Errorf("alerts %q, want %q", got, want)
		}
		return nil
	})
	if !slices.Equal(got, want) {
		w.t.Errorf("alerts %q, want %q", got, want)
	}
}

func TestScoresMoveCustomers(t *testing.T) {
	w := newWorld(t, leaving)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	w.send(spend(id(1), 600))
	w.settled()
	w.score(risk(id(1), 0.7, scoredByEvent))
	w.settled()
	w.expect(id(1), "+big EVENT +0")
	w.score(risk(id(1), 0.700001, scoredByEvent))
	w.settled()
	w.score(risk(id(1), 0.2, scoredByTime))
	w.settled()
	w.expect(id(1), "+big EVENT +0", "+leaving EVENT +0", "-leaving TIME +0")
	held := risk(id(1), 0.9, scoredByEvent)
	held.Holdout = true
	w.score(held)
	w.settled()
	w.expect(id(1), "+big EVENT +0", "+leaving EVENT +0", "-leaving TIME +0")
	w.alerted("+leaving EVENT", "-leaving TIME")
	for _, a := range all[segmentationv1.Alert](w, topics.Alerts) {
		if a.Transition.ReceivedMs != start-7 {
			t.Errorf("the alert is of %+v: freshness is measured from the event behind the score", a.Transition)
		}
	}
}

// A warning is a tag: it holds since a moment, and time alone ends what is said of it.
func TestWarningsAreTagsThatTimeMoves(t *testing.T) {
	w := newWorld(t, leaving)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	w.send(spend(id(1), 1))
	w.settled()
	warned := risk(id(1), 0.1, scoredByTime)
	warned.Warnings = []*churnv1.Warning{{Name: "frequency_halved", SinceMs: start - 6*dayMs}, {Name: "of_a_newer_churn", SinceMs: start}}
	w.score(warned)
	w.settled()
	w.expect(id(1), "+warned TIME +0")
	w.at(start + dayMs)
	w.expect(id(1), "+warned TIME +0", fmt.Sprintf("-warned TIME %+d", dayMs))
	w.alerted("+warned TIME", "-warned TIME")
}

// What alerts and what does not, by why the scores are others.
func TestOnlyEventsAndTimeAlertByScores(t *testing.T) {
	another := risk(id(1), 0.9, scoredByEvent)
	another.Scores[0].ModelVersion = "two"
	history := risk(id(1), 0.9, scoredByTime)
	history.History = true
	first := risk(id(1), 0.9, scoredByEvent)
	first.Scores = append(first.Scores, &churnv1.Score{Target: "churn_risk_60d", Value: 0.5, ModelVersion: "first of its target"})
	for what, c := range map[string]struct {
		set  *churnv1.ScoreSet
		want string
		loud bool
	}{
		"an event":                             {set: risk(id(1), 0.9, scoredByEvent), want: "EVENT", loud: true},
		"time":                                 {set: risk(id(1), 0.9, scoredByTime), want: "TIME", loud: true},
		"another model":                        {set: risk(id(1), 0.9, scoredByModel), want: "VERSION"},
		"another model, whatever the set says": {set: another, want: "VERSION"},
		"the first score of a target":          {set: first, want: "EVENT", loud: true},
		"a merge":                              {set: risk(id(1), 0.9, scoredByMerge), want: "MERGE"},
		"history":                              {set: history, want: "TIME"},
		"a reason from tomorrow is one to hear of": {set: risk(id(1), 0.9, 99), want: "EVENT", loud: true},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, leaving)
			w.cfg.Endpoints = endpoint(nowhere)
			w.begin()
			w.send(spend(id(1), 600))
			w.settled()
			w.score(risk(id(1), 0.1, scoredByEvent), &churnv1.ScoreSet{CustomerId: id(1), Reason: scoredByTime}) // the score goes, and comes again
			w.settled()
			c.set.Version = 0
			w.score(c.set)
			w.settled()
			w.expect(id(1), "+big EVENT +0", "+leaving "+c.want+" +0")
			if c.loud {
				w.alerted("+leaving " + c.want)
			} else {
				w.alerted()
			}
		})
	}
}

// Of the copies and the stragglers of a log that is at least once, nothing is heard.
func TestOlderScoresChangeNothing(t *testing.T) {
	w := newWorld(t, leaving)
	w.begin()
	w.send(spend(id(1), 600))
	w.settled()
	high, low := risk(id(1), 0.9, scoredByEvent), risk(id(1), 0.1, scoredByEvent)
	high.Version, low.Version = 7, 5
	w.score(high, high, low, high)
	w.settled()
	w.begin()
	w.score(low, high)
	w.score(risk(id(1), 0.95, scoredByEvent))
	w.settled()
	w.expect(id(1), "+big EVENT +0", "+leaving EVENT +0")
}

// Scores may come first: they are kept, and nobody sees a customer before there are features.
func TestScoresBeforeTheFirstFeaturesAreKept(t *testing.T) {
	w := newWorld(t, leaving)
	w.begin()
	first := risk(id(1), 0.9, scoredByEvent)
	first.FeaturesVersion = 1
	w.score(first)
	w.settled()
	if got := w.listSegments(); got.Customers != 0 {
		t.Errorf("%d customers, none of them has features", got.Customers)
	}
	if _, err := (&api{s: w.s}).GetCustomerSegments(t.Context(), &segmentationv1.GetCustomerSegmentsRequest{Id: id(1)}); err == nil || !strings.Contains(err.Error(), "has no features yet") {
		t.Errorf("the segments of a customer without features: %v", err)
	}
	w.begin()
	w.send(spend(id(1), 600))
	w.settled()
	w.expect(id(1), "+leaving EVENT +0", "+big EVENT +0")
	if got := w.listSegments(); got.Customers != 1 || size(got, "leaving") != 1 {
		t.Errorf("sizes %v", got)
	}
}

// The features' tombstone decides who is a customer; the scores go with it, and what comes late for it stays without effect. One who is split off again
// has no score until there is one.
func TestScoresGoWithTheMerge(t *testing.T) {
	w := newWorld(t, leaving)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	w.send(spend(id(1), 600))
	w.score(risk(id(1), 0.1, scoredByEvent))
	w.settled()
	w.score(&churnv1.ScoreSet{CustomerId: id(1), MergedInto: id(2), Reason: scoredByMerge})
	w.settled()
	if r, err := w.record(id(1)); err != nil || len(r.scored.values) != 0 || !r.counts() {
		t.Errorf("the scores are still there, or the customer is not: %+v, %v", r, err)
	}
	w.score(risk(id(1), 0.9, scoredByEvent))
	w.settled()
	w.send(&featurev1.FeatureSet{CustomerId: id(1), MergedInto: id(2), Reason: featurev1.ChangeReason_CHANGE_REASON_MERGE})
	w.settled()
	w.score(risk(id(1), 0.95, scoredByEvent))
	w.settled()
	if r, err := w.record(id(1)); err != nil || len(r.scored.values) != 0 || r.scored.schema != 0 {
		t.Errorf("a tombstone has scores: %+v, %v", r.scored, err)
	}
	w.send(spend(id(1), 800))
	w.settled()
	seen := []string{"+big EVENT +0", "+leaving EVENT +0", "-big MERGE +0", "-leaving MERGE +0", "+big EVENT +0"}
	w.expect(id(1), seen...)
	straggler := risk(id(1), 0.97, scoredByEvent)
	straggler.FeaturesVersion = 1
	w.score(straggler)
	w.settled()
	w.expect(id(1), seen...)
	w.score(risk(id(1), 0.99, scoredByEvent))
	w.settled()
	w.expect(id(1), append(seen, "+leaving EVENT +0")...)
}

// What no score can be is put aside, and its neighbours are folded.
func TestBadScoresAreDeadLettered(t *testing.T) {
	w := newWorld(t, leaving)
	w.begin()
	w.send(spend(id(1), 600))
	w.settled()
	nan := risk(id(1), math.NaN(), scoredByEvent)
	bad := []*churnv1.ScoreSet{nan, {CustomerId: "nobody", Version: 3}, {CustomerId: id(1), Workspace: "default"}}
	for _, m := range bad[:2] {
		w.score(m)
		delete(w.scored, m.CustomerId)
	}
	for _, value := range [][]byte{[]byte("\xff\xff"), nil} {
		if err := w.out.Produce(t.Context(), broker.Message{Topic: topics.Scores.Name, Key: []byte(id(1)), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	w.score(risk(id(1), 0.9, scoredByEvent))
	w.settled()
	w.expect(id(1), "+big EVENT +0", "+leaving EVENT +0")
	testkit.Eventually(t, within, func() error {
		spans, err := w.client.Spans(t.Context(), topics.DeadLetter(topics.Scores).Name)
		if err == nil && spans[0].Next != 4 {
			err = fmt.Errorf("%d dead letters, want 4", spans[0].Next)
		}
		return err
	})
}

// With another forecasts file the scores of before say nothing, and what that changes, and what the first scores by the new file change, is nobody's
// doing: no alert. Rules that look at no score are left alone.
func TestAnotherForecastsFileIsSilent(t *testing.T) {
	w := newWorld(t, leaving+`  - {name: lapsing, when: "days_since_last_order > 30 && !(churn_risk_90d > 2)", alert: hook}`)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	both := spend(id(1), 600)
	w.send(both)
	w.settled() // of two inputs either may be read first
	w.score(risk(id(1), 0.9, scoredByEvent))
	w.settled()
	w.swept()
	w.forecasts("targets:\n  - {name: buys_soon, description: x, counts: orders_lifetime, outcome: any, within: 7d, among: orders_lifetime > 1}\n")
	w.now.Store(start + 1000)
	w.begin()
	w.swept()
	w.settled()
	seen := []string{"+big EVENT +0", "+leaving EVENT +0", "-leaving VERSION +1000"}
	w.expect(id(1), seen...)
	w.send(spend(id(1), 700)) // sees no score still
	w.settled()
	w.score(risk(id(1), 0.9, scoredByEvent))
	w.settled()
	seen = append(seen, "+leaving VERSION +1000")
	w.expect(id(1), seen...)
	w.score(risk(id(1), 0.1, scoredByEvent))
	w.settled()
	w.expect(id(1), append(seen, "-leaving EVENT +1000")...)
	w.alerted("+leaving EVENT", "-leaving EVENT")
}

// forecasts writes the forecasts file; the next start reads it.
func (w *world) forecasts(text string) {
	w.cfg.Forecasts = filepath.Join(w.dir, "forecasts.yaml")
	if err := os.WriteFile(w.cfg.Forecasts, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// A rule over features alone keeps its time over a change of the forecasts file, as over a change of other rules.
func TestRulesWithoutScoresKeepTheirTimeOverAnotherForecastsFile(t *testing.T) {
	w := newWorld(t, leaving+`  - {name: lapsing, when: "days_since_last_order > 30 && days_since_last_order <= 60", alert: hook}`)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	w.send(ordered(id(1), start))
	w.settled()
	w.swept()
	w.end()
	w.forecasts("remove: [spend_next_365d]\n")
	w.now.Store(start + 40*dayMs)
	w.begin()
	w.swept()
	w.settled()
	w.expect(id(1), "+lapsing TIME +2592000001")
	w.alerted("+lapsing TIME")
}

// A segmentation of before scores comes to its scores: the input that was not there before is read from its first record.
func TestScoresOfBeforeTheStartAreRead(t *testing.T) {
	w := newWorld(t, leaving)
	for i := range 20 {
		w.send(spend(id(i), 600))
		w.score(risk(id(i), 0.9, scoredByEvent))
	}
	w.begin()
	w.settled()
	for i := range 20 {
		if got := w.in(id(i)); !slices.Equal(got, []string{"leaving", "big"}) {
			t.Errorf("customer %d is in %q", i, got)
		}
	}
}

// mergedAway is the tombstone of a customer.
func mergedAway(who string) *featurev1.FeatureSet {
	return &featurev1.FeatureSet{CustomerId: who, MergedInto: id(100), Reason: featurev1.ChangeReason_CHANGE_REASON_MERGE}
}
