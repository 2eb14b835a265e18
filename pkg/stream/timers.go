package stream

import (
	"bytes"
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
	at := dueKey(due, k)
	_ = b.Set(at, nil, nil)
	if s.dueFrom != nil && bytes.Compare(at, s.dueFrom) < 0 {
		s.dueFrom, s.nextDue = at, due
	}
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

// due lists up to limit timers whose time has come, the earliest first. What it lists is not listed again: the caller clears it in the
// transaction in hand, or throws the store away.
func (s *store) due(nowMs int64, limit int) ([]timer, error) {
	if s.nextDue > nowMs {
		return nil, nil
	}
	// Starting where the last call ended keeps the scan from wading through the timers that were deleted since: in a wave of
	// a million at one moment there are a million of them (TestAWaveIsNotWadedThrough).
	var out []timer
	from := dueKey(math.MaxInt64, "")
	err := s.walk(s.lowestDue(), []byte{spaceDue + 1}, func(k, _ []byte) (bool, error) {
		if at := dueOf(k); at > nowMs || len(out) == limit {
			from = append([]byte(nil), k...)
			return false, nil
		}
		out = append(out, timer{key: append([]byte(nil), k[9:]...), due: dueOf(k)})
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	s.dueFrom, s.nextDue = from, dueOf(from)
	return out, nil
}

// lowestDue is a key before which no timer stands.
func (s *store) lowestDue() []byte {
	if s.dueFrom == nil {
		return dueKey(s.nextDue, "")
	}
	return s.dueFrom
}

func dueOf(key []byte) int64 { return int64(binary.BigEndian.Uint64(key[1:9]) ^ (1 << 63)) }
