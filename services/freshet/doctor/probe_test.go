package doctor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	intake "github.com/freshet/freshet/services/collector"
	"github.com/freshet/freshet/services/collector/collectortest"
)

// TestAProbeNamesTheStageWhereItStays: behind a collector nothing runs, so the collector has it and the two that come next do not pass it on.
func TestAProbeNamesTheStageWhereItStays(t *testing.T) {
	kafka := testkit.Kafka(t)
	c := collectortest.StartBefore(t, testkit.BrokerAt(t, kafka, topics.All()...), "web", "a-write-key")
	a := nowhere()
	a.CollectorHTTP, a.Kafka = c.Address, kafka
	for name, x := range map[string]struct {
		key  string
		want []string
	}{
		"nothing behind the collector": {"a-write-key", []string{"ms  the collector has it", "identity did not pass it on within", "warehouse did not pass it on within"}},
		"an unknown key":               {"another-key", []string{"the collector did not take it"}},
	} {
		t.Run(name, func(t *testing.T) {
			found := probe(t.Context(), Patient{Addresses: a, WriteKey: x.key}, 5*time.Second)
			var text []string
			for _, f := range found {
				text = append(text, string(f.State)+" "+f.Detail)
				if (f.State == OK) != (f.Fix == "") {
					t.Errorf("%+v", f)
				}
			}
			if len(found) != len(x.want) {
				t.Fatalf("%q, want %q", text, x.want)
			}
			for _, want := range x.want {
				if !strings.Contains(strings.Join(text, "\n"), want) {
					t.Errorf("no %q in %q", want, text)
				}
			}
		})
	}
}

// TestAProbeSaysHowFarTheStackIsBehind, since it is history and has to wait: as a warning, by seconds and stage. When the stack catches up in time, the
// probe goes on.
func TestAProbeSaysHowFarTheStackIsBehind(t *testing.T) {
	kafka := testkit.Kafka(t)
	client := testkit.BrokerAt(t, kafka, topics.All()...)
	c := collectortest.StartBefore(t, client, "web", "a-write-key", func(cfg *intake.Config) { cfg.Limits.HistoryBehind = time.Second })
	a := nowhere()
	a.CollectorHTTP, a.Kafka = c.Address, kafka
	commits := make(chan int64)
	tp := broker.TopicPartition{Topic: topics.EventsRaw.Name}
	go func() {
		_ = client.RunGroup(t.Context(), broker.GroupConfig{Group: "identity.state", Topics: []string{tp.Topic}}, func(ctx context.Context, m *broker.Membership) error {
			for {
				select {
				case at := <-commits:
					if err := m.Commit(ctx, tp, at, ""); err != nil {
						return err
					}
				case <-ctx.Done():
					return nil
				}
			}
		})
	}()
	commits <- 0
	var msgs []broker.Message
	for range 20_000 {
		msgs = append(msgs, broker.Message{Topic: tp.Topic, Value: []byte("x")})
	}
	if err := client.NewProducer(broker.ProducerConfig{}).Produce(t.Context(), msgs...); err != nil {
		t.Fatal(err)
	}
	var found []Finding
	testkit.Eventually(t, time.Minute, func() error {
		if found = probe(t.Context(), Patient{Addresses: a, WriteKey: "a-write-key"}, time.Second); len(found) != 1 {
			return fmt.Errorf("it was taken: %+v", found)
		}
		return nil
	})
	if f := found[0]; f.State != Warned || !strings.Contains(f.Detail, " s of them before identity") || !strings.Contains(f.Fix, "#overload") {
		t.Errorf("%+v", f)
	}
	spans, err := client.Spans(t.Context(), tp.Topic)
	if err != nil {
		t.Fatal(err)
	}
	commits <- spans[0].Next - 2500 // still behind, but by less than the probe waits
	testkit.Eventually(t, time.Minute, func() error {
		found = probe(t.Context(), Patient{Addresses: a, WriteKey: "a-write-key"}, time.Second)
		if !strings.Contains(found[0].Detail, ", 3 s of them") {
			return fmt.Errorf("%+v", found)
		}
		return nil
	})
	go func() { commits <- spans[0].Next }()
	found = probe(t.Context(), Patient{Addresses: a, WriteKey: "a-write-key"}, 20*time.Second)
	if len(found) == 0 || !strings.Contains(found[0].Detail, "the collector has it") {
		t.Errorf("after it has caught up: %+v", found)
	}
}
