package stream

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
)

// A machine whose clock is hours from the broker's folds nothing and says why; with a clock within the hour it works. The embedded
// broker does not tell the time, so the test does; Apache Kafka's own clock is asked when it is there (make test-kafka).
func TestAClockFarFromTheBrokersIsRefused(t *testing.T) {
	var brokers func() (time.Time, bool)
	if os.Getenv(testkit.KafkaVariable) == "" {
		brokers = func() (time.Time, bool) { return time.Now(), true }
	}
	for what, c := range map[string]struct {
		ahead time.Duration
		want  string
	}{
		"three hours ahead":        {3 * time.Hour, "3h0m0s ahead of the Kafka broker's"},
		"two years ahead":          {2 * 365 * 24 * time.Hour, "ahead of the Kafka broker's"},
		"three hours behind":       {-3 * time.Hour, "3h0m0s behind the Kafka broker's"},
		"half an hour ahead":       {30 * time.Minute, ""},
		"behind by half an hour":   {-30 * time.Minute, ""},
		"an hour and a bit behind": {-61 * time.Minute, "1h1m0s behind the Kafka broker's"},
	} {
		t.Run(what, func(t *testing.T) {
			cl := newCluster(t, 1)
			cl.send(t, 10, 3)
			cfg := testConfig(t.TempDir())
			cfg.MaxClockSkew, cfg.RetryFor = time.Hour, time.Millisecond
			p, err := New(cfg, Deps{
				Broker: cl.client, Logger: quiet(), Now: func() time.Time { return time.Now().Add(c.ahead) }, BrokerClock: brokers,
				NewHandler: func(int) (Handler, error) { return sums{}, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- p.Run(ctx) }()
			if c.want == "" {
				cl.settled(t, p)
				cancel()
			}
			err = <-done
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("it ended with %v; want an error with %q", err, c.want)
			}
			if got, n := cl.outputs(t); n > 0 && c.want != "" {
				t.Errorf("it folded %d records: %v", n, got)
			}
		})
	}
}

// What is thrown away is thrown away by a moment that no clock within the limit takes for the future.
func TestWhatHasPassedForCertain(t *testing.T) {
	real := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	at := func(h float64) time.Time { return real.Add(time.Duration(h * float64(time.Hour))) }
	for what, c := range map[string]struct {
		now     time.Time
		broker  time.Time // zero: it does not stamp
		records []float64 // hours after the real time
		trusted bool
		want    time.Time // zero: nothing is certain
	}{
		"clocks agree":                           {now: at(0), broker: at(0), want: at(-1)},
		"ours is ahead within the limit":         {now: at(0.5), broker: at(0), want: at(-1)},
		"ours is behind within the limit":        {now: at(-0.5), broker: at(0), want: at(-1.5)},
		"old records do not hold it back":        {now: at(0), broker: at(0), records: []float64{-200}, want: at(-1)},
		"unknown: no record yet":                 {now: at(20000), want: time.Time{}},
		"unknown: two years ahead":               {now: at(20000), records: []float64{-3, 0, -2}, want: at(-1)},
		"unknown: a record of a wrong clock":     {now: at(0), records: []float64{20000}, want: at(-1)},
		"unknown: catching up with old records":  {now: at(0), records: []float64{-100, -99}, want: at(-100)},
		"a clock of one's own, without a limit":  {now: at(20000), broker: at(0), trusted: true, want: at(19999)},
		"a clock of one's own, before the epoch": {now: at(-20000), broker: at(0), trusted: true, want: at(-20001)},
	} {
		t.Run(what, func(t *testing.T) {
			k := timekeeper{
				now: func() time.Time { return c.now }, skew: time.Hour, check: !c.trusted,
				broker: func() (time.Time, bool) { return c.broker, !c.broker.IsZero() },
			}
			var recs []broker.Record
			for _, h := range c.records {
				recs = append(recs, broker.Record{Time: at(h)})
			}
			now, passed, err := k.read(recs)
			if err != nil || !now.Equal(c.now) {
				t.Fatalf("now is %s, %v", now, err)
			}
			if !passed.Equal(c.want) {
				t.Errorf("%s has passed, want %s", passed, c.want)
			}
		})
	}
}

// Without a limit named, time.Now is checked and a clock that was given is not.
func TestWhichClocksAreChecked(t *testing.T) {
	c := newCluster(t, 1)
	given := func() time.Time { return time.Unix(0, 0) }
	for what, k := range map[string]struct {
		now  func() time.Time
		skew time.Duration
		want string
	}{
		"the machine's":           {nil, 0, "true 1h0m0s"},
		"the machine's, narrower": {nil, time.Minute, "true 1m0s"},
		"one that was given":      {given, 0, "false 1h0m0s"},
		"given, with a limit":     {given, time.Hour, "true 1h0m0s"},
	} {
		cfg := testConfig(t.TempDir())
		cfg.MaxClockSkew = k.skew
		p, err := New(cfg, Deps{Broker: c.client, Logger: quiet(), Now: k.now, NewHandler: func(int) (Handler, error) { return sums{}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(p.newClock().check, " ", p.newClock().skew); got != k.want {
			t.Errorf("%s: %s, want %s", what, got, k.want)
		}
	}
}
