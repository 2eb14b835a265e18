package stream

import (
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

var moreTopic = topics.Topic{Name: "more.v1"}

// A release may give a task a further input: that one is read from its first record, and the others go on where they were; with the local state and
// without it. A release that takes it away again folds no more of it, and one that brings it back goes on where it was.
func TestAnInputThatWasNotThereBeforeIsReadFromItsFirstRecord(t *testing.T) {
	for what, lose := range map[string]bool{"the local state stays": false, "the local state is lost": true} {
		t.Run(what, func(t *testing.T) {
			c := newCluster(t, 2)
			if err := c.client.EnsureTopics(t.Context(), moreTopic, topics.DeadLetter(moreTopic)); err != nil {
				t.Fatal(err)
			}
			cfg := testConfig(t.TempDir())
			run := func(inputs ...topics.Topic) {
				t.Helper()
				if cfg.Inputs = inputs; lose {
					cfg.Dir = t.TempDir()
				}
				p, stop := c.start(t, cfg, sums{}, nil)
				testkit.Eventually(t, time.Minute, func() error { return c.compare([]*Processor{p}) })
				if err := stop(); err != nil {
					t.Fatal(err)
				}
			}
			more := func(n int64) {
				t.Helper()
				c.sent["k0"] += n
				for range n {
					if err := c.in.Produce(t.Context(), broker.Message{Topic: moreTopic.Name, Key: []byte("k0"), Value: []byte("1")}); err != nil {
						t.Fatal(err)
					}
				}
			}
			c.send(t, 40, 4)
			run(inTopic)
			more(3) // before anybody reads it
			c.send(t, 40, 4)
			run(inTopic, moreTopic)
			c.send(t, 40, 4)
			run(inTopic)
			more(2)
			run(inTopic, moreTopic)
		})
	}
}

// Inputs whose partitions do not go together are refused, and both are named.
func TestInputsThatAreNotPartitionedAlikeAreRefused(t *testing.T) {
	c := newCluster(t, 2)
	narrow := topics.Topic{Name: "narrow.v1", Single: true}
	if err := c.client.EnsureTopics(t.Context(), narrow); err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t.TempDir())
	cfg.Inputs = []topics.Topic{inTopic, narrow}
	p, err := New(cfg, Deps{Broker: c.client, Logger: quiet(), NewHandler: func(int) (Handler, error) { return sums{}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "in.v1 and narrow.v1 are not partitioned alike") {
		t.Errorf("it runs, and ends with %v", err)
	}
}
