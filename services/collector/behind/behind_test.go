package behind

import (
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// newTestBehind has a limit of 10 s and is shown looks by hand.
func newTestBehind(t *testing.T, log io.Writer) *Estimate {
	t.Helper()
	b, err := New(10*time.Second, "warehouse.facts", nil, slog.New(slog.NewTextHandler(log, nil)), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// at are the stands of all stages, of which one is not idle.
func (b *Estimate) at(stage string, s stand) []stand {
	out := make([]stand, len(b.stages))
	out[slices.IndexFunc(b.stages, func(f follower) bool { return f.stage == stage })] = s
	return out
}

func TestHowFarTheStagesAreBehind(t *testing.T) {
	type look struct {
		waiting, done int64
		defers        bool
	}
	cases := map[string][]look{ // a look each 2 s, with a limit of 10 s
		"nothing waits":                               {{0, 0, false}, {0, 2000, false}},
		"a busy second waits, as it always does":      {{10_000, 0, false}, {10_000, 20_000, false}, {10_000, 40_000, false}},
		"a quiet one's single event":                  {{1, 0, false}, {1, 0, false}},
		"it stands still":                             {{5000, 100, false}, {11_000, 100, true}, {20_000, 100, true}},
		"more comes than it does":                     {{0, 0, false}, {20_000, 20_000, false}, {60_000, 40_000, false}, {120_000, 60_000, true}},
		"it goes on deferring until half is done":     {{11_000, 0, true}, {6000, 100, true}, {4000, 200, false}, {6000, 300, false}},
		"it cannot be asked: it stands where it did":  {{11_000, 0, true}, {-1, 0, true}, {-1, 0, true}, {0, 11_000, false}},
		"nor does that begin anything":                {{9000, 0, false}, {-1, 0, false}, {-1, 0, false}},
		"its topic was made anew: offsets begin at 0": {{0, 1_000_000, false}, {500, 10, false}},
	}
	for name, looks := range cases {
		t.Run(name, func(t *testing.T) {
			for _, stage := range []string{"identity", "warehouse"} {
				b := newTestBehind(t, io.Discard)
				now := time.Unix(1_800_000_000, 0)
				for i, l := range looks {
					now = now.Add(2 * time.Second)
					b.judge(now, b.at(stage, stand{waiting: l.waiting, done: l.done, unknown: l.waiting < 0}))
					if got := b.Deferral(); (got != nil) != l.defers {
						t.Errorf("%s, look %d: %v, want deferral %t", stage, i, got, l.defers)
					}
				}
			}
		})
	}
}

func TestTheLogAndTheMetricsSayWhenAStageIsBehindAndWhenItHasCaughtUp(t *testing.T) {
	var log strings.Builder
	b := newTestBehind(t, &log)
	now := time.Unix(1_800_000_000, 0)
	b.judge(now, b.at("feature", stand{waiting: 30_000}))
	if since := testutil.ToFloat64(b.began); since != 1_800_000_000 {
		t.Errorf("behind since %f", since)
	}
	b.judge(now.Add(20*time.Second), b.at("feature", stand{waiting: 100, done: 29_900}))
	if since := testutil.ToFloat64(b.began); since != 0 {
		t.Errorf("caught up, and behind since %f", since)
	}
	for _, want := range []string{"not worked off in time", "stage=feature", "records=30000", "caught up", "were_behind_for=20s"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, log.String())
		}
	}
}
