package collector

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/door/rpc"
	"github.com/freshet/freshet/services/collector/door/web/settings"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/store"
)

// Config is what an operator may set.
type Config struct {
	// Address is where the HTTP API listens, as host:port; port 0 takes any free port.
	Address string `koanf:"http_address"`
	// Hosts are the names that requests for /healthz and /readyz may give as Host, without port; "*" is any. Empty: on a loopback address
	// names of this machine only; elsewhere any. Events and the browser clients' settings are taken under every name: they ask for a write key.
	Hosts []string `koanf:"hosts"`
	// PublicURL is where browsers reach the HTTP API, such as https://events.example.com, for the settings that the browser clients
	// load. Empty means what a proxy of enrich.trusted_proxies says that its client used, else http and the host that each request names.
	PublicURL string `koanf:"public_url"`
	// Sources are who may send. Without one every request is answered 401.
	Sources []directory.Entry `koanf:"sources"`
	// SourcesFile is a YAML file of further sources, with their keys as hashes and settings of their own, which is looked at
	// every second: see docs/sources.md. A source may be in both, in the same workspace. Empty means none.
	SourcesFile string `koanf:"sources_file"`
	// SourcesFileMayBeMissing lets the collector start without the file and take it up when it appears.
	SourcesFileMayBeMissing bool
	// Limits bound what one request and all requests together may cost.
	Limits directory.Limits `koanf:"limits"`
	// WarehouseGroup is the warehouse's consumer group, as its own setting group says: it is one of the stages of limits.history_behind.
	WarehouseGroup string `koanf:"warehouse_group"`
	// Clock says which event times are believed.
	Clock decode.Clock `koanf:"clock"`
	// Stream bounds what one gRPC stream holds.
	Stream rpc.Stream `koanf:"stream"`
	// Enrich says what is read out of an event's surroundings.
	Enrich enrich.Config `koanf:"enrich"`
	// Spool says where events wait while Kafka does not take them.
	Spool store.Spool `koanf:"spool"`
	// AckTimeout is how long a request waits until its events are durable before it is answered 503. Above 0.
	AckTimeout time.Duration `koanf:"ack_timeout"`
	// RetryAfter is what a 503 tells the client to wait, in whole seconds. At least 1s.
	RetryAfter time.Duration `koanf:"retry_after"`
	// ReadTimeout bounds reading one whole request, so that a client that sends a byte a second holds
	// nothing for long. Above 0.
	ReadTimeout time.Duration `koanf:"read_timeout"`
	// WriteTimeout is how long a client may take to read an answer before it loses its connection, or its stream. Above 0.
	WriteTimeout time.Duration `koanf:"write_timeout"`
	// DrainTimeout bounds a stop: how long requests under way may take to be answered. Above 0, below the
	// process's grace.
	DrainTimeout time.Duration `koanf:"drain_timeout"`
}

// Default is a collector for Segment's clients, without a source.
func Default() Config {
	return Config{
		Address: ":8080", WarehouseGroup: "warehouse.facts",
		Limits:     directory.DefaultLimits(),
		Clock:      decode.DefaultClock(),
		Stream:     rpc.DefaultStream(),
		Enrich:     enrich.Default(),
		Spool:      store.DefaultSpool(),
		AckTimeout: 10 * time.Second, RetryAfter: time.Second,
		ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, DrainTimeout: 8 * time.Second,
	}
}

// Validate reports every fault, each under its key.
func (c Config) Validate() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Address == "" {
		fault("http_address: give host:port")
	}
	if err := service.CheckHosts("hosts", c.Hosts); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, directory.ValidateEntries(c.Sources))
	for _, d := range []struct {
		key string
		v   time.Duration
	}{
		{"ack_timeout", c.AckTimeout}, {"read_timeout", c.ReadTimeout}, {"write_timeout", c.WriteTimeout}, {"drain_timeout", c.DrainTimeout},
		{"clock.skew_threshold", c.Clock.SkewThreshold}, {"clock.doubt_limit", c.Clock.DoubtLimit},
		{"clock.max_age", c.Clock.MaxAge}, {"clock.max_future", c.Clock.MaxFuture},
	} {
		if d.v <= 0 {
			fault("%s: %s is not above 0", d.key, d.v)
		}
	}
	if c.WarehouseGroup == "" {
		fault("warehouse_group: must be set")
	}
	if c.Clock.LateLimit < c.Clock.DoubtLimit {
		fault("clock.late_limit: %s is below clock.doubt_limit: %s", c.Clock.LateLimit, c.Clock.DoubtLimit)
	}
	if c.Clock.ImportLive < 0 {
		fault("clock.import_live: %s is below 0", c.Clock.ImportLive)
	}
	if c.RetryAfter < time.Second {
		fault("retry_after: %s is below 1s", c.RetryAfter)
	}
	return errors.Join(append(errs, c.Limits.Validate(), settings.CheckPublicURL(c.PublicURL), c.Stream.Validate(), c.Spool.Validate(), c.Enrich.Validate())...)
}
