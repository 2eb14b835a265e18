package stream

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"pgregory.net/rapid"
)

// paced reads records that come at the given moments after the start with a pace, and gives for each fetch how many it
// brought and how long the oldest of them had waited. It must run in a bubble, where time is nobody's but the test's.
func paced(ctx context.Context, longest time.Duration, arrivals []time.Duration) (sizes []int, delays []time.Duration) {
	p, begin, took := pace{longest: longest}, time.Now(), 0
	for took < len(arrivals) && ctx.Err() == nil {
		_ = retry.Sleep(ctx, time.Until(begin.Add(arrivals[took]))) // the broker answers when there is a record
		now, n := time.Since(begin), 0
		for took+n < len(arrivals) && arrivals[took+n] <= now {
			n++
		}
		if n == 0 {
			continue
		}
		sizes, delays = append(sizes, n), append(delays, now-arrivals[took])
		took += n
		_ = retry.Sleep(ctx, p.wait(time.Now(), n, false))
	}
	return sizes, delays
}

func steady(rate, seconds int) (arrivals []time.Duration) {
	for i := range rate * seconds {
		arrivals = append(arrivals, time.Duration(i)*time.Second/time.Duration(rate))
	}
	return arrivals
}

func TestALoneRecordIsNotHeldUp(t *testing.T) {
	cases := map[string]struct {
		before []time.Duration
		lone   time.Duration
	}{
		"the first of all":          {lone: 3 * time.Millisecond},
		"one a second":              {before: steady(1, 20), lone: 20 * time.Second},
		"ten a second":              {before: steady(10, 5), lone: 5 * time.Second},
		"a moment after busy times": {before: steady(5000, 2), lone: 2*time.Second + 51*time.Millisecond},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, delays := paced(t.Context(), 50*time.Millisecond, append(c.before, c.lone))
				if got := delays[len(delays)-1]; got != 0 {
					t.Errorf("the lone record waited %s", got)
				}
			})
		})
	}
}

func TestAtASteadyRateRecordsShareACommit(t *testing.T) {
	cases := []struct {
		rate        int
		least, most float64 // records a fetch, over the second second
	}{
		{rate: 10, least: 1, most: 1},
		{rate: 50, least: 1, most: 2},
		{rate: 120, least: 5, most: 7},
		{rate: 300, least: 13, most: 16},
		{rate: 1000, least: 45, most: 51},
		{rate: 10_000, least: 450, most: 501},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%d a second", c.rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sizes, _ := paced(t.Context(), 50*time.Millisecond, steady(c.rate, 3))
				records, fetches := 0, 0
				for i := len(sizes) - 1; i >= 0 && records < 2*c.rate; i-- {
					records, fetches = records+sizes[i], fetches+1
				}
				if got := float64(records) / float64(fetches); got < c.least || got > c.most {
					t.Errorf("%.1f records a fetch, want %g to %g", got, c.least, c.most)
				}
			})
		})
	}
}

func TestNoRecordWaitsLongerThanThePace(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		longest := time.Duration(rapid.IntRange(0, 200).Draw(rt, "longest_ms")) * time.Millisecond
		var arrivals []time.Duration
		at := time.Duration(0)
		for range rapid.IntRange(1, 30).Draw(rt, "bursts") {
			at += time.Duration(rapid.IntRange(0, 2_000_000).Draw(rt, "quiet_us")) * time.Microsecond
			gap := time.Duration(rapid.IntRange(0, 20_000).Draw(rt, "gap_us")) * time.Microsecond
			for range rapid.IntRange(1, 60).Draw(rt, "records") {
				arrivals = append(arrivals, at)
				at += gap
			}
		}
		synctest.Test(t, func(t *testing.T) {
			sizes, delays := paced(t.Context(), longest, arrivals)
			read := 0
			for _, n := range sizes {
				read += n
			}
			if read != len(arrivals) {
				rt.Errorf("%d of %d records read", read, len(arrivals))
			}
			for i, d := range delays {
				if d > longest {
					rt.Errorf("fetch %d: its oldest record waited %s, the longest is %s", i, d, longest)
				}
			}
		})
	})
}

func TestATaskThatCatchesUpDoesNotWait(t *testing.T) {
	p := pace{longest: 50 * time.Millisecond}
	now := time.Unix(1_800_000_000, 1)
	for i := range 100 {
		now = now.Add(time.Millisecond)
		if got := p.wait(now, 2000, true); got != 0 {
			t.Fatalf("fetch %d left records behind, and the next one waits %s", i, got)
		}
	}
	if got := p.wait(now, 2000, false); got == 0 {
		t.Error("at the end of the partition it does not wait though it is busy")
	}
}

// Two partitions that are equally busy ask at the same moments, whenever they began.
func TestEquallyBusyTasksAskTogether(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	a, b := pace{longest: 50 * time.Millisecond}, pace{longest: 50 * time.Millisecond}
	for ms := range 10 {
		at, bt := now.Add(time.Duration(ms)*time.Millisecond), now.Add(time.Duration(17+ms)*time.Millisecond)
		if x, y := at.Add(a.wait(at, 1000, false)), bt.Add(b.wait(bt, 700, false)); !x.Equal(y) {
			t.Errorf("one asks at %s, the other at %s", x, y)
		}
	}
}

// The first task asks at the beat; what it commits of it is there when the next one asks.
func TestATaskAsksAfterThoseBeforeIt(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for hop := range 3 {
		for ms := 1; ms < 100; ms += 7 {
			p := pace{longest: 50 * time.Millisecond, phase: time.Duration(hop) * hopFor}
			at := now.Add(time.Duration(ms) * time.Millisecond)
			wait := p.wait(at, 1000, false)
			if got := at.Add(wait).Sub(now) % (50 * time.Millisecond); got != time.Duration(hop)*hopFor || wait <= 0 || wait > 50*time.Millisecond {
				t.Errorf("hop %d at %d ms: it waits %s and asks %s after a beat", hop, ms, wait, got)
			}
		}
	}
}

func TestAStopEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		p := pace{longest: time.Hour}
		for range 10 {
			_ = retry.Sleep(ctx, p.wait(time.Now(), 1000, false))
		}
		if got := time.Since(began); got != 5*time.Second {
			t.Errorf("the wait ended after %s, the stop came after 5s", got)
		}
	})
}

// What is above is the rule; this is the task that follows it. One send is enough to make its partition busy, so that the task
// asks once a pace, however slow the machine is: not more often than the time that has passed says, which that makes longer.
// (Without a pace it asks every 10 ms, as often as a fetcher does.)
func TestAPacedTaskCommitsSeldom(t *testing.T) {
	const pace, sends = 40 * time.Millisecond, 200
	c := newCluster(t, 1)
	cfg := testConfig(t.TempDir())
	cfg.MaxBatch, cfg.MaxBatchBytes, cfg.Pace = sends*busyRate, 64<<20, pace // nothing else ends a commit
	p, stop := c.start(t, cfg, sums{}, nil)
	began := time.Now()
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	for range sends {
		<-tick.C
		c.send(t, busyRate, 10)
	}
	c.settled(t, p)
	took := time.Since(began)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	commits := len(commitsOf(c.readAll(t, logTopic.Name)))
	most := int(took/pace) + 2 // and the steps that the time begins and ends in
	t.Logf("%d commits for %d sends within %s", commits, sends, took.Round(time.Millisecond))
	if commits > most {
		t.Errorf("%d commits within %s, want %d at most", commits, took.Round(time.Millisecond), most)
	}
}

func commitsOf(recs []broker.Record) (commits []broker.Record) {
	for _, r := range recs {
		if len(r.Key) > 0 && r.Key[0] == 'C' {
			commits = append(commits, r)
		}
	}
	return commits
}
