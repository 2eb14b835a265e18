package webhook

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/topics"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// Reasons for which an alert is given up, as the header error-class of alerts.v1.dlq says.
const (
	classExhausted = "attempts-exhausted"
	classExpired   = "expired"
	classGone      = "endpoint-gone"
	classUnknown   = "endpoint-unknown"
	classBad       = "not-an-alert"
)

// maxLife is how old an alert may be at an attempt that is not its first. Restarts begin the schedule again and endpoints ask for days, but
// what is older than the topic keeps is removed without a word: it is dead-lettered a day before that.
var maxLife = topics.Alerts.Retention - 24*time.Hour

// handle sees an alert to its end: delivered or dead-lettered. It gives false when ctx
// ended before that: the next owner begins anew. requests is for what has begun.
func (l *lane) handle(ctx, requests context.Context, rec broker.Record, a *segmentationv1.Alert) bool {
	switch {
	case a == nil:
		return l.bury(requests, rec, classBad, errors.New("the record is no alert"))
	case l.target == nil:
		return l.bury(requests, rec, classUnknown, fmt.Errorf("no endpoint %q is configured", a.GetEndpoint()))
	}
	who := l.d.identify(ctx, l.target, a)
	if ctx.Err() != nil {
		return false
	}
	text, err := body(a, who)
	if err != nil {
		return l.bury(requests, rec, classBad, err)
	}
	for n := 0; ; n++ {
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			return false
		}
		v, retryAfter, err := l.attempt(requests, rec, a, text, n)
		<-l.slots
		switch {
		case v == delivered:
			return true
		case ctx.Err() != nil:
			return false
		case v == gone:
			return l.bury(requests, rec, classGone, err)
		case n == len(l.d.cfg.Waits):
			return l.bury(requests, rec, classExhausted, fmt.Errorf("%d attempts, the last: %w", n+1, err))
		}
		wait := max(jittered(l.d.cfg.Waits[n]), retryAfter)
		if l.d.now().Add(wait).Sub(rec.Time) > maxLife {
			return l.bury(requests, rec, classExpired, fmt.Errorf("%d attempts, and the next would be more than %s after the alert, the last: %w", n+1, maxLife, err))
		}
		if retry.Sleep(ctx, wait) != nil {
			return false
		}
	}
}

// jittered is a wait, a fifth longer or shorter by chance, so that what failed together is
// not tried again together.
func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// attempt posts once, in a span of the event's trace where it has one. An endpoint that is
// off is not asked.
func (l *lane) attempt(ctx context.Context, rec broker.Record, a *segmentationv1.Alert, text []byte, n int) (verdict, time.Duration, error) {
	if l.off.Load() {
		return gone, 0, errors.New("the endpoint answered 410 Gone before")
	}
	if parent := rec.Header("traceparent"); parent != nil {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": string(parent)})
		var span trace.Span
		ctx, span = l.d.deps.Tracer.Start(ctx, "webhook "+l.name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("freshet.alert_id", a.GetAlertId()), attribute.String("freshet.segment", a.GetTransition().GetSegment()),
			attribute.Int("freshet.attempt", n+1)))
		defer span.End()
	}
	v, retryAfter, err := l.d.poster.post(ctx, l.target, a.GetAlertId(), text)
	if v == delivered {
		l.d.metrics.attempts.WithLabelValues(l.name, "delivered").Inc()
		l.d.fresh.Observe("alert", a.GetTransition().GetReceivedMs(), l.d.now())
		return v, 0, nil
	}
	l.d.metrics.attempts.WithLabelValues(l.name, "refused").Inc()
	if v == gone && l.off.CompareAndSwap(false, true) {
		l.d.deps.Logger.Error("endpoint is off until the next start: it answered 410 Gone", "endpoint", l.name)
	}
	trace.SpanFromContext(ctx).SetStatus(codes.Error, err.Error())
	l.d.deps.Logger.InfoContext(ctx, "alert not delivered", "endpoint", l.name, "alert", a.GetAlertId(), "attempt", n+1, "error", err)
	return v, retryAfter, err
}

// bury puts an alert that nobody takes into the dead-letter topic. It gives false when
// ctx ended first.
func (l *lane) bury(ctx context.Context, rec broker.Record, class string, reason error) bool {
	msg := broker.DeadLetter(topics.AlertsDead.Name, rec, l.group, class, reason)
	if err := l.d.producer.Produce(ctx, msg); err != nil {
		l.d.deps.Logger.Error("alert cannot be dead-lettered, it is tried again", "group", l.group, "offset", rec.Offset, "error", err)
		return false
	}
	l.d.metrics.dead.WithLabelValues(l.name, class).Inc()
	l.d.deps.Logger.Error("alert given up", "group", l.group, "partition", rec.Partition, "offset", rec.Offset, "class", class, "error", reason)
	return true
}
