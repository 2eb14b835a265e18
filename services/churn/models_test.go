package churn

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/testkit"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// predict reads a customer's scores.
func (w *world) predict(ref string) *churnv1.ScoreSet {
	w.t.Helper()
	resp, err := (&reader{s: w.s}).Predict(w.t.Context(), &churnv1.PredictRequest{Id: ref})
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.GetScores()
}

// A champion that cannot be read, or is somebody else's file, or needs what the catalogue does not have: the one before it goes on serving, and nobody is told anything.
func TestAModelThatCannotBeLoaded(t *testing.T) {
	for name, broken := range map[string]any{
		"a foreign file":                "not one of ours",
		"a column that is not there":    slope{Column: "shoe_size", By: 1},
		"a version without a model":     nil,
		"a version that nobody knows":   nil,
		"a file that is not as it was":  slope{Column: "last_order", By: .02},
		"a bucket that does not answer": slope{Column: "last_order", By: .02},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.both()
			w.begin()
			w.send(ordered(1, start, 40))
			w.settled()
			w.swept()
			switch {
			case strings.Contains(name, "nobody knows"):
			case strings.Contains(name, "without a model"):
				w.shelf.put("churn_risk_60d", second, slope{}, halves)
				w.shelf.versions["default/churn_risk_60d"][1].Files = nil
			default:
				w.shelf.put("churn_risk_60d", second, broken, halves)
			}
			if strings.Contains(name, "not as it was") || strings.Contains(name, "does not answer") {
				w.shelf.mu.Lock()
				w.shelf.away = true // package model checks the hash
				w.shelf.mu.Unlock()
			}
			w.shelf.live("churn_risk_60d", second)
			testkit.Eventually(t, within, func() error {
				if b := w.s.deps.Models.Board("default"); b.Seats[0].Missing == "" {
					return os.ErrNotExist
				}
				return nil
			})
			w.send(ordered(1, start, 30))
			w.settled()
			w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "EVENT churn=0.300/medium spend=50.000")
			if got := w.predict(id(1)); got.GetScores()[0].GetModelVersion() != first {
				t.Errorf("Predict: %v", got)
			}
		})
	}
}

// Where there is no older one either, what was told last stays told, and Predict says what is wrong; as soon as the bucket answers, the model serves.
func TestNoModelCanBeLoaded(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 40))
	w.settled()
	w.swept()
	w.end()
	w.cfg.Dir = t.TempDir() // the copies are gone with the disk
	w.shelf.away = true
	w.begin()
	w.send(told(shipped.Layout(), ordered(1, start, 40), map[string]int64{"last_order": start - 120*dayMs, "orders_lifetime": 1}))
	w.settled()
	got := w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "EVENT churn=0.400/medium spend=50.000 !order_overdue")
	if v := got[1].GetScores()[0].GetModelVersion(); v != first {
		t.Errorf("model %q", v)
	}
	if s := w.predict(id(1)).GetScores()[0]; !strings.Contains(s.GetMissing(), "the bucket is away") || s.GetValue() != 0 {
		t.Errorf("Predict: %v", s)
	}
	w.shelf.mu.Lock()
	w.shelf.away = false
	w.shelf.mu.Unlock()
	w.shelf.tell()
	w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "EVENT churn=0.400/medium spend=50.000 !order_overdue", "MODEL churn=1.200/high spend=0.000 !order_overdue")
}

// A restart with the bucket away serves as before, by the copies on its disk. A copy that is damaged is not believed.
func TestARestartDoesNotNeedTheBucket(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 40))
	w.settled()
	w.shelf.away = true
	w.begin()
	w.send(ordered(1, start, 30))
	w.settled()
	w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "EVENT churn=0.300/medium spend=50.000")
	w.end()
	copies, err := filepath.Glob(filepath.Join(w.cfg.Dir, "copies", "*"))
	if err != nil || len(copies) != 2 {
		t.Fatalf("copies %q, %v", copies, err)
	}
	for _, path := range copies {
		if err := os.WriteFile(path, []byte(`{"Column": "last_order", "By": 1}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.begin()
	if s := w.predict(id(1)).GetScores()[0]; !strings.Contains(s.GetMissing(), "the bucket is away") {
		t.Errorf("a damaged copy serves: %v", s)
	}
}

// Copies of models that serve no more leave the disk.
func TestCopiesDoNotPileUp(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 40))
	w.settled()
	for i, version := range []string{second, third} {
		w.shelf.put("churn_risk_60d", version, slope{Column: "last_order", By: .02 + float64(i)/100}, halves)
		w.shelf.live("churn_risk_60d", version)
		testkit.Eventually(t, within, func() error {
			if c := w.s.deps.Models.Board("default").Seats[0].Champion; c == nil || c.Version != version {
				return os.ErrNotExist
			}
			return nil
		})
	}
	w.s.loader.mu.Lock() // it tidies up behind the new board
	defer w.s.loader.mu.Unlock()
	copies, err := filepath.Glob(filepath.Join(w.cfg.Dir, "copies", "*"))
	if err != nil || len(copies) != 2 || len(w.s.loader.loaded) != 2 {
		t.Errorf("copies %q, %v; %d loaded", copies, err, len(w.s.loader.loaded))
	}
}

// Challengers are scored, and are in shadow and nowhere else; they move nothing.
func TestShadow(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 40))
	w.settled()
	w.shelf.put("churn_risk_60d", second, slope{Column: "last_order", By: .02}, halves)
	w.shelf.put("churn_risk_60d", third, "broken", nil)
	w.shelf.live("churn_risk_60d", first, second, third)
	testkit.Eventually(t, within, func() error {
		if len(w.s.deps.Models.Board("default").Seats[0].Challengers) != 1 {
			return os.ErrNotExist
		}
		return nil
	})
	w.swept()
	w.send(ordered(1, start, 30))
	w.settled()
	got := w.expect(id(1), "EVENT churn=0.400/medium spend=50.000", "EVENT churn=0.300/medium spend=50.000")
	if len(got[0].GetShadow()) != 0 || len(got[1].GetShadow()) != 1 {
		t.Fatalf("shadow %v, then %v", got[0].GetShadow(), got[1].GetShadow())
	}
	if s := got[1].GetShadow()[0]; s.GetTarget() != "churn_risk_60d" || s.GetModelVersion() != second || math.Abs(s.GetValue()-.6) > 1e-6 || s.GetBand() != "high" {
		t.Errorf("shadow %v", s)
	}
}

// A model that gives no number gives no score, and says so.
func TestAModelThatGivesNoNumber(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.serve("churn_risk_60d", second, slope{Column: "last_order", By: 1e300}, halves)
	w.begin()
	w.send(ordered(1, start, 40))
	w.settled()
	got := w.expect(id(1), "EVENT churn=- spend=50.000")
	if why := got[0].GetScores()[0].GetMissing(); why != "model "+second+" gives no number" {
		t.Errorf("missing: %q", why)
	}
}
