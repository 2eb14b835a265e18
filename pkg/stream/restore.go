package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/localstore"
	"github.com/freshet/freshet/pkg/retry"
)

// holderGoesWithin is how long a store that another process has open is waited for: a process that is ending closes its stores within its grace.
const holderGoesWithin = 15 * time.Second

// restore opens the local store and brings it up to date; a store that is damaged or does not fit the log is thrown away, and no other.
func (t *task) restore(ctx context.Context) error {
	dir := t.p.dir(t.partition)
	for fresh := false; ; fresh = true {
		s, err := t.openStore(ctx, dir)
		if err == nil {
			t.store = s
			t.log = &owned{now: time.Now, sleep: retry.Sleep, log: brokerLog{client: t.p.deps.Broker,
				at: broker.TopicPartition{Topic: t.p.cfg.Changelog.Name, Partition: t.partition}}}
			m, ok, merr := s.meta()
			if merr == nil && ok && time.Since(time.UnixMilli(m.savedMs)) > staleAfter {
				err = fmt.Errorf("%w: it is from %s", errLocal, time.UnixMilli(m.savedMs).UTC())
			} else if err = t.log.restore(ctx, s); err == nil {
				return nil
			}
			err = errors.Join(err, s.close())
			if errors.Is(err, errLost) {
				if gone := t.goneToo(ctx, m.inputs); gone != nil {
					return fmt.Errorf("restore partition %d of %s: what the changelog does not know of any more is gone from an input as well: %w", t.partition, t.p.cfg.Name, gone)
				}
			}
		}
		if fresh || ctx.Err() != nil || !errors.Is(err, errLocal) {
			return fmt.Errorf("restore partition %d of %s: %w", t.partition, t.p.cfg.Name, err)
		}
		t.logger.Warn("local state thrown away; reading it again from the changelog", "error", err)
		if err := localstore.Remove(nil, dir); err != nil {
			return fmt.Errorf("restore partition %d of %s: %w", t.partition, t.p.cfg.Name, err)
		}
	}
}

// openStore opens the store, and waits a little for who has it open.
func (t *task) openStore(ctx context.Context, dir string) (*store, error) {
	began := time.Now()
	for pauses := (retry.Backoff{First: 20 * time.Millisecond, Most: time.Second}); ; {
		s, err := t.p.memory.open(dir, t.p.assigned())
		if !errors.Is(err, localstore.ErrInUse) || time.Since(began) > t.p.holderGoesWithin || pauses.Wait(ctx) != nil {
			return s, err
		}
	}
}

// damaged says that an error of a running task proves that its store is worth nothing. A log that lost its tail is another matter: restore
// has to see the store for it.
func damaged(err error) bool { return errors.Is(err, errLocal) && !errors.Is(err, errLost) }

// goneToo asks whether inputs still have what a state had read of them that the changelog has lost: else nobody will read it again. With the policy skip
// that is said and counted, and nil; what there is comes from the places that the changelog knows.
func (t *task) goneToo(ctx context.Context, inputs map[string]broker.Place) error {
	for topic, place := range inputs {
		_, err := t.p.deps.Broker.Stand(ctx, broker.TopicPartition{Topic: topic, Partition: t.partition}, place)
		var gone *broker.Break
		switch {
		case err == nil:
		case !errors.As(err, &gone):
			return err
		case t.p.deps.Broker.Gaps() != broker.GapSkip:
			return gone
		default:
			t.p.deps.Broker.PassedOver(t.p.cfg.Name, gone)
		}
	}
	return nil
}
