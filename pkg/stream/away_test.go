//go:build kafka

package stream_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/testkit"
)

// asker is an adder that asks the leader of the changelog about each batch, as identity's asks that of its log.
type asker struct {
	adder
	client *broker.Client
	of     broker.TopicPartition
}

func (h asker) Prepare(ctx context.Context, _ []broker.Record) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := h.client.Fetch(ctx, h.of, 0, broker.FetchOptions{MaxWait: time.Millisecond})
	return err
}

// awayFor is how long the leader is away: many times retryFor, and longer than anything waits for an answer.
const (
	awayFor  = 20 * time.Second
	retryFor = 100 * time.Millisecond
)

// A changelog without replicas loses its leader while the group's coordinator and the input live: the group stays as it is, so
// that each fault comes to the task. However long it lasts, nothing ends and nothing is held: what passes is not counted
// against RetryFor.
func TestALeaderAwayWhileTheCoordinatorLivesEndsNothingOnThreeBrokers(t *testing.T) {
	for name, fault := range map[string]struct {
		goes, back func(n *testkit.Nodes, node int)
	}{
		"it stands still": {(*testkit.Nodes).Pause, (*testkit.Nodes).Wake},
		"it is down":      {(*testkit.Nodes).Kill, (*testkit.Nodes).Again},
	} {
		t.Run(name, func(t *testing.T) {
			n := testkit.KafkaNodes(t)
			w, leader := apart(t, n)
			w.shape = func(c *stream.Config, d *stream.Deps) {
				c.RetryFor = retryFor
				d.NewHandler = func(int) (stream.Handler, error) { return asker{adder{w.out.Name}, d.Broker, first(w.log)}, nil }
			}
			o := w.start(n, t.TempDir())
			w.put(several(100)...)
			w.complete(o)
			fault.goes(n, leader)
			w.put(several(50)...)
			for until := time.Now().Add(awayFor); time.Now().Before(until); <-time.After(20 * time.Millisecond) {
				if err := o.Ready(); err != nil && strings.Contains(err.Error(), "is held") {
					t.Fatalf("while the leader is away: %v", err)
				}
				select {
				case <-o.end:
					t.Fatalf("the process ended:\n%s", o.said)
				default:
				}
			}
			if !strings.Contains(o.said.String(), "partition failed") {
				t.Errorf("no fault came to the task: the test does not test\n%s", o.said)
			}
			fault.back(n, leader)
			w.complete(o)
			if err := o.Ready(); err != nil {
				t.Errorf("when it is back: %v", err)
			}
			w.sameFromScratch(o)
		})
	}
}

// apart is a world without replicas whose changelog is led by another broker than its input, and than the one that coordinates its group.
func apart(t *testing.T, n *testkit.Nodes) (w *world, leader int) {
	t.Helper()
	for i := range 50 {
		w = on(t, n, fmt.Sprintf("away%d", i), 1, 1)
		if leader = n.Leader(first(w.log)); leader != n.Leader(first(w.in)) && leader != n.Leader(first(w.out)) {
			w.coordinateApartFrom(n, leader)
			return w, leader
		}
	}
	t.Fatal("no changelog is led by another broker than its input")
	return nil, 0
}

// coordinateApartFrom gives the world's group a name by which another broker coordinates it.
func (w *world) coordinateApartFrom(n *testkit.Nodes, node int) {
	w.t.Helper()
	c := &kafka.Client{Addr: kafka.TCP(n.Addresses...), Timeout: 10 * time.Second}
	name := w.name
	for i := range 50 {
		w.name = fmt.Sprintf("%s.%d", name, i)
		req := &kafka.FindCoordinatorRequest{Key: w.name + ".adder", KeyType: kafka.CoordinatorKeyTypeConsumer}
		var res *kafka.FindCoordinatorResponse
		testkit.Eventually(w.t, time.Minute, func() (err error) {
			if res, err = c.FindCoordinator(w.t.Context(), req); err == nil {
				err = res.Error
			}
			return err
		})
		if res.Coordinator.NodeID != node {
			return
		}
	}
	w.t.Fatalf("broker %d coordinates every group", node)
}
