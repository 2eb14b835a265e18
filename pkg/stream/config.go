package stream

import (
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/topics"
)

// DefaultCacheBytes is Config.CacheBytes where nothing is said.
const DefaultCacheBytes = 64 << 20

// Config describes a processor.
type Config struct {
	// Name is the consumer group and the folder of the local stores: <service>.<purpose>.
	Name string
	// Inputs are the topics to fold; all have the same number of partitions and are keyed alike. One that was not there before is read from its first
	// record. All members of the group must have the same ones: a release that adds one is not rolled out beside the one before.
	Inputs []topics.Topic
	// Changelog is the compacted topic of the state, with as many partitions as the inputs.
	Changelog topics.Topic
	// Dir holds the local stores. It may be lost at any time.
	Dir string
	// MaxBatch is how many records one commit may hold. Zero means 2,000.
	MaxBatch int
	// MaxBatchBytes is how large changes and outputs of one commit may grow before it is closed. Zero means 4 MiB.
	MaxBatchBytes int
	// MaxTimers is how many timers fire in one commit, so that a wave of them does not hold up live records. Zero means 1,024.
	MaxTimers int
	// Pace is the longest that a record may wait for others to share its commit: the rule is in pace.go. More is cheaper and later.
	// Zero means that nothing waits.
	Pace time.Duration
	// Hop is how many paced tasks the records have come through: a task's beats are behind those of the task before. Zero is the first.
	Hop int
	// TickEvery is the longest the task waits before it looks at its clock and gives a Ticker a turn; a timer wakes it when it is due.
	// Zero means 250 ms.
	TickEvery time.Duration
	// RetryFor is how long a handler may fail before its partition is held, which is said loudly; it is tried again every
	// half minute then. A broker that is away does not count, however long. Zero means 1 min.
	RetryFor time.Duration
	// CommitOffsetsEvery is how often the group's offsets, which only show the lag, are written. Zero means 1 s.
	CommitOffsetsEvery time.Duration
	// CacheBytes is the memory of all partitions of this process together for state: from the disk, not yet on the disk, and in use. Where
	// it is below 1 MiB a partition, it is that. It is what is asked of Deps.Memory where that is given. Zero means DefaultCacheBytes.
	CacheBytes int64
	// MaxClockSkew is how far this machine's clock may be from the broker's; further apart, nothing is folded and the task fails. Zero
	// means 1 h, or no limit where Deps.Now is given: a clock of one's own is believed unless a limit is named.
	MaxClockSkew time.Duration
}

func (c Config) withDefaults() Config {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	wait := func(p *time.Duration, v time.Duration) {
		if *p == 0 {
			*p = v
		}
	}
	set(&c.MaxBatch, 2000)
	set(&c.MaxBatchBytes, 4<<20)
	set(&c.MaxTimers, 1024)
	wait(&c.TickEvery, 250*time.Millisecond)
	wait(&c.RetryFor, time.Minute)
	wait(&c.CommitOffsetsEvery, time.Second)
	if c.CacheBytes == 0 {
		c.CacheBytes = DefaultCacheBytes
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	for what, missing := range map[string]bool{
		"Name": c.Name == "", "Inputs": len(c.Inputs) == 0, "Changelog": c.Changelog.Name == "", "Dir": c.Dir == "",
	} {
		if missing {
			errs = append(errs, errors.New("stream: "+what+" is needed"))
		}
	}
	return errors.Join(errs...)
}

// Deps are what a processor works with.
type Deps struct {
	// Broker is needed.
	Broker *broker.Client
	// Logger is needed.
	Logger *slog.Logger
	// Metrics takes the processor's metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Memory is what this processor's stores share with those of the process's other processors; nil: they have CacheBytes for themselves.
	Memory *localstore.Memory
	// Tracer makes a span for each record that carries a sampled traceparent; nil makes none.
	Tracer trace.Tracer
	// Now is the clock of timers; nil means time.Now.
	Now func() time.Time
	// BrokerClock is the broker's clock, false while it is not known; nil means Broker.Clock.
	BrokerClock func() (time.Time, bool)
	// NewHandler makes the handler of one partition. Needed.
	NewHandler func(partition int) (Handler, error)

	// ownClock says that Now was given.
	ownClock bool
}

func (d Deps) withDefaults() Deps {
	if d.ownClock = d.Now != nil; !d.ownClock {
		d.Now = time.Now
	}
	if d.BrokerClock == nil {
		d.BrokerClock = d.Broker.Clock
	}
	if d.Tracer == nil {
		d.Tracer = noop.NewTracerProvider().Tracer("")
	}
	return d
}
