package stream

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/retry"
)

// Processor runs the tasks of the partitions that the consumer group gives to this process.
type Processor struct {
	cfg      Config
	deps     Deps
	producer *broker.Producer
	metrics  *metrics
	memory   *memory
	faults   *faults

	mu     sync.RWMutex
	tasks  map[int]*task
	joined bool
	lease  lease
	// changed tells of partitions taken and given away.
	changed chan struct{}
	// expected is how many partitions the group gave to this process.
	expected int

	// holderGoesWithin is the constant of that name; tests are less patient.
	holderGoesWithin time.Duration
}

// New checks the configuration. It starts nothing.
func New(cfg Config, deps Deps) (*Processor, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if deps.Broker == nil || deps.Logger == nil || deps.NewHandler == nil {
		return nil, errors.New("stream: Broker, Logger and NewHandler are needed")
	}
	m, err := newMetrics(cfg.Name, deps.Metrics)
	if err != nil {
		return nil, err
	}
	p := &Processor{
		cfg: cfg.withDefaults(), deps: deps.withDefaults(),
		producer: deps.Broker.NewProducer(broker.ProducerConfig{}), metrics: m, tasks: map[int]*task{},
		changed: make(chan struct{}, 1),
		faults:  newFaults(cfg.Name, deps.Logger, m), holderGoesWithin: holderGoesWithin,
	}
	p.memory = newMemory(deps.Memory, p.cfg.CacheBytes)
	m.clockLimit(p.newClock())
	return p, nil
}

// Run joins the group and works until ctx ends (nil) or the inputs do not fit together.
// The batch in hand is finished first.
func (p *Processor) Run(ctx context.Context) error {
	names := make([]string, len(p.cfg.Inputs))
	for i, in := range p.cfg.Inputs {
		names[i] = in.Name
	}
	return p.deps.Broker.RunGroup(ctx, broker.GroupConfig{Group: p.cfg.Name, Topics: names}, p.runGeneration)
}

// runGeneration runs one task for each partition assigned, until the group rebalances.
func (p *Processor) runGeneration(ctx context.Context, m *broker.Membership) error {
	mine, err := p.partitionsOf(m)
	if err != nil {
		return err
	}
	stop := p.lease.keep(ctx, m)
	defer stop()
	p.setJoined(true, len(mine))
	defer p.setJoined(false, 0)
	err = broker.Each(ctx, mine, func(ctx context.Context, partition int) error { return p.keepRunning(ctx, m, partition) })
	if errors.Is(err, errFenced) {
		p.deps.Logger.Warn("fenced: joining the group again", "processor", p.cfg.Name, "error", err)
		p.metrics.fencedOff()
		return nil
	}
	return err
}

// partitionsOf lists the partitions; every input must come with the same ones.
func (p *Processor) partitionsOf(m *broker.Membership) ([]int, error) {
	byTopic := map[string][]int{}
	for _, tp := range m.Assigned() {
		byTopic[tp.Topic] = append(byTopic[tp.Topic], tp.Partition)
	}
	first := byTopic[p.cfg.Inputs[0].Name]
	for _, in := range p.cfg.Inputs[1:] {
		if fmt.Sprint(byTopic[in.Name]) != fmt.Sprint(first) {
			return nil, fmt.Errorf("%s: topics %s and %s are not partitioned alike (%v and %v): they need equal partition counts",
				p.cfg.Name, p.cfg.Inputs[0].Name, in.Name, first, byTopic[in.Name])
		}
	}
	return first, nil
}

// heldRetry is how often a partition that is held is tried again.
const heldRetry = 30 * time.Second

// keepRunning runs a partition's task and starts it anew after faults, until ctx ends, another owner is seen, the machine's clock is wrong, or another process has the store open. A broker
// that is away is waited for; a handler that has failed for RetryFor without a single commit holds the partition.
func (p *Processor) keepRunning(ctx context.Context, m *broker.Membership, partition int) error {
	defer p.faults.forget(partition)
	var failing time.Time
	pauses := retry.Backoff{First: 100 * time.Millisecond, Most: 5 * time.Second}
	for ctx.Err() == nil {
		err := p.runTask(ctx, m, partition, func() {
			failing = time.Time{}
			pauses = retry.Backoff{First: 100 * time.Millisecond, Most: 5 * time.Second}
			p.faults.mended(partition, ofHandler)
		})
		switch {
		case errors.Is(err, errFenced), errors.Is(err, errClock), errors.Is(err, localstore.ErrInUse):
			return err
		case ctx.Err() != nil || err == nil:
			return nil
		case errors.Is(err, broker.ErrOffsetGone): // waiting brings nothing back: somebody has to decide
			p.faults.hold(partition, ofHandler, err)
		case broker.Passing(err):
			failing = time.Time{}
		case failing.IsZero():
			failing = time.Now()
		case time.Since(failing) > p.cfg.RetryFor:
			pauses.Most = max(pauses.Most, heldRetry)
			p.faults.hold(partition, ofHandler, fmt.Errorf("no progress for %s: %w", p.cfg.RetryFor, err))
		}
		p.deps.Logger.Warn("partition failed; starting it again", "processor", p.cfg.Name, "partition", partition, "error", err)
		p.metrics.restarted()
		_ = pauses.Wait(ctx)
	}
	return nil
}

// runTask opens, runs and closes one task.
func (p *Processor) runTask(ctx context.Context, m *broker.Membership, partition int, progress func()) (err error) {
	t, err := p.open(ctx, partition)
	if err != nil {
		return err
	}
	offsets := newOffsetReporter(m, p.cfg, partition, t.logger)
	t.progress = func() {
		progress()
		offsets.report(ctx, t.inputs)
	}
	t.idle = func() { offsets.report(ctx, t.inputs) }
	p.setTask(partition, t)
	defer func() {
		p.setTask(partition, nil)
		offsets.final(ctx, t.log.last.inputs) // of the last commit: what was folded behind it is not done
		if err = errors.Join(err, t.close()); damaged(err) {
			t.logger.Warn("local state thrown away: it is damaged", "error", err)
			err = errors.Join(err, localstore.Remove(nil, p.dir(partition)))
		}
	}()
	return t.run(ctx)
}

func (p *Processor) dir(partition int) string {
	return filepath.Join(p.cfg.Dir, p.cfg.Name, strconv.Itoa(partition))
}

func (p *Processor) setTask(partition int, t *task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t == nil {
		delete(p.tasks, partition)
	} else {
		p.tasks[partition] = t
	}
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// assigned is how many partitions the group gave to this process.
func (p *Processor) assigned() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.expected
}

func (p *Processor) setJoined(v bool, partitions int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.joined, p.expected = v, partitions
}
