package churn

import (
	"fmt"
	"testing"

	"github.com/freshet/freshet/pkg/testkit"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// Each of two replicas answers for every customer, alone and in one request; one that is gone is replaced, and the other goes on with its customers where it was.
func TestAnyReplicaAnswers(t *testing.T) {
	w := newWorld(t)
	w.both()
	one, stop := w.replica("one")
	two, _ := w.replica("two")
	w.sharing(one, two)
	var all []string
	for i := range 30 {
		w.send(ordered(i, start, int64(10+i)))
		all = append(all, id(i))
	}
	for n, s := range []*Service{one, two} {
		testkit.Eventually(t, within, func() error { return predicted(t, s, all, 0) })
		for i, c := range all {
			if resp, err := (&reader{s: s}).Predict(t.Context(), &churnv1.PredictRequest{Id: c}); err != nil || line(resp.GetScores()) != short(i, 0) {
				t.Errorf("replica %d: %v, %v", n, resp, err)
			}
		}
	}
	stop() // its partition moves
	w.s = two
	testkit.Eventually(t, within, func() error {
		if n := len(two.processor.Owned()); n != 2 {
			return fmt.Errorf("%d partitions", n)
		}
		return two.Ready()
	})
	for i := range 30 {
		w.send(ordered(i, start, int64(10+i+20)))
	}
	w.settled()
	if err := predicted(t, two, all, 20); err != nil {
		t.Error(err)
	}
	for i := range 30 {
		w.heard(id(i), 2)
	}
}

// sharing waits until each of the replicas has a partition.
func (w *world) sharing(replicas ...*Service) {
	w.t.Helper()
	testkit.Eventually(w.t, within, func() error {
		for _, s := range replicas {
			if err := s.Ready(); err != nil || len(s.processor.Owned()) != 1 {
				return fmt.Errorf("%d partitions; %w", len(s.processor.Owned()), err)
			}
		}
		return nil
	})
}

// short is what Predict says of customer i, so many days later.
func short(i, later int) string {
	days := 10 + i + later
	band := "low"
	switch {
	case days >= 60:
		band = "high"
	case days >= 30:
		band = "medium"
	}
	return fmt.Sprintf("UNSPECIFIED churn=%.3f/%s spend=50.000", float64(days)/100, band)
}

func predicted(t *testing.T, s *Service, all []string, later int) error {
	resp, err := (&reader{s: s}).BatchPredict(t.Context(), &churnv1.BatchPredictRequest{Ids: all})
	if err != nil {
		return err
	}
	for i, a := range resp.GetAnswers() {
		if a.GetId() != all[i] || a.GetError() != "" || line(a.GetScores()) != short(i, later) {
			return fmt.Errorf("place %d: %v, want %s", i, a, short(i, later))
		}
	}
	return nil
}

// Restarts, with the local store and without it, keep what was told, and tell nothing again.
func TestRestartKeepsScores(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	for i := range 20 {
		w.send(ordered(i, start, int64(10+i)))
	}
	w.settled()
	for _, lose := range []bool{false, true} {
		w.end()
		if lose {
			w.cfg.Dir = t.TempDir()
		}
		w.begin()
		w.settled()
		w.swept()
		for i := range 20 {
			if got := line(w.predict(id(i))); got != short(i, 0) {
				t.Errorf("customer %d: %s, want %s", i, got, short(i, 0))
			}
		}
	}
	for i := range 20 {
		w.send(ordered(i, start, int64(11+i)))
	}
	w.settled()
	for i := range 20 {
		w.heard(id(i), 2)
	}
}
