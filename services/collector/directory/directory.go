// Package directory knows who may send, at one moment: the sources of the configuration and of the sources file, their write keys, their limits
// and rules, made ready for the hot path when they are loaded. It knows no request and no broker: doors ask it by a key.
//
// A file that changes is taken up while requests go on (TestSourcesChangeWhileRequestsRun), whole or not at all: one that is faulty leaves the sources
// before it, and a request under way keeps the source it found. A tracking plan or exchange rates that become faulty leave those before them, so
// that they hold up no revoked key (TestRatesAndHabitsComeFromTheSourcesFileAndAreTakenUp). Keys are kept as hashes only.
package directory

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/quota"
)

// Config is where the sources stand, and what bounds them all.
type Config struct {
	// Entries are the sources of the configuration.
	Entries []Entry
	// File is a YAML file of further sources; empty means none.
	File string
	// FileMayBeMissing says that the file may appear later.
	FileMayBeMissing bool
	// Limits are the process's.
	Limits Limits
}

// Deps are what the process gives.
type Deps struct {
	Logger  *slog.Logger
	Metrics prometheus.Registerer
	// Enrich prepares what a source says of enrichment.
	Enrich *enrich.Enricher
	// Reasons are why an event can be refused, BodyCodes why a whole body can be: values of labels.
	Reasons, BodyCodes []string
	// Now is the clock.
	Now func() time.Time
}

// Directory finds the source of a write key. Many goroutines may ask it.
type Directory struct {
	cfg     Config
	logger  *slog.Logger
	metrics *metrics
	enrich  *enrich.Enricher
	current atomic.Pointer[registry]
	now     func() time.Time

	files  keyfile.Watch
	quotas *quota.Limiter
	bodies *quota.Limiter // of refused bodies kept
}

// New loads the sources; Run takes up their changes.
func New(cfg Config, deps Deps) (*Directory, error) {
	m, err := newMetrics(deps)
	if err != nil {
		return nil, err
	}
	d := &Directory{
		cfg: cfg, logger: deps.Logger, metrics: m, enrich: deps.Enrich, now: deps.Now,
		quotas: quota.New(cfg.Limits.Rate, cfg.Limits.Burst, deps.Now), bodies: quota.New(0, 0, deps.Now),
	}
	if err := d.reload(); err != nil {
		return nil, err
	}
	return d, nil
}

// Size is how many sources there are, and how many write keys.
func (d *Directory) Size() (sources, keys int) {
	r := d.current.Load()
	return len(r.byName), len(r.keys)
}
