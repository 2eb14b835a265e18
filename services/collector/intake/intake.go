// Package intake takes what a door has read to where it is durable and answered for: it admits a source, judges each event, makes records of
// them, puts them into the store, keeps what is refused, and says what became of each. It knows no request, and of HTTP the status codes
// only, in which a Refusal says what kind it is: each door maps them to its protocol.
//
// Delivery: Ingest returns a Result only after every event of the work is durable, the refused ones included (TestEveryAcknowledgedEventIsInKafka). A body
// that is refused whole goes into the dead letters before its answer leaves (TestARefusedBodyIsInTheDeadLetters). Memory bounds the bodies of
// all doors together: beyond it a request is turned away, not queued.
package intake

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/freshness"
	"github.com/freshet/freshet/services/collector/behind"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/store"
)

// Config is what holds for all doors.
type Config struct {
	// Limits are the process's.
	Limits directory.Limits
	// Clock says which event times are believed.
	Clock decode.Clock
}

// Deps are the rooms that it joins.
type Deps struct {
	Logger    *slog.Logger
	Metrics   prometheus.Registerer
	Directory *directory.Directory
	Store     *store.Store
	Behind    *behind.Estimate
	Enrich    *enrich.Enricher
	// Now is the clock, NewID makes the ids of events that came without one.
	Now   func() time.Time
	NewID func() string
}

// Intake joins the rooms. Many goroutines may use it.
type Intake struct {
	// Memory bounds the bodies of all doors together.
	Memory *Budget

	cfg       Config
	logger    *slog.Logger
	metrics   *metrics
	freshness *freshness.Histogram
	directory *directory.Directory
	store     *store.Store
	behind    *behind.Estimate
	enrich    *enrich.Enricher
	senders   *decode.Senders
	now       func() time.Time
	newID     func() string
}

// New makes an intake. It opens nothing.
func New(cfg Config, deps Deps) (*Intake, error) {
	memory := newMemory(cfg.Limits)
	m, err := newMetrics(deps.Metrics, memory)
	if err != nil {
		return nil, err
	}
	fresh, err := freshness.New(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register the collector's metrics: %w", err)
	}
	return &Intake{
		Memory: memory, cfg: cfg, logger: deps.Logger, metrics: m, freshness: fresh, directory: deps.Directory, store: deps.Store,
		behind: deps.Behind, enrich: deps.Enrich, senders: decode.NewSenders(), now: deps.Now, newID: deps.NewID,
	}, nil
}

// Reasons are why one event can be refused: values of a label.
func Reasons() []string { return append(slices.Clone(decode.Reasons), store.NotStorable) }
