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
			if m, ok, merr := s.meta(); merr == nil && ok && time.Since(time.UnixMilli(m.savedMs)) > staleAfter {
				err = fmt.Errorf("%w: it is from %s", errLocal, time.UnixMilli(m.savedMs).UTC())
			} else if err = t.log.restore(ctx, s); err == nil {
				return nil
			}
			err = errors.Join(err, s.close())
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
