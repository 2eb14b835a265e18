package stream

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
)

// TestAnIdleTaskShowsNoLag sends a burst whose last batch comes sooner than the offsets are written, and then nothing.
func TestAnIdleTaskShowsNoLag(t *testing.T) {
	c := newCluster(t, 2)
	cfg := testConfig(t.TempDir())
	cfg.CommitOffsetsEvery = 300 * time.Millisecond
	p, _ := c.start(t, cfg, sums{}, nil)
	for range 10 {
		c.send(t, 100, 7)
	}
	c.settled(t, p)
	spans, err := c.client.Spans(t.Context(), inTopic.Name)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		for n, s := range spans {
			tp := broker.TopicPartition{Topic: inTopic.Name, Partition: n}
			got, err := c.client.Committed(t.Context(), cfg.Name, tp)
			if err != nil {
				return err
			}
			if got[tp].Offset != s.Next {
				return fmt.Errorf("%s: the group shows %d of %d", tp, got[tp].Offset, s.Next)
			}
		}
		return lagIsZero(p)
	})
}

// lagIsZero reads the gauge of a processor.
func lagIsZero(p *Processor) error {
	ch := make(chan prometheus.Metric, 100)
	p.metrics.lags.Collect(ch)
	close(ch)
	for m := range ch {
		var out dto.Metric
		if err := m.Write(&out); err != nil {
			return err
		}
		if v := out.GetGauge().GetValue(); v != 0 {
			return fmt.Errorf("%v shows %v", out.GetLabel(), v)
		}
	}
	return nil
}
