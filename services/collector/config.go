package collector

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"time"

	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/collector/decode"
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
	Sources []Source `koanf:"sources"`
	// SourcesFile is a YAML file of further sources, with their keys as hashes and settings of their own, which is looked at
	// every second: see docs/sources.md. A source may be in both, in the same workspace. Empty means none.
	SourcesFile string `koanf:"sources_file"`
	// SourcesFileMayBeMissing lets the collector start without the file and take it up when it appears.
	SourcesFileMayBeMissing bool
	// Limits bound what one request and all requests together may cost.
	Limits Limits `koanf:"limits"`
	// WarehouseGroup is the warehouse's consumer group, as its own setting group says: it is one of the stages of limits.history_behind.
	WarehouseGroup string `koanf:"warehouse_group"`
	// Clock says which event times are believed.
	Clock decode.Clock `koanf:"clock"`
	// Stream bounds what one gRPC stream holds.
	Stream Stream `koanf:"stream"`
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

// MinWriteKey is the length of the shortest write key, in bytes.
const MinWriteKey = 8

// Source is one sender and its write key.
type Source struct {
	// Name appears in events, metrics and answers: lower-case letters, digits, - and _; at most 64.
	Name string `koanf:"name"`
	// Workspace is the tenant its events belong to; same alphabet.
	Workspace string `koanf:"workspace"`
	// WriteKey is the secret the sender shows. At least 8 bytes. Two sources may not share one; a source may be
	// listed twice, with an old and a new key.
	WriteKey string `koanf:"write_key"`
	// Plan is the file of its tracking plan, see docs/tracking-plans.md; empty: none. It is read again when it changes. A source
	// that is listed twice has one plan.
	Plan string `koanf:"plan"`
	// Trusted says that the source is a server of the operator's, whose word on people counts: see docs/identity.md. A browser's write key
	// is public and must not be. For a source that is in the sources file too, the file says it.
	Trusted bool `koanf:"trusted"`
}

// Limits are upper bounds; all but Rate and Burst must be above 0. The sources file sets them for one source.
type Limits struct {
	// BodyBytes is the largest request body, after decompression.
	BodyBytes int `koanf:"body_bytes"`
	// BatchEvents is the greatest number of events in a request.
	BatchEvents int `koanf:"batch_events"`
	// EventBytes is the largest live event as JSON. Segment takes 32 KB.
	EventBytes int `koanf:"event_bytes"`
	// ImportEventBytes is the largest event of an import: an order of a wholesaler has a thousand lines.
	// Must stay below the broker's largest record (1 MB) with room for the lines a second time.
	ImportEventBytes int `koanf:"import_event_bytes"`
	// Keys is the greatest number of object keys in one event.
	Keys int `koanf:"keys"`
	// Depth is how deeply objects and arrays of one event may be nested. At most 1,000.
	Depth int `koanf:"depth"`
	// InFlightBytes bounds the memory of all bodies being worked on together; beyond it requests get 503.
	InFlightBytes int64 `koanf:"in_flight_bytes"`
	// Rate is how many events a second all sources together may send on average, history included; beyond it they get 429. It is shared
	// fairly: every active source gets an equal part, and what one leaves the others may use. Zero means no bound.
	Rate float64 `koanf:"rate"`
	// Burst is how many events all sources together may send at once after a pause, an equal part each; one batch of any size
	// always goes through. Zero means two seconds of Rate.
	Burst int `koanf:"burst"`
	// HistoryBehind is how long a stage behind the collector may need to catch up with what came to it before requests that are all history
	// get 429 and the time to come again after, and answers say that the stack is behind. Live events are taken all the same. 0 or 1s to
	// 1h; 0: history never waits, and nobody is told.
	HistoryBehind time.Duration `koanf:"history_behind"`
}

// Default is a collector for Segment's clients, without a source.
func Default() Config {
	return Config{
		Address: ":8080", WarehouseGroup: "warehouse.facts",
		Limits: Limits{
			BodyBytes: 4 << 20, BatchEvents: 2500, EventBytes: 32 << 10, ImportEventBytes: 512 << 10,
			Keys: 10000, Depth: 32, InFlightBytes: 64 << 20, HistoryBehind: 10 * time.Second,
		},
		Clock:      decode.DefaultClock(),
		Stream:     defaultStream(),
		Enrich:     enrich.Default(),
		Spool:      store.DefaultSpool(),
		AckTimeout: 10 * time.Second, RetryAfter: time.Second,
		ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, DrainTimeout: 8 * time.Second,
	}
}

var word = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

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
	keys, names := map[string]int{}, map[string]int{}
	for i, s := range c.Sources {
		if !word.MatchString(s.Name) {
			fault("sources[%d].name: %q is not 1 to 64 of a-z 0-9 _ -", i, s.Name)
		}
		if !word.MatchString(s.Workspace) {
			fault("sources[%d].workspace: %q is not 1 to 64 of a-z 0-9 _ -", i, s.Workspace)
		}
		if len(s.WriteKey) < MinWriteKey {
			fault("sources[%d].write_key: shorter than %d bytes", i, MinWriteKey)
		}
		if first, ok := keys[s.WriteKey]; ok {
			fault("sources[%d].write_key: the same as of sources[%d]", i, first)
		}
		keys[s.WriteKey] = i
		if first, ok := names[s.Name]; ok && c.Sources[first].Workspace != s.Workspace {
			fault("sources[%d].workspace: %q is not that of sources[%d], which has the same name: %q", i, s.Workspace, first, c.Sources[first].Workspace)
		}
		if first, ok := names[s.Name]; ok && c.Sources[first].Plan != s.Plan {
			fault("sources[%d].plan: %q is not that of sources[%d], which has the same name: %q", i, s.Plan, first, c.Sources[first].Plan)
		} else if !ok {
			names[s.Name] = i
		}
	}
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
	return errors.Join(append(errs, c.Limits.validate(), checkPublicURL(c.PublicURL), c.Stream.validate(), c.Spool.Validate(), c.Enrich.Validate())...)
}

func (l Limits) validate() error {
	var errs []error
	for _, n := range []struct {
		key string
		v   int
	}{
		{"body_bytes", l.BodyBytes}, {"batch_events", l.BatchEvents}, {"event_bytes", l.EventBytes},
		{"import_event_bytes", l.ImportEventBytes}, {"keys", l.Keys}, {"depth", l.Depth},
	} {
		if n.v <= 0 {
			errs = append(errs, fmt.Errorf("limits.%s: %d is not above 0", n.key, n.v))
		}
	}
	if l.Depth > 1000 {
		errs = append(errs, fmt.Errorf("limits.depth: %d is above 1000", l.Depth))
	}
	if l.Rate < 0 || math.IsNaN(l.Rate) || math.IsInf(l.Rate, 0) {
		errs = append(errs, fmt.Errorf("limits.rate: %v is not a number of events, 0 or more", l.Rate))
	}
	if l.HistoryBehind != 0 && (l.HistoryBehind < time.Second || l.HistoryBehind > time.Hour) {
		errs = append(errs, fmt.Errorf("limits.history_behind: %s is neither 0 nor within 1s and 1h", l.HistoryBehind))
	}
	if l.Burst < 0 || l.Burst > 0 && l.Rate == 0 {
		errs = append(errs, fmt.Errorf("limits.burst: %d means nothing with a rate of %v", l.Burst, l.Rate))
	}
	if l.InFlightBytes < int64(l.BodyBytes) {
		errs = append(errs, fmt.Errorf("limits.in_flight_bytes: %d is below limits.body_bytes", l.InFlightBytes))
	}
	return errors.Join(errs...)
}
