package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/services/collector/seldom"
	"github.com/freshet/freshet/services/collector/spool"
)

const (
	// pingEvery is how often the broker, and where it is needed the spool, is asked whether it is there.
	pingEvery = time.Second
	// probeBytes is what is written to find out whether the spool's disk takes anything: a large event.
	probeBytes = 64 << 10
	// probeWithin is how long that may take.
	probeWithin = 2 * time.Second
)

// health is what was last found about the broker and the spool.
type health struct {
	brokerFault, spoolFault atomic.Pointer[error] // nil when there is none
	stale                   atomic.Pointer[error] // why the spool is held until a restart; nil: it is not
	untaken                 atomic.Pointer[untaken]
	complained              seldom.Gate // a fault of an event

	probing chan error // the result of a probe under way; nil: there is none. watch's
}

// untaken is the last request that neither the broker nor the spool took.
type untaken struct {
	fault error
	at    time.Time
}

// untakenFor is how long such a request says that the next will fare no better: a broker that answers pings may still
// refuse every event. After that somebody has to try again.
const untakenFor = 5 * time.Second

// tried keeps what became of a request.
func (h *health) tried(ctx context.Context, err error) {
	switch {
	case err != nil && ctx.Err() == nil:
		h.untaken.Store(&untaken{err, time.Now()})
	case err == nil && h.untaken.Load() != nil:
		h.untaken.Store(nil)
	}
}

// taking is why the last request was not taken, nil when it was or when that was long ago.
func (h *health) taking() error {
	if u := h.untaken.Load(); u != nil && time.Since(u.at) < untakenFor {
		return u.fault
	}
	return nil
}

// broker is why it takes nothing, nil when it answers.
func (h *health) broker() error {
	if err := h.brokerFault.Load(); err != nil {
		return *err
	}
	return nil
}

// complain logs, at most once a second, why events are not stored.
func (h *health) complain(logger *slog.Logger, err error) {
	if !h.complained.Pass(time.Now(), time.Second) {
		return
	}
	if broker.Permanent(err) {
		logger.Error("Kafka takes no events until its settings change: check that the topics exist and that the collector's user may write to them",
			"error", err)
		return
	}
	logger.Error("events could not be stored", "error", err)
}

// Ready returns nil when the next event would be taken: by the broker while the spool is empty, else by the spool.
func (st *Store) Ready() error {
	if err := st.health.stale.Load(); err != nil {
		return *err
	}
	if err := st.health.taking(); err != nil {
		return err
	}
	fault := st.health.broker()
	if !st.cfg.Enabled {
		return fault
	}
	log := st.log.Load()
	if log == nil {
		return errNotOpen
	}
	if fault == nil && log.Empty() {
		return nil
	}
	if room := log.Room(); room < st.whole {
		return errors.Join(fmt.Errorf("%w: %d bytes are left of %d", spool.ErrFull, max(room, 0), st.cfg.MaxBytes), fault)
	}
	if err := st.health.spoolFault.Load(); err != nil {
		return errors.Join(*err, fault)
	}
	return nil
}

// Watch keeps readiness true, also while no events come.
func (st *Store) Watch(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		ping, cancel := context.WithTimeout(ctx, 2*pingEvery)
		err := st.broker.Ping(ping)
		cancel()
		if ctx.Err() != nil {
			return
		}
		st.note(err)
		st.probe(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// note keeps what a ping found and logs the change.
func (st *Store) note(err error) {
	before := st.health.broker()
	if err == nil {
		st.health.brokerFault.Store(nil)
		st.Metrics.brokerUp.Set(1)
		if before != nil {
			st.logger.Info("Kafka answers again")
		}
		return
	}
	st.health.brokerFault.Store(&err)
	st.Metrics.brokerUp.Set(0)
	if before == nil {
		st.logger.Error("Kafka does not answer", "error", err, "events_go_to_the_spool", st.cfg.Enabled)
	}
}

// probe asks the spool's disk while events depend on it.
func (st *Store) probe(ctx context.Context) {
	log := st.log.Load()
	if log == nil || st.health.broker() == nil && log.Empty() {
		st.health.spoolFault.Store(nil)
		return
	}
	err := st.health.ask(ctx, func() error { return log.Probe(probeBytes) }, probeWithin)
	if err != nil {
		st.health.spoolFault.Store(&err)
		return
	}
	st.health.spoolFault.Store(nil)
}

// errDiskHangs says that the disk gives no answer, neither a good nor a bad one.
var errDiskHangs = errors.New("the spool's disk does not answer")

// ask returns what a probe found, or errDiskHangs after a time: nothing ends a write to a disk that hangs, so it is
// left alone, and no second one is begun beside it.
func (h *health) ask(ctx context.Context, probe func() error, within time.Duration) error {
	if h.probing == nil {
		found := make(chan error, 1)
		h.probing = found
		go func() { found <- probe() }()
	}
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case err := <-h.probing:
		h.probing = nil
		return err
	case <-late.C:
		return errDiskHangs
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Complain logs, at most once a second, why messages are not durable.
func (st *Store) Complain(err error) { st.health.complain(st.logger, err) }
