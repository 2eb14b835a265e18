package warehouse

import (
	"fmt"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

func TestTheInsertShowsInTheTracesOfItsRecords(t *testing.T) {
	w := newWorld(t, 1)
	spans := tracetest.NewInMemoryExporter()
	w.tracer = sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)).Tracer("test")
	live := fact("a", 1)
	live.Event.History, live.Event.ReceivedMs = false, time.Now().UnixMilli()
	value, err := proto.Marshal(live)
	if err != nil {
		t.Fatal(err)
	}
	trace := func(n int, flags string) broker.Message {
		return broker.Message{Topic: topics.EventsResolved.Name, Key: []byte("a"), Value: value,
			Headers: broker.Headers("traceparent", fmt.Sprintf("00-%032x-%016x-%s", n, n, flags))}
	}
	w.send(trace(1, "01"), trace(2, "00"), trace(3, "01"))
	m := w.start(nil)
	w.wantCommitted(topics.EventsResolved, 0)
	testkit.Eventually(t, patience, func() error {
		if n := len(spans.GetSpans()); n != 1 {
			return fmt.Errorf("%d spans, want 1", n)
		}
		return nil
	})
	span := spans.GetSpans()[0]
	if got := span.SpanContext.TraceID().String(); span.Name != "warehouse insert" || got != fmt.Sprintf("%032x", 1) {
		t.Errorf("span %q in trace %s, want warehouse insert in trace 1", span.Name, got)
	}
	if len(span.Links) != 2 {
		t.Errorf("%d links, want 2: the record that is not sampled has none", len(span.Links))
	}
	if n := freshnessCount(t, m); n != 3 {
		t.Errorf("%d live events measured, want 3", n)
	}
}

func freshnessCount(t *testing.T, m *member) uint64 {
	t.Helper()
	families, err := m.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "freshet_freshness_seconds" {
			return f.GetMetric()[0].GetHistogram().GetSampleCount()
		}
	}
	return 0
}
