package model

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// Of many versions the newest twenty stay, and whatever serves, shadows or can be gone back to. Their files stay as long as they do, and go after them.
func TestOldVersionsGo(t *testing.T) {
	w := newWorld(t)
	a, b := w.begin(w.address), w.begin(w.address)
	var ids []string
	for i := range 26 {
		ids = append(ids, w.put(a, fmt.Sprint("model ", i)).GetId())
		w.ahead.Add(int64(24 * time.Hour))
	}
	for _, id := range []string{ids[1], ids[3]} { // the first is the previous champion then
		if _, err := a.Promote(t.Context(), shop, churn, id, "old, and good"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Shadow(t.Context(), shop, churn, ids[4], "old"); err != nil {
		t.Fatal(err)
	}
	w.serves(b, ids[3])
	for range 3 {
		for _, r := range []*Registry{a, b} { // both sweep
			if err := r.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		testkit.Eventually(t, soon, func() error {
			if n, m := len(a.Versions(shop, churn)), len(b.Versions(shop, churn)); n != 23 || m != 23 {
				return fmt.Errorf("%d and %d versions are known", n, m)
			}
			return nil
		})
		w.ahead.Add(int64(time.Hour))
	}
	for i, id := range ids {
		kept := i >= 6 || i == 1 || i == 3 || i == 4
		known := slices.ContainsFunc(a.Versions(shop, churn), func(v *modelv1.Version) bool { return v.GetId() == id })
		if known != kept || w.there(id, "model.bin") != kept {
			t.Errorf("version %d: known %t, its file is there %t, want %t", i, known, w.there(id, "model.bin"), kept)
		}
	}
}

func TestWhatIsLiveIsNeverTooMuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := book{versions: map[string]*modelv1.Version{}}
		n := rapid.IntRange(0, 40).Draw(t, "versions")
		for i := range n {
			id := fmt.Sprintf("20260101T%06d-abcd", i)
			b.versions[id] = &modelv1.Version{Id: id, MadeMs: rapid.Int64Range(0, 20).Draw(t, "made")}
		}
		for id := range b.versions {
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				b.state = promoted(b.state, id)
			case 1:
				b.state = shadowed(b.state, id)
			}
		}
		old := tooMany(b)
		kept := n - len(old)
		if kept < min(n, keepVersions) || kept > keepVersions+1+mostPrevious+mostChallengers {
			t.Errorf("%d of %d are kept", kept, n)
		}
		for _, id := range old {
			newer := 0
			for _, v := range b.versions {
				if v.GetMadeMs() >= b.versions[id].GetMadeMs() && v.GetId() != id {
					newer++
				}
			}
			if b.live(id) || newer < keepVersions {
				t.Errorf("%s goes, with %d newer ones; %v", id, newer, b.state)
			}
		}
	})
}

// A version is forgotten at the moment when somebody promotes it. It serves, and is known: for who promoted, for others, and for who comes later.
func TestAForgottenVersionThatIsPromotedStays(t *testing.T) {
	w := newWorld(t)
	r := w.begin(w.address)
	w.promoted(r, "one")
	for what, order := range map[string][]string{"forgotten behind the promotion": {"promote", "forget"}, "forgotten before it": {"forget", "promote"}} {
		v := w.put(r, what)
		at := where{shop, churn}
		for _, do := range order {
			switch do {
			case "forget":
				err := r.producer.Produce(t.Context(), broker.Message{Topic: topics.Models.Name, Key: at.key(v.GetId())})
				if err != nil {
					t.Fatal(err)
				}
			case "promote": // as Promote does, which knew the version when it began
				b := r.shelf.of(at)
				state := promoted(b.state, v.GetId())
				state.Seq, state.SinceMs = b.state.GetSeq()+1, w.now().UnixMilli()
				if done, err := r.hold(t.Context(), at, state, v); !done || err != nil {
					t.Fatal(done, err)
				}
			}
		}
		late := w.begin(w.address)
		for _, r := range []*Registry{r, late} {
			w.serves(r, v.GetId())
			testkit.Eventually(t, soon, func() error {
				_, err := r.whole(t.Context(), at, v.GetId())
				return err
			})
		}
		testkit.Eventually(t, soon, func() error { // and the topic ends with it
			all := testkit.Records(t, r.deps.Broker, topics.Models)
			for _, rec := range slices.Backward(all) {
				if string(rec.Key) == string(at.key(v.GetId())) && rec.Value != nil {
					return nil
				} else if string(rec.Key) == string(at.key(v.GetId())) {
					break
				}
			}
			return fmt.Errorf("%s: the version's last record is that it is forgotten", what)
		})
	}
}

func TestMetricsOfModels(t *testing.T) {
	w := newWorld(t)
	reg := prometheus.NewRegistry()
	r := w.open(w.address, reg)
	value := func(name string, labels ...string) float64 {
		t.Helper()
		all, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			for _, m := range f.GetMetric() {
				var has []string
				for _, l := range m.GetLabel() {
					has = append(has, l.GetValue())
				}
				if f.GetName() == name && slices.Equal(has, labels) {
					return m.GetGauge().GetValue() + m.GetCounter().GetValue()
				}
			}
		}
		return -1
	}
	if age := value("freshet_model_age_seconds", churn); age != -1 {
		t.Errorf("nothing serves, and is %v old", age)
	}
	w.promoted(r, "one")
	w.ahead.Add(int64(10 * time.Hour))
	if age := value("freshet_model_age_seconds", churn); age < 36000 || age > 36100 {
		t.Errorf("the model is %v s old", age)
	}
	w.put(r, "not promoted")
	if age, newest := value("freshet_model_age_seconds", churn), value("freshet_model_newest_age_seconds", churn); age < 36000 || newest > 100 {
		t.Errorf("the model is %v s old, the newest version %v", age, newest)
	}
	w.promoted(r, "two")
	if age := value("freshet_model_age_seconds", churn); age > 100 {
		t.Errorf("the new model is %v s old", age)
	}
	other, err := r.Put(t.Context(), &modelv1.Version{Workspace: "another", Name: churn}, map[string][]byte{"model.bin": nil})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Promote(t.Context(), "another", churn, other.GetId(), "x"); err != nil {
		t.Fatal(err)
	}
	w.ahead.Add(int64(time.Hour))
	w.promoted(r, "three")
	if age := value("freshet_model_age_seconds", churn); age < 3600 || age > 3700 {
		t.Errorf("the oldest of two workspaces is %v s old", age)
	}
	r.Drifted(churn, .3)
	r.Drifted("nobody's", .4)
	if value("freshet_model_drift_psi", churn) != .3 || value("freshet_model_drift_psi", "nobody's") != -1 {
		t.Error("drift is shown wrongly")
	}
	for _, state := range []modelv1.RunState{modelv1.RunState_RUN_STATE_RUNNING, modelv1.RunState_RUN_STATE_FAILED, modelv1.RunState_RUN_STATE_FAILED} {
		for _, name := range []string{churn, "nobodys"} {
			if err := r.Tell(t.Context(), &modelv1.Run{Workspace: shop, Name: name, Id: "1", State: state}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := value("freshet_model_runs_total", churn, "failed"); n != 1 || value("freshet_model_runs_total", churn, "done") != 0 || value("freshet_model_runs_total", "nobodys", "failed") != -1 {
		t.Errorf("%v trainings failed", n)
	}
}
