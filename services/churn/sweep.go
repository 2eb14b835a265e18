package churn

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/wire"
)

// The parts of the state's keys: see the package comment.
const (
	prefixCustomer  = "c/"
	prefixWorkspace = "w/"
	keySweep        = "x"
)

func customerKey(id string) []byte { return []byte(prefixCustomer + id) }

func workspaceKey(name string) []byte { return []byte(prefixWorkspace + name) }

// sweepBatch is how many customers one tick looks at: a few milliseconds of work, so that live records hardly wait.
const sweepBatch = 128

// sweep is how far the task's customers have been brought to the present board and night.
type sweep struct {
	// mark and night are what it brings them to: what is on the boards, and the number of the night.
	mark  uint64
	night int64
	done  bool
	// cursor is the key to go on from; empty at the start.
	cursor string
}

func (s sweep) encode() []byte {
	b := binary.AppendVarint(binary.AppendUvarint(sweepFormat.Begin(nil), s.mark), s.night)
	done := byte(0)
	if s.done {
		done = 1
	}
	return append(append(b, done), s.cursor...)
}

func decodeSweep(data []byte) (sweep, error) {
	in, _, err := sweepFormat.Open(data)
	if err != nil {
		return sweep{}, err
	}
	s := sweep{mark: in.Uvarint(), night: in.Varint()}
	done := in.Byte()
	if done > 1 {
		in.Fail()
	}
	s.done = done == 1
	s.cursor = string(in.Rest())
	return s, finish(sweepFormat, &in)
}

// Tick goes on with the sweep, or begins one when another model serves or a night has begun. There is more until all customers were looked at.
func (t *task) Tick(tx *stream.Tx) (more bool, err error) { return t.tick(tx, tx.Partition()) }

func (t *task) tick(tx transaction, partition int) (more bool, err error) {
	s, mark, err := t.sweeping(tx)
	if err != nil {
		return false, err
	}
	night := t.nights.number(tx.Now(), partition, t.partitions())
	switch {
	case s.mark != mark || s.night < night: // a clock that went back begins nothing
		s = sweep{mark: mark, night: max(night, s.night)}
		t.counts.begin()
	case s.done:
		return false, nil
	}
	if err := t.sweepOn(tx, &s); err != nil {
		return false, err
	}
	tx.Set([]byte(keySweep), s.encode())
	return !s.done, nil
}

// sweeping is how far the sweep is, and the mark of all boards that the partition's customers are scored by.
func (t *task) sweeping(tx transaction) (s sweep, mark uint64, err error) {
	data, ok, err := tx.Get([]byte(keySweep))
	if err == nil && ok {
		s, err = decodeSweep(data)
	}
	if err != nil {
		return s, 0, err
	}
	var names []string
	err = tx.Scan([]byte(prefixWorkspace), nil, func(k, _ []byte) (bool, error) {
		names = append(names, string(k[len(prefixWorkspace):]))
		return true, nil
	})
	return s, t.judge.marks(names), err
}

// marks is the mark of several workspaces' boards, in their order.
func (j *judge) marks(workspaces []string) uint64 {
	var all []byte
	for _, name := range workspaces {
		all = binary.BigEndian.AppendUint64(wire.AppendText(all, name), j.panel(name).mark)
	}
	return xxhash.Sum64(all)
}

// sweepOn looks at the next customers.
func (t *task) sweepOn(tx transaction, s *sweep) error {
	var from []byte
	if s.cursor != "" {
		from = []byte(s.cursor)
	}
	var keys []string
	err := tx.Scan([]byte(prefixCustomer), from, func(k, _ []byte) (bool, error) {
		keys = append(keys, string(k))
		return len(keys) < sweepBatch, nil
	})
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := t.refresh(tx, k[len(prefixCustomer):], true); err != nil {
			return err
		}
	}
	t.metrics.swept.Add(float64(len(keys)))
	if len(keys) == sweepBatch {
		s.cursor = keys[len(keys)-1] + "\x00"
		return nil
	}
	s.done, s.cursor = true, ""
	t.counts.end()
	return nil
}
