package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/changelog"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	fleetv1 "github.com/freshet/freshet/proto/gen/freshet/fleet/v1"
)

// Deps are what the process gives. All are needed unless said otherwise.
type Deps struct {
	Logger *slog.Logger
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// TracerProvider makes the spans of requests to other replicas; nil makes none.
	TracerProvider trace.TracerProvider
	// Broker is where the owners are told; topics.TaskOwners must exist.
	Broker *broker.Client
	// Address is where other replicas reach this process's gRPC server, "host:port"; empty while that is not known: nothing is claimed until then.
	Address func() string
	// Now is the clock that answers hold for; nil means time.Now.
	Now func() time.Time
}

// Fleet is what a process knows of its fellows. A nil Fleet is a process alone: it answers for the partitions that it has.
type Fleet struct {
	deps      Deps
	directory *directory
	peers     *peers
	metrics   *metrics
	known     atomic.Bool

	mu    sync.Mutex
	tasks map[string]*Task
}

// New makes a fleet; it starts nothing.
func New(deps Deps) (*Fleet, error) {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return &Fleet{deps: deps, directory: newDirectory(), peers: newPeers(deps.TracerProvider), metrics: m, tasks: map[string]*Task{}}, nil
}

// Processor is what Fleet needs of a stream.Processor.
type Processor interface {
	Name() string
	View(partition int) (stream.View, error)
	Owned() []int
	Tenure(partition int) (stream.Tenure, bool)
	Changed() <-chan struct{}
}

// Task is the state of a partition task, wherever its partitions are.
type Task struct {
	fleet *Fleet // nil: alone
	p     Processor
}

// Task makes a processor's state readable by other replicas, and theirs by this one. Its Run has to run.
func (f *Fleet) Task(p Processor) *Task {
	t := &Task{fleet: f, p: p}
	if f != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.tasks[p.Name()] = t
	}
	return t
}

func (f *Fleet) task(name string) *Task {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tasks[name]
}

// Ready is nil once the directory was read to its end.
func (f *Fleet) Ready() error {
	if !f.known.Load() {
		return fmt.Errorf("the owners of partitions are not read from %s yet", topics.TaskOwners.Name)
	}
	return nil
}

// Run follows the directory until ctx ends (nil), and closes the connections to other replicas.
func (f *Fleet) Run(ctx context.Context) error {
	defer f.peers.close()
	log := f.deps.Broker.Follow(ctx, broker.FollowConfig{Name: "fleet.owners", Gaps: broker.GapRestart}, broker.Start{
		At: broker.TopicPartition{Topic: topics.TaskOwners.Name}, Place: broker.Place{Offset: broker.First},
	})
	for {
		batch, err := log.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("follow the owners of partitions: %w", err)
		case batch.Break != nil: // claims may be gone: whoever made them, this process too, has to say so again
			f.directory.clear()
		}
		for _, r := range batch.Records {
			f.learn(r)
		}
		f.peers.keep(f.directory.addresses())
		if batch.Next >= batch.End {
			f.known.Store(true)
		}
	}
}

// learn takes a claim.
func (f *Fleet) learn(r broker.Record) {
	var m fleetv1.Owner
	if err := proto.Unmarshal(r.Value, &m); err != nil {
		f.deps.Logger.Warn("a claim on a partition cannot be read, and is left out", "topic", r.Topic, "offset", r.Offset, "error", err)
		return
	}
	f.directory.put(seat{m.GetTask(), int(m.GetPartition())}, owner{address: m.GetAddress(), tenure: tenureOf(m.GetTenure())})
}

func tenureOf(m *fleetv1.Tenure) stream.Tenure {
	t := stream.Tenure{Epoch: m.GetEpoch()}
	if len(m.GetLog()) == len(changelog.ID{}) {
		t.Log = changelog.ID(m.GetLog())
	}
	return t
}

func asProto(t stream.Tenure) *fleetv1.Tenure { return &fleetv1.Tenure{Log: t.Log[:], Epoch: t.Epoch} }
