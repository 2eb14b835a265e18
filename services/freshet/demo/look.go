package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/freshet/backlog"
	"github.com/freshet/freshet/services/freshet/progress"
	"github.com/freshet/freshet/services/simulator"
)

// look is every view into the stack that the demo needs.
type look struct {
	addresses stack.Addresses
	api       *stack.API
	db        driver.Conn
	kafka     *broker.Client
	rx        *receiver
	causes    *causes
	stop      context.CancelFunc
	following sync.WaitGroup
}

func newLook(ctx context.Context, a stack.Addresses, rx *receiver) (l *look, err error) {
	l = &look{addresses: a, rx: rx, causes: &causes{received: map[string]int64{}}, stop: func() {}}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.api, err = a.API(ctx); err != nil {
		return l, err
	}
	if l.db, err = a.ClickHouse(ctx, stack.Login{}); err != nil {
		return l, err
	}
	if l.kafka, err = a.Broker(ctx); err != nil {
		return l, err
	}
	ctx, l.stop = context.WithCancel(ctx)
	l.following.Go(func() { _ = l.causes.follow(ctx, l.kafka) }) // what it misses shows as alerts without a cause
	return l, nil
}

func (l *look) close() {
	l.stop()
	l.following.Wait()
	if l.kafka != nil {
		l.kafka.Close()
	}
	if l.db != nil {
		_ = l.db.Close()
	}
	if l.api != nil {
		_ = l.api.Close()
	}
}

// settle bounds the wait for the last event to arrive everywhere; it begins anew with every step forward.
const settle = 60 * time.Second

// drained waits until ClickHouse holds every event of the truth, no service has work left and every alert has arrived.
func (l *look) drained(ctx context.Context, bars io.Writer, truth []simulator.Counts) error {
	events, rejected := sum(truth)
	bar := progress.New(bars, "stored, events", events+rejected)
	defer bar.Done()
	var last state
	for moved, quiet := time.Now(), 0; quiet < 4; {
		now, err := l.state(ctx)
		if err != nil {
			return err
		}
		if now != last {
			bar.Add(int(max(now.stored+now.rejected-last.stored-last.rejected, 0)))
			last, moved = now, time.Now()
		}
		quiet++
		if now.stored < events || now.rejected < rejected || now.lag.Total > 0 || now.delivered < now.made {
			quiet = 0
		}
		if time.Since(moved) > settle {
			return fmt.Errorf("%d of %d events and %d of %d refused ones are stored, %d of %d alerts delivered, %d records wait before %s: nothing has moved for %s",
				now.stored, events, now.rejected, rejected, now.delivered, now.made, now.lag.Total, now.lag.Worst, settle)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return errors.Join(errors.New("stopped while events were being stored"), context.Cause(ctx))
		}
	}
	return nil
}

// state is how far the stack has come; it changes while anything moves.
type state struct {
	stored, rejected int64
	lag              backlog.Backlog
	delivered, made  int
}

func (l *look) state(ctx context.Context) (s state, err error) {
	if s.stored, err = l.count(ctx, "SELECT toInt64(count()) FROM dw.events"); err != nil {
		return s, err
	}
	if s.rejected, err = l.count(ctx, "SELECT toInt64(count()) FROM ods.rejected"); err != nil {
		return s, err
	}
	s.lag, err = backlog.Measure(ctx, l.kafka)
	s.delivered, s.made = l.rx.delivered(), l.causes.made()
	return s, err
}

func sum(truth []simulator.Counts) (events, rejected int64) {
	for _, c := range truth {
		events += c.Events
		rejected += c.Rejected()
	}
	return events, rejected
}

func (l *look) count(ctx context.Context, query string) (n int64, err error) {
	if err := l.db.QueryRow(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("ask ClickHouse: %w", err)
	}
	return n, nil
}

// rejects are the refused events by reason.
func (l *look) rejects(ctx context.Context) (map[simulator.Fault]int64, error) {
	rows, err := l.db.Query(ctx, "SELECT reason, toInt64(count()) FROM ods.rejected GROUP BY reason")
	if err != nil {
		return nil, fmt.Errorf("ask ClickHouse: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[simulator.Fault]int64{}
	for rows.Next() {
		var reason string
		var n int64
		if err := rows.Scan(&reason, &n); err != nil {
			return nil, fmt.Errorf("read the rejects: %w", err)
		}
		out[simulator.Fault(reason)] = n
	}
	return out, rows.Err()
}
