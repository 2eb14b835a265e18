package changelog

import (
	"errors"
	"fmt"
	"slices"
)

// Kinds of changelog records, by first byte of the key.
const (
	KindFence  = 'F' // + epoch, id; value: Fence
	KindCommit = 'C' // value: the owner's bookkeeping, which closes a batch
	KindState  = 'S' // + key; value: the state, null deletes
	KindTimer  = 'T' // + key; value: when it is due, null clears
)

// Record is one record of the log.
type Record struct {
	Offset     int64
	Key, Value []byte
	// Mark is the value of the header of that name. A fence has none.
	Mark []byte
}

// Commit is a batch's closing record.
type Commit struct {
	Mark   Mark
	Offset int64
	Value  []byte
	// Fence is the one it was written under.
	Fence Fence
}

// Fold follows a log, record by record.
type Fold struct {
	// Fence is the one in force; its epoch is 0 when none was read.
	Fence Fence
	// Last is the last commit that counts; its offset is -1 when there is none.
	Last Commit
	// Foreign are keys of states, timers and commits whose last record is void.
	Foreign map[string]struct{}

	top    Mark // of the last record that counts
	read   runs
	copies []int64 // where the last commit's record stands: once, but for copies
}

// New is a fold that has read nothing.
func New() *Fold { return &Fold{Last: Commit{Offset: -1}, Foreign: map[string]struct{}{}} }

// From is a fold that goes on after a commit of the same log. The next record must be the commit's own.
func From(c Commit) *Fold {
	f := New()
	f.Fence, f.top = c.Fence, c.Mark
	f.last(c)
	return f
}

// Successor is the fence of the next owner.
func (f *Fold) Successor(partitions int) Fence {
	next := Fence{ID: NewID(), Log: f.Fence.Log, Epoch: f.Fence.Epoch + 1, Partitions: partitions}
	if next.Epoch == 1 {
		next.Log = next.ID
	}
	return next
}

// Next is the mark of the commit that an owner writes on top of all that was read.
func (f *Fold) Next(owner Fence) Mark {
	m := Mark{Fence: owner.ID, Seq: f.Last.Mark.Seq + 1}
	if f.Last.Fence == owner {
		m.On = f.Last.Offset + 1
	}
	return m
}

// ErrKey says that a record's key is none of a changelog's.
var ErrKey = errors.New("not a key of a changelog of this version")

// Take reads the next record and says whether it counts. An error means that the record is none of a changelog.
func (f *Fold) Take(rec Record) (counts bool, err error) {
	if len(rec.Key) == 0 {
		return false, ErrKey
	}
	defer f.read.add(rec.Offset, rec.Offset+1)
	if rec.Key[0] == KindFence {
		return f.fence(rec)
	}
	m, err := ReadMark(rec.Mark)
	if err != nil {
		return false, err
	}
	if f.Fence.Epoch == 0 || m.Fence != f.Fence.ID || !f.follows(m, rec.Offset) {
		f.Foreign[string(rec.Key)] = struct{}{}
		return false, nil
	}
	switch rec.Key[0] {
	case KindCommit:
		f.last(Commit{Mark: m, Offset: rec.Offset, Value: rec.Value, Fence: f.Fence})
	case KindState, KindTimer:
	default:
		return false, fmt.Errorf("%w: kind %q", ErrKey, rec.Key[0])
	}
	f.top = m
	delete(f.Foreign, string(rec.Key))
	return true, nil
}

// fence takes a fence: the log's first one, which names the log, or a later owner's. Of two of an epoch the first counts.
func (f *Fold) fence(rec Record) (bool, error) {
	fresh, err := DecodeFence(rec.Value)
	if err != nil {
		return false, err
	}
	first := f.Fence.Epoch == 0
	if first && fresh.Log != fresh.ID || !first && (fresh.Log != f.Fence.Log || fresh.Epoch <= f.Fence.Epoch) {
		return false, nil
	}
	f.Fence = fresh
	return true, nil
}

// follows says that a record under the fence in force belongs to the commit that is being read, or to one that builds on the last under this
// fence. The first under a fence builds on all that stands before the fence. Where the record that a commit builds on is gone, a compaction took
// it. Where another stands there, the log was cut and grew again.
func (f *Fold) follows(m Mark, at int64) bool {
	on, first := m.On-1, f.Last.Fence != f.Fence
	switch {
	case m == f.top, m == f.Last.Mark:
		return true
	case m.Fence == f.top.Fence && m.Seq <= f.top.Seq:
		return false
	case on < 0:
		return first
	case !first && slices.Contains(f.copies, on):
		return m.Seq == f.Last.Mark.Seq+1
	}
	return on < at && !f.read.has(on)
}

// last notes a commit's record, or a copy of it.
func (f *Fold) last(c Commit) {
	if c.Mark != f.Last.Mark {
		f.copies = f.copies[:0]
	}
	f.copies = append(f.copies, c.Offset)
	f.Last = c
}

// Wrote notes that the owner's own commit stands in the log from an offset on: every record of it counts.
func (f *Fold) Wrote(from int64, c Commit, keys func(func(string) bool)) {
	f.read.add(from, c.Offset+1)
	f.top = c.Mark
	f.last(c)
	for k := range keys {
		delete(f.Foreign, k)
	}
}
