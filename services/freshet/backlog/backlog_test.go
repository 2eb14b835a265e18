package backlog

import (
	"log/slog"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

func TestMeasureAddsUpWhatEveryGroupHasNotCommittedAndNamesTheWorst(t *testing.T) {
	ctx := t.Context()
	b, err := broker.Dial(ctx, broker.Config{Addresses: []string{testkit.Kafka(t)}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.EnsureTopics(ctx, topics.All()...); err != nil {
		t.Fatal(err)
	}
	if lag, err := Measure(ctx, b); err != nil || lag.Total != 0 || lag.Worst != "" {
		t.Errorf("an empty stack: %+v, %v", lag, err)
	}
	p := b.NewProducer(broker.ProducerConfig{})
	for i := range 7 {
		topic := topics.Features.Name
		if i < 2 {
			topic = topics.EventsRejected.Name
		}
		if err := p.Produce(ctx, broker.Message{Topic: topic, Key: []byte{byte(i)}, Value: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	if lag, err := Measure(ctx, b); err != nil || lag.Total != 7 || lag.Worst != "segmentation.state in features.v1" {
		t.Errorf("seven records wait: %+v, %v", lag, err)
	}
}
