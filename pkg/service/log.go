// Package service is what every process needs: flags, configuration, logs,
// traces, metrics, health, a gRPC server and an ordered shutdown, so that each
// binary's main is a few dozen lines. It is not for what a service does: nothing
// here knows Kafka, ClickHouse or a customer.
package service

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

func (c LogConfig) level() (slog.Level, error) {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	l, ok := levels[c.Level]
	if !ok {
		return 0, fmt.Errorf("level: %q must be debug, info, warn or error", c.Level)
	}
	return l, nil
}

// NewLogger returns a logger that writes to w and adds trace_id and span_id to
// what is logged with a context that carries a span. An invalid level or format,
// which Validate reports, counts as info and json.
func NewLogger(cfg LogConfig, w io.Writer) *slog.Logger {
	level, err := cfg.level()
	if err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewJSONHandler(w, options)
	if cfg.Format == "text" {
		h = slog.NewTextHandler(w, options)
	}
	return slog.New(traced{h})
}

// traced adds the ids of the span in the context.
type traced struct{ slog.Handler }

// Handle writes the record with the ids.
func (t traced) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return t.Handler.Handle(ctx, r)
}

// WithAttrs keeps the ids on loggers made with With.
func (t traced) WithAttrs(a []slog.Attr) slog.Handler { return traced{t.Handler.WithAttrs(a)} }

// WithGroup keeps the ids on loggers made with WithGroup; they go into the group.
func (t traced) WithGroup(name string) slog.Handler { return traced{t.Handler.WithGroup(name)} }
