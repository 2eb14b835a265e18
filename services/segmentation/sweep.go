package segmentation

import (
	"encoding/binary"

	"github.com/freshet/freshet/pkg/stream"
)

// sweepBatch is how many customers one tick looks at: a few milliseconds of work, so that
// live records hardly wait.
const sweepBatch = 256

// sweep is how far the task's customers have been brought to the present rules and cut points.
type sweep struct {
	// rules and cuts are what the sweep brings them to: the fingerprint and the board's mark.
	rules, cuts uint64
	done        bool
	// cursor is the key to go on from; empty at the start.
	cursor string
}

func (s sweep) encode() []byte {
	b := binary.AppendUvarint(binary.AppendUvarint(sweepFormat.Begin(nil), s.rules), s.cuts)
	if s.done {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	return append(b, s.cursor...)
}

func decodeSweep(data []byte) (sweep, error) {
	in, _, err := sweepFormat.Open(data)
	if err != nil {
		return sweep{}, err
	}
	s := sweep{rules: in.Uvarint(), cuts: in.Uvarint(), done: in.Byte() == 1}
	s.cursor = string(in.Rest())
	return s, finish(sweepFormat, &in)
}

// Tick goes on with the sweep, or begins one when rules or cut points changed. There is more until all customers were looked at.
func (t *task) Tick(tx *stream.Tx) (more bool, err error) {
	var s sweep
	data, ok, err := tx.Get([]byte(keySweep))
	if err == nil && ok {
		s, err = decodeSweep(data)
	}
	if err != nil {
		return false, err
	}
	mark := t.board.mark()
	switch {
	case !ok || s.rules != t.book.fingerprint || s.cuts != mark:
		s = sweep{rules: t.book.fingerprint, cuts: mark}
		if err := t.keepBook(tx); err != nil {
			return false, err
		}
	case s.done:
		return false, nil
	}
	keys, err := t.next(tx, s.cursor)
	if err != nil {
		return false, err
	}
	kept, err := books(tx)
	if err != nil {
		return false, err
	}
	for _, k := range keys {
		if err := t.refresh(tx, []byte(k), kept); err != nil {
			return false, err
		}
	}
	if len(keys) < sweepBatch {
		s.done, s.cursor = true, ""
		if err := t.dropBooks(tx); err != nil {
			return false, err
		}
	} else {
		s.cursor = keys[len(keys)-1] + "\x00"
	}
	tx.Set([]byte(keySweep), s.encode())
	return !s.done, nil
}

// next is the keys of the next customers.
func (t *task) next(tx *stream.Tx, cursor string) (keys []string, err error) {
	var from []byte
	if cursor != "" {
		from = []byte(cursor)
	}
	err = tx.Scan([]byte(prefixCustomer), from, func(k, _ []byte) (bool, error) {
		keys = append(keys, string(k))
		return len(keys) < sweepBatch, nil
	})
	return keys, err
}
