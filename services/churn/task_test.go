package churn

import (
	"fmt"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// leave is a model by which the risk is a hundredth a day since the last order; spends one of what was spent.
var (
	leave  = slope{Column: "last_order", By: .01}
	spends = slope{Column: "spend_lifetime", By: .5}
)

// both have a model serve each target.
func (w *world) both() {
	w.serve("churn_risk_60d", first, leave, halves)
	w.serve("spend_next_90d", first, spends, nil)
}

// The whole path: a feature set in, a score set out, Predict.
func TestAFeatureSetBecomesScores(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 40))
	w.settled()
	got := w.expect(id(1), "EVENT churn=0.400/medium spend=50.000")
	m := got[0]
	if m.GetWorkspace() != "default" || m.GetAsOfMs() != start || m.GetReceivedMs() != start-5 || m.GetFeaturesVersion() != 1 ||
		m.GetScores()[0].GetModelVersion() != first || m.GetHoldout() != w.s.book.set.Held("default", id(1)) {
		t.Errorf("%v", m)
	}
	resp, err := (&reader{s: w.s}).Predict(t.Context(), &churnv1.PredictRequest{Id: "user_id:1"})
	if err != nil || line(resp.GetScores()) != "UNSPECIFIED churn=0.400/medium spend=50.000" || resp.GetScores().GetVersion() != 0 {
		t.Errorf("Predict: %v, %v", resp, err)
	}
}

// What moves a score set to be told, step by step.
func TestWhatIsTold(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.cfg.EmitStep = .01
	w.begin()
	send := func(days float64, spent int64) {
		fs := told(shipped.Layout(), &featurev1.FeatureSet{CustomerId: id(1)}, map[string]int64{
			"last_order": start - int64(days*float64(dayMs)), "orders_lifetime": 1, "spend_lifetime": spent * 1_000_000})
		w.send(fs)
		w.settled()
	}
	send(40, 1000) // the first
	send(40.9, 1000)
	send(41, 1000)   // a step of .01
	send(41.5, 1000) // half a step
	send(41.9, 1009) // below a step, and below a hundredth of the amount
	send(41.9, 1011) // a hundredth
	send(60.5, 1011) // another band
	send(60.4, 1011)
	send(59.9, 1011) // another band, though by half a step
	w.expect(id(1), "EVENT churn=0.400/medium spend=500.000", "EVENT churn=0.410/medium spend=500.000", "EVENT churn=0.419/medium spend=505.500",
		"EVENT churn=0.605/high spend=505.500", "EVENT churn=0.599/medium spend=505.500")
}

// What is told is compared with what was told last, not with what was seen last.
func TestSmallStepsAddUp(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.cfg.EmitStep = .02
	w.begin()
	for days := int64(40); days <= 45; days++ { // .01 each
		w.send(ordered(1, start, days))
		w.settled()
	}
	w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "EVENT churn=0.420/medium spend=50.000", "EVENT churn=0.440/medium spend=50.000")
}

func TestHistoryIsToldAsHistory(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	old, fresh := ordered(1, start, 50), ordered(1, start, 40)
	old.History = true
	w.send(old, fresh)
	w.settled()
	got := w.expect(id(1), "EVENT(history) churn=0.500/medium spend=50.000", "EVENT churn=0.400/medium spend=50.000")
	if got[0].GetReceivedMs() != 0 || got[1].GetReceivedMs() != start-5 {
		t.Errorf("received at %d and %d", got[0].GetReceivedMs(), got[1].GetReceivedMs())
	}
}

func TestCopiesAndOlderSetsChangeNothing(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	later, earlier := ordered(1, start, 40), ordered(1, start, 80)
	later.Version, earlier.Version = 7, 5
	w.send(later)
	w.settled()
	for _, fs := range []*featurev1.FeatureSet{earlier, later} { // each in a commit of its own
		w.send(fs)
		w.behind(id(1))
	}
	w.send(later, earlier, later)
	w.end()
	w.send(earlier, later)
	w.begin()
	w.behind(id(1))
	w.expect(id(1), "EVENT churn=0.400/medium spend=50.000")
	w.send(ordered(1, start, 10))
	w.settled()
	w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "EVENT churn=0.100/low spend=50.000")
}

// behind waits until what was sent of a customer was read: until another one of the partition, who comes behind, is settled.
func (w *world) behind(customer string) {
	w.t.Helper()
	n := 1000 + len(w.sent)
	for broker.PartitionFor([]byte(id(n)), 2) != broker.PartitionFor([]byte(customer), 2) || w.sent[id(n)] != 0 {
		n++
	}
	w.send(ordered(n, start, 1))
	w.settled()
}

// Bad records go to the dead-letter topic, and their neighbours are folded.
func TestBadRecordsAreDeadLettered(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	for _, value := range [][]byte{[]byte("\xff\xff"), nil} {
		if err := w.out.Produce(t.Context(), broker.Message{Topic: topics.Features.Name, Key: []byte(id(1)), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	w.send(ordered(1, start, 40))
	w.settled()
	w.expect(id(1), "EVENT churn=0.400/medium spend=50.000")
	testkit.Eventually(t, within, func() error {
		spans, err := w.client.Spans(t.Context(), topics.DeadLetter(topics.Features).Name)
		if err == nil && spans[0].Next != 2 {
			err = fmt.Errorf("%d dead letters, want 2", spans[0].Next)
		}
		return err
	})
}

func TestMergedAway(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 40), ordered(2, start, 20))
	w.settled()
	late := ordered(1, start, 90)
	late.Version = 1
	survivor := ordered(2, start, 10)
	survivor.Reason = featurev1.ChangeReason_CHANGE_REASON_MERGE
	w.send(&featurev1.FeatureSet{CustomerId: id(1), MergedInto: id(2), Reason: featurev1.ChangeReason_CHANGE_REASON_MERGE}, survivor, late)
	w.settled()
	w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "MERGE merged")
	w.expect(id(2), "EVENT churn=0.200/low spend=50.000", "MERGE churn=0.100/low spend=50.000")
	resp, err := (&reader{s: w.s}).Predict(t.Context(), &churnv1.PredictRequest{Id: id(1)})
	if err != nil || resp.GetScores().GetCustomerId() != id(2) {
		t.Errorf("the old id leads to %v, %v", resp, err)
	}
	w.send(&featurev1.FeatureSet{CustomerId: id(1), MergedInto: id(3), Reason: featurev1.ChangeReason_CHANGE_REASON_MERGE}) // elsewhere
	w.send(&featurev1.FeatureSet{CustomerId: id(1), MergedInto: id(3), Reason: featurev1.ChangeReason_CHANGE_REASON_MERGE}) // told already
	w.settled()
	w.send(ordered(1, start, 30)) // un-merged
	w.settled()
	w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "MERGE merged", "MERGE merged", "EVENT churn=0.300/medium spend=50.000")
}

// Without a model there are the warnings, and what is missing.
func TestWithoutAModelThereAreWarnings(t *testing.T) {
	w := newWorld(t)
	w.shelf.runs["default/churn_risk_60d"] = []*modelv1.Run{{State: modelv1.RunState_RUN_STATE_SKIPPED, Words: "41 customers who bought; 500 are needed"}}
	w.begin()
	w.send(ordered(1, start, 120), ordered(2, start, 20))
	w.settled()
	got := w.expect(id(1), "EVENT churn=- spend=- !order_overdue")
	w.expect(id(2), "EVENT churn=- spend=-")
	if why := got[0].GetScores()[0].GetMissing(); why != "no model yet: 41 customers who bought; 500 are needed" {
		t.Errorf("missing: %q", why)
	}
	if x := got[0].GetWarnings()[0]; x.GetSinceMs() != start || x.GetEvidence()[0].GetFeature() != "last_order" || x.GetEvidence()[0].GetValue() != 120 {
		t.Errorf("warning %v", x)
	}
	w.send(ordered(1, start, 121)) // it still holds
	w.settled()
	w.send(ordered(1, start, 20)) // it ends
	w.settled()
	w.expect(id(1), "EVENT churn=- spend=- !order_overdue", "EVENT churn=- spend=-")
}

// Nobody sends anything, and the warning begins at its millisecond; so ends what is predicted of whom a condition does not hold for any more.
func TestTimeAloneChangesAWarning(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 90))
	w.settled()
	w.at(start + 10*dayMs - 1)
	w.expect(id(1), "EVENT churn=0.900/high spend=50.000")
	w.at(start + 10*dayMs)
	got := w.expect(id(1), "EVENT churn=0.900/high spend=50.000", "TIME churn=1.000/high spend=50.000 !order_overdue")
	if at := got[1].GetWarnings()[0].GetSinceMs(); at != start+10*dayMs {
		t.Errorf("since %d", at-start)
	}
	w.at(start + 210*dayMs + 1)
	got = w.heard(id(1), 3)
	if last := got[len(got)-1]; line(last) != "TIME churn=- spend=50.000 !order_overdue" || last.GetWarnings()[0].GetSinceMs() != start+10*dayMs {
		t.Errorf("at last: %s, %v", line(last), last)
	}
}
