package trainer

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// Drift is looked at every so often, and trained for when it acts and nothing younger was trained; each model has its own bound.
func TestDriftHasABound(t *testing.T) {
	start := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	now := start
	tr := &Trainer{Deps: Deps{Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}, drifts: drifts{}}
	champion := &modelv1.Version{Workspace: "w", Name: "a", MadeMs: start.Add(-2 * time.Hour).UnixMilli()}
	latest := &modelv1.Run{BeganMs: start.Add(-3 * time.Hour).UnixMilli()}
	looks := 0
	var trained []string
	for hour := range 30 {
		now = start.Add(time.Duration(hour) * time.Hour)
		if tr.Drifts(champion, latest, 2*time.Hour, 6*time.Hour, func() (string, bool) { looks++; return "words", hour < 12 }) {
			trained = append(trained, fmt.Sprint(hour))
			latest.BeganMs = now.UnixMilli()
		}
	}
	if fmt.Sprint(trained) != "[4 10]" || looks != 15 {
		t.Errorf("trained at %v after %d looks", trained, looks)
	}
	other := &modelv1.Version{Workspace: "w", Name: "b"}
	if !tr.Drifts(other, nil, 2*time.Hour, 6*time.Hour, func() (string, bool) { return "", true }) {
		t.Error("another model waits for the first")
	}
}
