package segmentation

import (
	"fmt"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/stream"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"github.com/freshet/freshet/services/segmentation/tier"
)

// Short names of the reasons.
const (
	reasonEvent   = segmentationv1.TransitionReason_TRANSITION_REASON_EVENT
	reasonTime    = segmentationv1.TransitionReason_TRANSITION_REASON_TIME
	reasonMerge   = segmentationv1.TransitionReason_TRANSITION_REASON_MERGE
	reasonVersion = segmentationv1.TransitionReason_TRANSITION_REASON_VERSION
)

// cause is why memberships are worked out anew.
type cause struct {
	reason     segmentationv1.TransitionReason
	history    bool
	receivedMs int64
}

// alerts says whether anybody may be told of what it moves.
func (c cause) alerts() bool {
	return !c.history && (c.reason == reasonEvent || c.reason == reasonTime)
}

// causeOf is the cause that a feature set brings with it.
func causeOf(fs *featurev1.FeatureSet) cause {
	c := cause{reason: reasonEvent, history: fs.GetHistory(), receivedMs: fs.GetReceivedMs()}
	switch {
	case fs.GetMergedInto() != "", fs.GetReason() == featurev1.ChangeReason_CHANGE_REASON_MERGE:
		c.reason = reasonMerge
	case fs.GetReason() == featurev1.ChangeReason_CHANGE_REASON_TIME:
		c.reason = reasonTime
	}
	return c
}

// work is one customer in hand, within one transaction.
type work struct {
	tx         *stream.Tx
	book       *book
	catalogues *featuretopic.Directory
	metrics    *metrics
	id         string
	rec        *record
	// cuts are the present cut points of the customer's workspace, nil before the first.
	cuts  *segmentationv1.CutPoints
	view  *view
	nowMs int64
	// dirty says that the record must be written.
	dirty bool
}

// stale says whether the memberships were worked out with other rules or cut points.
func (w *work) stale() bool {
	return w.rec.rules != w.book.fingerprint || w.rec.cuts != w.cuts.GetVersion()
}

// catchUp brings the memberships from the moment they were last worked out to now, with
// the features as they are: elapsed time first, each flip at its own millisecond, for what
// has the version it had; the rest is looked at now. old are the rules' versions of then.
func (w *work) catchUp(old versions) error {
	s, err := w.book.subject(w.catalogues, w.rec, w.view)
	if err != nil {
		return err
	}
	matches := slices.Clone(s.facts.Match(w.nowMs))
	for i, r := range w.book.set.Rules {
		from := w.rec.evaluatedMs
		if !w.book.same(i, old) {
			if err := w.move(r.Name, r.Version, matches[i], w.nowMs, cause{reason: reasonVersion}); err != nil {
				return err
			}
			continue
		}
		if until := w.rec.wait.untilMs; until != 0 && slices.Contains(w.book.both, i) {
			if until > w.nowMs {
				continue
			}
			if err := w.move(r.Name, r.Version, s.facts.Match(until)[i], until, w.rec.wait.cause()); err != nil {
				return err
			}
			from = until
		}
		for at, ok := s.facts.NextFlip(i, from); ok && at <= w.nowMs; at, ok = s.facts.NextFlip(i, at) {
			if err := w.move(r.Name, r.Version, !w.rec.in(r.Name), at, cause{reason: reasonTime}); err != nil {
				return err
			}
		}
	}
	if until := w.rec.wait.untilMs; until != 0 && until <= w.nowMs {
		w.rec.wait, w.dirty = wait{}, true
	}
	if err := w.catchUpTier(s, w.rec.evaluatedMs); err != nil {
		return err
	}
	for _, m := range w.rec.segments {
		if m.in && !w.book.known(m.segment) {
			if err := w.move(m.segment, m.version, false, w.nowMs, cause{reason: reasonVersion}); err != nil {
				return err
			}
		}
	}
	if w.rec.forget(func(segment string) bool { return !w.book.known(segment) }) {
		w.dirty = true
	}
	return nil
}

// catchUpTier is catchUp for the tier.
func (w *work) catchUpTier(s subject, from int64) error {
	if w.rec.cuts != w.cuts.GetVersion() {
		return w.moveTier(tier.Of(s.tier, w.cuts, w.nowMs), w.nowMs, cause{reason: reasonVersion})
	}
	if at, ok := tier.NextFlip(s.tier, w.cuts, from); ok && at <= w.nowMs {
		return w.moveTier(tier.Of(s.tier, w.cuts, at), at, cause{reason: reasonTime})
	}
	return nil
}

// evaluate works out every membership for the features at now.
func (w *work) evaluate(s subject, c cause) error {
	matches := s.facts.Match(w.nowMs)
	hold := w.holds(matches, c)
	for i, in := range matches {
		r := &w.book.set.Rules[i]
		if hold && slices.Contains(w.book.both, i) {
			continue
		}
		if err := w.move(r.Name, r.Version, in, w.nowMs, c); err != nil {
			return err
		}
	}
	return w.moveTier(tier.Of(s.tier, w.cuts, w.nowMs), w.nowMs, c)
}

// leaveAll takes the customer out of everything.
func (w *work) leaveAll(c cause) error {
	w.rec.wait = wait{}
	for _, m := range w.rec.segments {
		if err := w.move(m.segment, m.version, false, w.nowMs, c); err != nil {
			return err
		}
	}
	return nil
}

// settle notes that the memberships hold for now, and has the timer ready for the next
// moment at which time alone changes one of them.
func (w *work) settle(s subject) {
	var due int64
	earlier := func(at int64, ok bool) {
		if ok && (due == 0 || at < due) {
			due = at
		}
	}
	if w.rec.counts() {
		earlier(s.facts.Next(w.nowMs))
		earlier(tier.NextFlip(s.tier, w.cuts, w.nowMs))
		earlier(w.rec.wait.untilMs, w.rec.wait.untilMs != 0)
	}
	w.arm(due)
	w.rec.evaluatedMs = w.nowMs
	w.rec.rules, w.rec.cuts = w.book.fingerprint, w.cuts.GetVersion()
}

// arm sees to it that the customer's timer is not later than due (0: nothing is due). A
// timer that stands earlier is left: most events only push the moment away, and firing
// once for nothing is cheaper than moving the timer with each of them.
func (w *work) arm(due int64) {
	armed := w.rec.dueMs
	if armed <= w.nowMs { // it has fired
		armed = 0
	}
	switch {
	case due == 0 && w.rec.dueMs != 0:
		w.tx.ClearTimer(customerKey(w.id))
		armed, w.dirty = 0, true
	case due != 0 && (armed == 0 || due < armed):
		w.tx.SetTimer(customerKey(w.id), time.UnixMilli(due))
		armed, w.dirty = due, true
	}
	w.rec.dueMs = armed
}

// save writes the record if anything in it changed.
func (w *work) save() {
	if w.dirty {
		w.tx.Set(customerKey(w.id), w.rec.encode())
	}
}

// moveTier puts the customer into the named tier and out of the one it was in.
func (w *work) moveTier(name string, atMs int64, c cause) error {
	for _, other := range tier.Names {
		if other != name {
			if err := w.move(other, w.cuts.GetVersion(), false, atMs, c); err != nil {
				return err
			}
		}
	}
	return w.move(name, w.cuts.GetVersion(), true, atMs, c)
}

// move makes the customer be in or out of a segment: nothing when it is so already,
// else the record, the member index, the size, the transition and the alert.
func (w *work) move(segment string, version int64, in bool, atMs int64, c cause) error {
	if w.rec.in(segment) == in {
		return nil
	}
	m := w.rec.membership(segment)
	if m == nil {
		w.rec.segments = append(w.rec.segments, membership{segment: segment, seq: w.rec.lastSeq()})
		m = &w.rec.segments[len(w.rec.segments)-1]
	}
	m.version, m.in, m.sinceMs = version, in, atMs
	m.seq++
	w.dirty = true
	key := memberKey(w.rec.workspace, segment, w.id)
	step := int64(1)
	if in {
		w.tx.Set(key, member{version: version, sinceMs: atMs}.encode())
	} else {
		w.tx.Delete(key)
		step = -1
	}
	if err := addCount(w.tx, w.rec.workspace, segment, step); err != nil {
		return err
	}
	return w.emit(*m, c)
}

// addCount changes a size of the partition.
func addCount(tx *stream.Tx, workspace, segment string, step int64) error {
	key := countKey(workspace, segment)
	v, ok, err := tx.Get(key)
	n := int64(0)
	if err == nil && ok {
		n, err = decodeCount(v)
	}
	if err != nil {
		return fmt.Errorf("read the size of %q: %w", segment, err)
	}
	if n += step; n == 0 {
		tx.Delete(key)
	} else {
		tx.Set(key, encodeCount(n))
	}
	return nil
}
