package changelog

import (
	"errors"
	"fmt"
	"slices"
)

// Kinds of changelog records, by first byte of the key.
const (
	KindFence  = 'F' // + epoch, nonce; value: Fence
	KindCommit = 'C' // value: the owner's bookkeeping, which closes a batch
	KindState  = 'S' // + key; value: the state, null deletes
	KindTimer  = 'T' // + key; value: when it is due, null clears
)

// Record is one record of the log.
type Record struct {
	Offset     int64
	Key, Value []byte
	// Mark is the value of the header of that name.
	Mark []byte
}

// Verdict says what a record means.
type Verdict int

const (
	// Void records change nothing.
	Void Verdict = iota
	// Counts is a record that changes the state.
	Counts
)

// Commit is a batch's closing record.
type Commit struct {
	Mark   Mark
	Offset int64
	Value  []byte
}

// Fold follows a log, record by record. The zero Fold has read nothing.
type Fold struct {
	// Fence is the highest that counts. Its owner is empty when it was compacted away.
	Fence Fence
	// Top is the highest mark that counted.
	Top Mark
	// Last is the last commit that counts; its offset is -1 when there is none.
	Last Commit
	// Foreign are keys of states, timers and commits whose last record is void.
	Foreign map[string]struct{}

	fenced bool // the log's first fence was read
	read   runs
	copies []int64 // where the last commit's record stands: once, but for copies
}

// From is a fold that goes on after a commit of a log whose first fence has the commit's id. The next record must be that commit's own.
func From(at int64, m Mark, partitions int) *Fold {
	f := New()
	f.fenced = true
	f.last(Commit{Mark: m, Offset: at})
	f.Top, f.Fence = m, Fence{Log: m.Log, Epoch: m.Epoch, Partitions: partitions}
	return f
}

// New is a fold that has read nothing.
func New() *Fold { return &Fold{Last: Commit{Offset: -1}, Foreign: map[string]struct{}{}} }

// Successor is the fence of the next owner.
func (f *Fold) Successor(owner string, partitions int) Fence {
	if !f.fenced { // nothing that was read is of a log
		return Fence{Log: NewID(), Epoch: 1, Owner: owner, Partitions: partitions}
	}
	return Fence{Log: f.Fence.Log, Epoch: f.Fence.Epoch + 1, Owner: owner, Partitions: partitions}
}

// Next is the mark of the commit that an owner writes on top of all that was read.
func (f *Fold) Next(owner Fence) Mark {
	return Mark{Log: owner.Log, Epoch: owner.Epoch, Seq: f.Last.Mark.Seq + 1, On: f.Last.Offset + 1}
}

// Take reads the next record. An error means that the record is none of a changelog.
func (f *Fold) Take(rec Record) (Verdict, Mark, error) {
	if len(rec.Key) == 0 {
		return Void, Mark{}, ErrKey
	}
	m, err := ReadMark(rec.Mark)
	if err != nil {
		return Void, m, err
	}
	defer f.read.add(rec.Offset, rec.Offset+1)
	if rec.Key[0] == KindFence {
		v, err := f.fence(rec, m)
		return v, m, err
	}
	if !f.fenced || m.Log != f.Fence.Log || m.Below(f.Top) || !f.follows(m, rec.Offset) {
		f.Foreign[string(rec.Key)] = struct{}{}
		return Void, m, nil
	}
	switch rec.Key[0] {
	case KindCommit:
		f.last(Commit{Mark: m, Offset: rec.Offset, Value: rec.Value})
	case KindState, KindTimer:
	default:
		return Void, m, fmt.Errorf("%w: kind %q", ErrKey, rec.Key[0])
	}
	f.raise(m)
	delete(f.Foreign, string(rec.Key))
	return Counts, m, nil
}

// last notes a commit's record, or a copy of it.
func (f *Fold) last(c Commit) {
	if c.Mark != f.Last.Mark {
		f.copies = f.copies[:0]
	}
	f.copies = append(f.copies, c.Offset)
	f.Last = c
}

// follows says that a record belongs to the commit that is being read, or to one that builds on the last that counts. Where the record that it
// builds on is gone, a compaction took it. Where another stands there, the log was cut and grew again.
func (f *Fold) follows(m Mark, at int64) bool {
	on := m.On - 1
	switch {
	case m == f.Top, m == f.Last.Mark:
		return true
	case on < 0:
		return f.Last.Offset < 0
	case slices.Contains(f.copies, on):
		return m.Seq == f.Last.Mark.Seq+1
	}
	return on < at && !f.read.has(on)
}

// ErrKey says that a record's key is none of a changelog's.
var ErrKey = errors.New("not a key of a changelog")

// raise notes a mark that counts. A fence below it was compacted away.
func (f *Fold) raise(m Mark) {
	if m.Epoch > f.Fence.Epoch {
		f.Fence = Fence{Log: m.Log, Epoch: m.Epoch, Partitions: f.Fence.Partitions}
	}
	f.Top = m
}

func (f *Fold) fence(rec Record, m Mark) (Verdict, error) {
	fresh, err := DecodeFence(rec.Value)
	if err != nil {
		return Void, err
	}
	if f.fenced && (m.Log != f.Fence.Log || m.Below(f.Top) || fresh.Epoch == f.Fence.Epoch && fresh.Owner != f.Fence.Owner) {
		return Void, nil
	}
	f.raise(m)
	f.Fence, f.fenced = fresh, true
	return Counts, nil
}

// Wrote notes that this owner's own commit stands in the log: every record of it counts.
func (f *Fold) Wrote(from int64, c Commit, keys func(func(string) bool)) {
	f.raise(c.Mark)
	f.read.add(from, c.Offset+1)
	f.last(c)
	for k := range keys {
		delete(f.Foreign, k)
	}
}
