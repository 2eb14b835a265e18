package embeddedkafka

import (
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kfake"
)

// logger hands the broker's warnings and errors to slog; a nil slog.Logger drops them.
type logger struct{ to *slog.Logger }

// Logf implements kfake.Logger.
func (l logger) Logf(level kfake.LogLevel, msg string, args ...any) {
	if l.to == nil {
		return
	}
	switch level {
	case kfake.LogLevelError:
		l.to.Error("embedded Kafka: " + fmt.Sprintf(msg, args...))
	case kfake.LogLevelWarn:
		l.to.Warn("embedded Kafka: " + fmt.Sprintf(msg, args...))
	}
}
