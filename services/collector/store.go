package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/services/collector/spool"
)

// store makes messages durable: in the broker, or in the spool until the broker has them.
//
// The rule: while the spool holds anything, everything goes through it. So an event that was acknowledged is
// always before what its sender sends next, whichever of the two acknowledged it, and nothing has to be
// remembered about outages.
//
//	spool empty:     produce, and wait up to After; then append the same messages to the spool
//	spool not empty: append
//
// What timed out may be stored twice; identity drops the second by message id.
type store struct {
	cfg      Spool
	patience time.Duration // AckTimeout
	direct   patience      // how long a request waits for the broker before it goes to the spool, or fails without one
	whole    int64         // the largest request that is certain to be taken while ready
	broker   *broker.Client
	producer *broker.Producer
	metrics  *storeMetrics
	logger   *slog.Logger
	now      func() time.Time

	log    atomic.Pointer[spool.Log] // nil until open, and without a spool
	door   door
	health health
	drain  drainer
}

// acknowledged by which of the two.
const byBroker, bySpool = "broker", "spool"

// receipt is what became of messages that are durable.
type receipt struct {
	by string
	// unstorable are the messages that no broker will take; they are durable as rejects.
	unstorable []unstorable
}

// errNotOpen is the answer before Listen and after Run.
var errNotOpen = errors.New("the spool is not open")

func newStore(cfg Config, deps Deps, m *storeMetrics) *store {
	direct := cfg.AckTimeout
	if cfg.Spool.Enabled {
		direct = min(direct, cfg.Spool.After)
	}
	return &store{
		cfg: cfg.Spool, patience: cfg.AckTimeout, direct: patience{lasts: direct}, whole: min(int64(cfg.Limits.BodyBytes), cfg.Spool.MaxBytes/8),
		broker: deps.Broker, producer: deps.Broker.NewProducer(broker.ProducerConfig{}),
		metrics: m, logger: deps.Logger, now: time.Now, // as frames are stamped by it
	}
}

// open opens the spool. What an earlier process left in it counts from here on. Calling it again changes nothing.
func (st *store) open() error {
	if !st.cfg.Enabled || st.log.Load() != nil {
		return nil
	}
	log, err := spool.Open(spool.Config{
		Dir: st.cfg.Dir, MaxBytes: st.cfg.MaxBytes, SegmentBytes: st.cfg.SegmentBytes, Logger: st.logger,
		Synced: func(took time.Duration) { st.metrics.sync.Observe(took.Seconds()) },
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
func (st *store) fresh(s spool.Stats) error {
	age := st.now().Sub(s.Oldest)
	if s.Events == 0 || st.cfg.SendStale || age <= customer.RepeatsWithin {
		return nil
	}
	return fmt.Errorf("the spool in %s holds %d events, the oldest since %s: events that wait for more than %s may count twice, since those that Kafka had stored before are not known "+
		"any more: set spool.send_stale to send them all the same, or move the folder away, and start again", st.cfg.Dir, s.Events, s.Oldest.UTC().Format(time.RFC3339), customer.RepeatsWithin)
}

// close closes the spool when it was opened and nothing came of it.
func (st *store) close() error {
	if log := st.log.Swap(nil); log != nil {
		return log.Close()
	}
	return nil
}

// put returns once every message is durable. An error says that they are not, or that nobody knows.
func (st *store) put(ctx context.Context, msgs []broker.Message) (receipt, error) {
	r, err := st.take(ctx, msgs)
	st.health.tried(ctx, err)
	return r, err
}

func (st *store) take(ctx context.Context, msgs []broker.Message) (receipt, error) {
	if !st.cfg.Enabled {
		return st.produce(st.direct.begin(ctx), msgs)
	}
	log := st.log.Load()
	if log == nil {
		return receipt{}, errNotOpen
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
		st.metrics.appended.Add(float64(len(msgs)))
		return receipt{by: bySpool}, nil
	}
	if left := st.patience - st.cfg.After; empty && left > 0 && log.Empty() {
		// No room on disk and a slow broker: it may still make it.
		ctx, cancel := context.WithTimeout(ctx, left)
		defer cancel()
		if r, again := st.produce(ctx, msgs); again == nil {
			return r, nil
		}
	}
	return receipt{}, errors.Join(err, failed)
}

// produce waits for the broker. A record that no broker will take becomes a reject.
func (st *store) produce(ctx context.Context, msgs []broker.Message) (receipt, error) {
	err := st.producer.Produce(ctx, msgs...)
	if err == nil {
		return receipt{by: byBroker}, nil
	}
	if !broker.Permanent(err) {
		return receipt{}, err
	}
	d := st.deliver(msgs)
	if err := d.try(ctx); err != nil {
		return receipt{}, err
	}
	return receipt{by: byBroker, unstorable: d.unstorable}, nil
}

func (st *store) append(ctx context.Context, log *spool.Log, msgs []broker.Message) error {
	ctx, cancel := context.WithTimeout(ctx, st.patience)
	defer cancel()
	if err := log.Append(ctx, msgs); err != nil {
		return fmt.Errorf("keep %d messages in the spool: %w", len(msgs), err)
	}
	return nil
}
