package stream

import (
	"encoding/binary"
	"math"

	"github.com/cockroachdb/pebble/v2"
)

func (s *store) applyTimer(b *pebble.Batch, k string, due int64) error {
	key := spaced(spaceTimer, []byte(k))
	old, ok, err := s.own(key)
	if err != nil {
		return err
	}
	if ok {
		_ = b.Delete(dueKey(int64(binary.BigEndian.Uint64(old)), k), nil)
	}
	if due == noTimer {
		s.recent.wrote(string(key), nil)
		_ = b.Delete(key, nil)
		return nil
	}
	value := binary.BigEndian.AppendUint64(nil, uint64(due))
	s.recent.wrote(string(key), value)
	_ = b.Set(key, value, nil)
	_ = b.Set(dueKey(due, k), nil, nil)
	s.nextDue = min(s.nextDue, due)
	return nil
}

// dueKey orders by time: the sign bit is flipped so that times before 1970 come first.
func dueKey(due int64, k string) []byte {
	key := binary.BigEndian.AppendUint64([]byte{spaceDue}, uint64(due)^(1<<63))
	return append(key, k...)
}

type timer struct {
	key []byte
	due int64
}

// due lists up to max timers whose time has come, the earliest first.
func (s *store) due(nowMs int64, limit int) ([]timer, error) {
	if s.nextDue > nowMs {
		return nil, nil
	}
	var out []timer
	// Starting at the bound, not at the first key, keeps the scan from wading through timers deleted long ago.
	lower := dueKey(s.nextDue, "")
	next := int64(math.MaxInt64)
	err := s.walk(lower, []byte{spaceDue + 1}, func(k, _ []byte) (bool, error) {
		at := int64(binary.BigEndian.Uint64(k[1:9]) ^ (1 << 63))
		if at > nowMs || len(out) == limit {
			next = at
			return false, nil
		}
		out = append(out, timer{key: append([]byte(nil), k[9:]...), due: at})
		return true, nil
	})
	if len(out) == 0 && err == nil {
		s.nextDue = next
	}
	return out, err
}
