package identity

import (
	"encoding/binary"
	"fmt"
	"time"
)

// sweepKeys bounds one piece of sweeping, sweepPause is the time between two: live
// events pass in between.
const (
	sweepKeys  = 2000
	sweepPause = 50 * time.Millisecond
)

var sweepTimer = []byte("sweep")

// advance begins a new newest bucket, and with it a sweep, when one has certainly begun: a clock that runs ahead must not have ids
// forgotten. b is the bucket of an event that has just been kept.
func (s *seen) advance(tx transaction, b int) {
	b = min(b, int(tx.Passed().UnixMilli()/bucketMS))
	if b <= s.newest {
		return
	}
	s.newest = b
	s.forgetFilters()
	tx.Set(newestKey, binary.BigEndian.AppendUint16(nil, uint16(b)))
	s.from = nil // an event that was late may have gone into a bucket that was swept before
	tx.SetTimer(sweepTimer, tx.Now())
}

// sweep deletes a bounded number of ids from buckets that are too old, and comes
// back for more. It runs whenever a new bucket begins, and goes on from where it was: what a store deleted lately it still
// has to wade through, and from the front that grows with every piece (TestSweepingDoesNotSlowDown).
func (s *seen) sweep(tx transaction) error {
	if err := s.load(tx); err != nil {
		return err
	}
	end := bucketPrefix(max(s.newest-1, 0))
	var old [][]byte
	err := tx.Scan([]byte{spaceSeen}, s.from, func(key, _ []byte) (bool, error) {
		if string(key) >= string(end) {
			return false, nil
		}
		old = append(old, key)
		return len(old) < sweepKeys, nil
	})
	if err != nil {
		return fmt.Errorf("sweep old event ids: %w", err)
	}
	for _, key := range old {
		tx.Delete(key)
	}
	if len(old) < sweepKeys {
		s.from = nil
		return nil
	}
	s.from = old[len(old)-1]
	tx.SetTimer(sweepTimer, tx.Now().Add(sweepPause))
	return nil
}
