// Package intaketest makes an intake without a broker, for the tests of the doors, and says what must hold for what it makes.
package intaketest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/intake"
)

// Key is the write key of the one source, Name its name.
const (
	Key  = "web-write-key"
	Name = "web"
)

// New makes an intake that reads and judges, and stores nothing, with the source of Key.
func New(t testing.TB) (*intake.Intake, *directory.Source) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	enricher, err := enrich.New(enrich.Default(), enrich.Deps{Logger: logger, Metrics: prometheus.NewRegistry(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	limits := directory.DefaultLimits()
	d, err := directory.New(
		directory.Config{Entries: []directory.Entry{{Name: Name, Workspace: "default", WriteKey: Key}}, Limits: limits},
		directory.Deps{Logger: logger, Metrics: prometheus.NewRegistry(), Enrich: enricher, Reasons: intake.Reasons(), BodyCodes: intake.BodyCodes, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	i, err := intake.New(intake.Config{Limits: limits, Clock: decode.DefaultClock()}, intake.Deps{
		Logger: logger, Metrics: prometheus.NewRegistry(), Directory: d, Enrich: enricher, Now: time.Now, NewID: uuid.NewString})
	if err != nil {
		t.Fatal(err)
	}
	src, why := d.ByKey([]byte(Key))
	if src == nil {
		t.Fatal(why)
	}
	return i, src
}

// Contract says how an event breaks what proto/freshet/event/v1 promises.
func Contract(e *eventv1.Event) error {
	switch {
	case e.EventId == "" || len(e.EventId) > decode.MaxID:
		return fmt.Errorf("event id of %d bytes", len(e.EventId))
	case e.Workspace == "" || e.Source == "" || e.Type == eventv1.EventType_EVENT_TYPE_UNSPECIFIED || len(e.Name) > decode.MaxID:
		return fmt.Errorf("workspace, source, type or name")
	case len(e.Identifiers) == 0 || len(e.Identifiers) > decode.MaxIdentifiers:
		return fmt.Errorf("%d identifiers", len(e.Identifiers))
	case e.ReceivedMs == 0 || e.OccurredMs == 0 || e.OccurredMs > e.ReceivedMs:
		return fmt.Errorf("received %d, occurred %d", e.ReceivedMs, e.OccurredMs)
	}
	for _, id := range e.Identifiers {
		if id.Type == "" || id.Value == "" || len(id.Value) > decode.MaxID {
			return fmt.Errorf("identifier %v", id)
		}
	}
	for _, raw := range [][]byte{e.ContextJson, e.PropertiesJson, e.TraitsJson} {
		if len(raw) > 0 && (raw[0] != '{' || !json.Valid(raw) || !utf8.Valid(raw)) {
			return fmt.Errorf("%q is no JSON object in UTF-8", raw)
		}
	}
	return nil
}
