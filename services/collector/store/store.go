// Package store is where messages become durable: in the broker or, while that is slow or down, in the spool on local disk, from which they go
// to the broker in order. It asks nobody who sent a message and opens it in one case only: one that
// no broker takes becomes a reject (TestRecordThatKafkaDoesNotTake).
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/services/collector/spool"
)

// Store makes messages durable: in the broker, or in the spool until the broker has them.
//
// The rule: while the spool holds anything, everything goes through it. So an event that was acknowledged is
// always before what its sender sends next, whichever of the two acknowledged it, and nothing has to be
// remembered about outages.
//
//	spool empty:     produce, and wait up to After; then append the same messages to the spool
//	spool not empty: append
//
// What timed out may be stored twice; identity drops the second by message id.
type Store struct {
	// Metrics are its own, registered.
	Metrics *Metrics

	cfg      Spool
	patience time.Duration // AckTimeout
	direct   patience      // how long a request waits for the broker before it goes to the spool, or fails without one
	whole    int64         // the largest request that is certain to be taken while ready
	broker   *broker.Client
	producer *broker.Producer
	logger   *slog.Logger
	// notStorable is told of events that only turn out to be so after they were acknowledged.
	notStorable func(source string)
	now         func() time.Time

	log    atomic.Pointer[spool.Log] // nil until open, and without a spool
	door   door
	health health
	drain  drainer
}

// acknowledged by which of the two.
const byBroker, bySpool = "broker", "spool"

// Receipt is what became of messages that are durable.
type Receipt struct {
	by string
	// Unstorable are the messages that no broker will take; they are durable as rejects.
	Unstorable []Unstorable
}

// errNotOpen is the answer before Open and after Stop.
var errNotOpen = errors.New("the spool is not open")

// Config is what a store has to know of its collector's settings.
type Config struct {
	// Spool says where messages wait while the broker does not take them.
	Spool Spool
	// AckTimeout is how long a request waits until its messages are durable. Above 0.
	AckTimeout time.Duration
	// RequestBytes is the largest request that has to be taken while Ready says nothing, in bytes; an eighth of the spool at most.
	RequestBytes int
}

// Deps are what the process gives a store.
type Deps struct {
	Logger *slog.Logger
	// Metrics is where the store's own are registered.
	Metrics prometheus.Registerer
	// Broker is where messages go; their topics have to be there.
	Broker *broker.Client
	// NotStorable is told of each event that was acknowledged from the spool and then refused by the broker for what it is, by its source.
	NotStorable func(source string)
}

// New makes a store. It opens nothing: see Open. An error is one of registering metrics twice.
func New(cfg Config, deps Deps) (*Store, error) {
	m, err := newMetrics(deps.Metrics)
	if err != nil {
		return nil, err
	}
	direct := cfg.AckTimeout
	if cfg.Spool.Enabled {
		direct = min(direct, cfg.Spool.After)
	}
	st := &Store{
		cfg: cfg.Spool, patience: cfg.AckTimeout, direct: patience{lasts: direct}, whole: min(int64(cfg.RequestBytes), cfg.Spool.MaxBytes/8),
		broker: deps.Broker, producer: deps.Broker.NewProducer(broker.ProducerConfig{}), notStorable: deps.NotStorable,
		Metrics: m, logger: deps.Logger, now: time.Now, // as frames are stamped by it
	}
	for _, gauge := range st.gauges() {
		if err := deps.Metrics.Register(gauge); err != nil {
			return nil, fmt.Errorf("register the store's metrics: %w", err)
		}
	}
	return st, nil
}

// Open opens the spool: an error when another process has it, when its folder cannot be written, or when what is in it is stale. What an earlier process left in it counts from here on. Calling it again changes nothing.
func (st *Store) Open() error {
	if !st.cfg.Enabled || st.log.Load() != nil {
		return nil
	}
	log, err := spool.Open(spool.Config{
		Dir: st.cfg.Dir, MaxBytes: st.cfg.MaxBytes, SegmentBytes: st.cfg.SegmentBytes, Logger: st.logger,
		Synced: func(took time.Duration) { st.Metrics.Sync.Observe(took.Seconds()) },
	})
	if err != nil {
		return err
	}
	if err := st.fresh(log.Stats()); err != nil {
		return errors.Join(err, log.Close())
	}
	if s := log.Stats(); s.Events > 0 {
		st.logger.Info("events of an earlier run wait in the spool", "events", s.Events, "bytes", s.Bytes, "oldest", s.Oldest)
	}
	st.log.Store(log)
	return nil
}

// fresh refuses what an earlier run left if it waited so long that identity cannot tell a repetition from a new event any more: a volume that
// turns up again after weeks. A collector that runs looks before each batch (untilFresh): others may have had the broker that it had not.
func (st *Store) fresh(s spool.Stats) error {
	age := st.now().Sub(s.Oldest)
	if s.Events == 0 || st.cfg.SendStale || age <= customer.RepeatsWithin {
		return nil
	}
	return fmt.Errorf("the spool in %s holds %d events, the oldest since %s: events that wait for more than %s may count twice, since those that Kafka had stored before are not known "+
		"any more: set spool.send_stale to send them all the same, or move the folder away, and start again", st.cfg.Dir, s.Events, s.Oldest.UTC().Format(time.RFC3339), customer.RepeatsWithin)
}

// Close closes the spool when it was opened and nothing came of it.
func (st *Store) Close() error {
	if log := st.log.Swap(nil); log != nil {
		return log.Close()
	}
	return nil
}

// Put returns once every message is durable. An error says that they are not, or that nobody knows.
func (st *Store) Put(ctx context.Context, msgs []broker.Message) (Receipt, error) {
	r, err := st.take(ctx, msgs)
	st.health.tried(ctx, err)
	return r, err
}

func (st *Store) take(ctx context.Context, msgs []broker.Message) (Receipt, error) {
	if !st.cfg.Enabled {
		return st.produce(st.direct.begin(ctx), msgs)
	}
	log := st.log.Load()
	if log == nil {
		return Receipt{}, errNotOpen
	}
	if !log.Empty() {
		st.door.wait(ctx)
	}
	empty := log.Empty()
	var failed error
	if empty {
		r, err := st.produce(st.direct.begin(ctx), msgs)
		if err == nil || ctx.Err() != nil { // a client that hung up sends again, or does not care
			return r, err
		}
		failed = err
	}
	err := st.append(ctx, log, msgs)
	if err == nil {
		st.Metrics.appended.Add(float64(len(msgs)))
		return Receipt{by: bySpool}, nil
	}
	if left := st.patience - st.cfg.After; empty && left > 0 && log.Empty() {
		// No room on disk and a slow broker: it may still make it.
		ctx, cancel := context.WithTimeout(ctx, left)
		defer cancel()
		if r, again := st.produce(ctx, msgs); again == nil {
			return r, nil
		}
	}
	return Receipt{}, errors.Join(err, failed)
}

// produce waits for the broker. A record that no broker will take becomes a reject.
func (st *Store) produce(ctx context.Context, msgs []broker.Message) (Receipt, error) {
	err := st.producer.Produce(ctx, msgs...)
	if err == nil {
		return Receipt{by: byBroker}, nil
	}
	if !broker.Permanent(err) {
		return Receipt{}, err
	}
	d := st.deliver(msgs)
	if err := d.try(ctx); err != nil {
		return Receipt{}, err
	}
	return Receipt{by: byBroker, Unstorable: d.unstorable}, nil
}

func (st *Store) append(ctx context.Context, log *spool.Log, msgs []broker.Message) error {
	ctx, cancel := context.WithTimeout(ctx, st.patience)
	defer cancel()
	if err := log.Append(ctx, msgs); err != nil {
		return fmt.Errorf("keep %d messages in the spool: %w", len(msgs), err)
	}
	return nil
}
