package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
)

// restore opens the local store and brings it up to date; a store that does not fit the log is thrown away.
func (t *task) restore(ctx context.Context) error {
	dir := t.p.dir(t.partition)
	for fresh := false; ; fresh = true {
		s, err := t.p.memory.open(dir, t.p.assigned())
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
		local := errors.Is(err, errLocal) || errors.Is(err, broker.ErrOffsetGone)
		if fresh || ctx.Err() != nil || !local {
			return fmt.Errorf("restore partition %d of %s: %w", t.partition, t.p.cfg.Name, err)
		}
		t.logger.Warn("local state thrown away; reading it again from the changelog", "error", err)
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove the local state: %w", err)
		}
	}
}

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
