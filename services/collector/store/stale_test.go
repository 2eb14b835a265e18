package store

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/collector/spool"
)

// A volume that turns up again after weeks is not sent without a word: its events may count twice. The start says so, and how to go on.
func TestAStaleSpoolIsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		waited time.Duration
		empty  bool
		send   bool
		want   string
	}{
		"a week, less a minute":        {waited: customer.RepeatsWithin - time.Minute},
		"a week and a minute":          {waited: customer.RepeatsWithin + time.Minute, want: "events that wait for more than 168h0m0s may count twice"},
		"three weeks":                  {waited: 3 * customer.RepeatsWithin, want: "set spool.send_stale to send them all the same, or move the folder away"},
		"three weeks, to be sent":      {waited: 3 * customer.RepeatsWithin, send: true},
		"three weeks, nothing in it":   {waited: 3 * customer.RepeatsWithin, empty: true},
		"a clock that was set back":    {waited: -time.Hour},
		"just now, as after a restart": {},
	} {
		t.Run(what, func(t *testing.T) {
			cfg := DefaultSpool()
			cfg.Dir, cfg.SendStale = filepath.Join(t.TempDir(), "spool"), c.send
			st := &Store{cfg: cfg, logger: slog.New(slog.DiscardHandler), now: func() time.Time { return time.Now().Add(c.waited) }}
			log, err := spool.Open(spool.Config{Dir: cfg.Dir, MaxBytes: cfg.MaxBytes, SegmentBytes: cfg.SegmentBytes})
			if err != nil {
				t.Fatal(err)
			}
			if !c.empty {
				if err := log.Append(t.Context(), []broker.Message{{Topic: "t", Value: []byte("v")}, {Topic: "t", Value: []byte("w")}}); err != nil {
					t.Fatal(err)
				}
			}
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
			for range 2 { // a second try finds the folder free, and as it was
				err = st.Open()
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("open: %v, want %q", err, c.want)
				}
			}
			if err != nil {
				st.cfg.SendStale = true
				if err := st.Open(); err != nil || st.log.Load().Stats().Events != 2 {
					t.Errorf("after it was refused: %v, want the two events as they were", err)
				}
			}
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A collector that runs on, cut off from Kafka alone for more than a week, does not send what may count twice either: it says so and is not ready.
func TestARunningCollectorHoldsAStaleSpool(t *testing.T) {
	cfg := DefaultSpool()
	cfg.Dir = filepath.Join(t.TempDir(), "spool")
	waited := time.Duration(0)
	st := &Store{cfg: cfg, logger: slog.New(slog.DiscardHandler), now: func() time.Time { return time.Now().Add(waited) }}
	log, err := spool.Open(spool.Config{Dir: cfg.Dir, MaxBytes: cfg.MaxBytes, SegmentBytes: cfg.SegmentBytes})
	if err != nil {
		t.Fatal(err)
	}
	st.log.Store(log)
	defer func() { _ = log.Close() }()
	if err := log.Append(t.Context(), []broker.Message{{Topic: "t", Value: []byte("v")}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if !st.untilFresh(ctx, log) || st.health.stale.Load() != nil {
		t.Fatal("fresh events are held")
	}
	waited = customer.RepeatsWithin + time.Minute
	done := make(chan struct{})
	go func() { defer close(done); st.drainAll(ctx) }() // has no producer: it would fail if it sent
	testkit.Eventually(t, time.Minute, func() error {
		if err := st.Ready(); err == nil || !strings.Contains(err.Error(), "spool.send_stale") {
			return errors.Join(errors.New("the collector should be not ready for a stale spool"), err)
		}
		return nil
	})
	cancel()
	<-done
	if n := log.Stats().Events; n != 1 {
		t.Errorf("%d events wait, want the one", n)
	}
}
