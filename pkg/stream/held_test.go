package stream

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/freshet/freshet/pkg/broker"
	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
	"github.com/freshet/freshet/pkg/testkit"
)

// One partition's handler fails for longer than RetryFor. Its partition is held, and says so; nothing of its batch is
// committed; the other one goes on in the same process; and when the cause is mended, it goes on by itself.
func TestAFailingHandlerHoldsOnePartition(t *testing.T) {
	c := newCluster(t, 2)
	cfg := testConfig(t.TempDir())
	cfg.RetryFor = 200 * time.Millisecond
	var broken atomic.Bool
	broken.Store(true)
	reg := prometheus.NewRegistry()
	p, err := New(cfg, Deps{Broker: c.client, Logger: quiet(), Metrics: reg, NewHandler: func(partition int) (Handler, error) {
		return sums{fail: func() error {
			if partition == 0 && broken.Load() {
				return errors.New("this record cannot be decoded")
			}
			return nil
		}}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	c.send(t, 200, 10)
	testkit.Eventually(t, time.Minute, func() error {
		if err := p.Ready(); err == nil || !strings.Contains(err.Error(), "partition 0 is held") || !strings.Contains(err.Error(), "cannot be decoded") {
			return errors.New("not told that partition 0 is held")
		}
		return nil
	})
	if n := testutil.ToFloat64(p.metrics.holds.WithLabelValues(cfg.Name, "0")); n != 1 {
		t.Errorf("freshet_stream_held is %g", n)
	}
	c.send(t, 200, 10)
	want := map[int]int{}
	for _, rec := range c.readAll(t, inTopic.Name) {
		want[rec.Partition]++
	}
	testkit.Eventually(t, time.Minute, func() error {
		got := map[int]int{}
		for _, rec := range c.readAll(t, outTopic.Name) {
			got[rec.Partition]++
		}
		if got[0] != 0 {
			t.Fatalf("%d outputs of a batch that was never committed", got[0])
		}
		if got[1] < want[1] {
			return errors.New("the neighbour does not go on")
		}
		return nil
	})
	broken.Store(false)
	c.settled(t, p)
	if err := p.Ready(); err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(p.metrics.holds); n != 0 {
		t.Errorf("%d partitions are held, all being well", n)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the process ended with %v", err)
	}
}

// asking is a handler that asks the broker about each batch, as identity's does: an outage finds it with a batch in hand.
type asking struct {
	sums
	client  *broker.Client
	entered chan struct{} // takes a value when a batch has come
	wait    atomic.Pointer[chan struct{}]
}

func (h *asking) Prepare(ctx context.Context, _ []broker.Record) error {
	if wait := h.wait.Load(); wait != nil {
		select {
		case h.entered <- struct{}{}:
		default:
		}
		<-*wait
	}
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_, err := h.client.Fetch(ctx, broker.TopicPartition{Topic: inTopic.Name}, 0, broker.FetchOptions{})
	return err
}

// Kafka is away for many times RetryFor, and a batch was in hand: nothing ends, nothing is held, and all goes on. (With the only broker goes the group, and its
// generation ends every task before faults are counted; a leader alone that is away is for
// TestALeaderAwayWhileTheCoordinatorLivesEndsNothingOnThreeBrokers.)
func TestAnOutageOfKafkaEndsNothing(t *testing.T) {
	dir := t.TempDir()
	k, err := embeddedkafka.Start(embeddedkafka.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	address := k.Addr()
	c := clusterAt(t, address, 2)
	cfg := testConfig(t.TempDir())
	cfg.RetryFor = 100 * time.Millisecond
	h := &asking{client: c.client, entered: make(chan struct{}, 1)}
	p, stop := c.start(t, cfg, h, nil)
	c.send(t, 100, 5)
	c.settled(t, p)
	{
		gone := make(chan struct{})
		h.wait.Store(&gone)
		c.send(t, 100, 5)
		<-h.entered
		k.Close()
		h.wait.Store(nil)
		close(gone)
		send := make(chan struct{})
		go func() { defer close(send); c.send(t, 100, 5) }() // waits for the broker, as a collector does
		if err := waitOut(t.Context(), 12*time.Second); err != nil {
			t.Fatal(err)
		}
		if err := p.faults.err(); err != nil {
			t.Errorf("while Kafka is away: %v", err)
		}
		if k, err = embeddedkafka.Start(embeddedkafka.Config{Dir: dir, Address: address}); err != nil {
			t.Fatal(err)
		}
		<-send
		c.settled(t, p)
		if err := p.faults.err(); err != nil {
			t.Errorf("when it is back: %v", err)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
}

// waitOut lets an outage last.
func waitOut(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Records of an input are removed before they were read. The partition is held and says so where that is the policy, and
// goes on without them where it is told to.
func TestALostInputIsHeldOrPassedOver(t *testing.T) {
	for _, policy := range []broker.GapPolicy{broker.GapHold, broker.GapSkip} {
		t.Run(string(policy), func(t *testing.T) {
			c := newCluster(t, 1)
			var err error
			if c.client, err = broker.Dial(t.Context(), broker.Config{Addresses: []string{c.addr}, Partitions: 1, Gaps: policy}, quiet()); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.client.Close)
			dir := t.TempDir()
			p, stop := c.start(t, testConfig(dir), sums{}, nil)
			c.send(t, 50, 1)
			c.settled(t, p)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			before := c.sent["k0"]
			c.send(t, 30, 1) // which nobody reads
			lost := c.sent["k0"] - before
			testkit.Retain(t, c.addr, inTopic, 0, 70)
			p, stop = c.start(t, testConfig(dir), sums{}, nil)
			if policy == broker.GapHold {
				testkit.Eventually(t, time.Minute, func() error {
					if err := p.Ready(); err == nil || !strings.Contains(err.Error(), "broker.gaps") {
						return errors.New("it is not said what to do")
					}
					return nil
				})
				v, err := p.View(0)
				if err != nil {
					t.Fatal(err)
				}
				if got, _, _ := v.Get([]byte("k0")); decodeSum(got) != before {
					t.Errorf("the state moved to %d", decodeSum(got))
				}
			} else {
				kept := int64(70+79) * 10 / 2 // what records 70 to 79 say
				c.sent["k0"] = before + kept
				testkit.Eventually(t, time.Minute, func() error { return c.compare([]*Processor{p}) })
				if lost == kept {
					t.Error("nothing was lost")
				}
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}
