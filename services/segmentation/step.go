package segmentation

import (
	"encoding/binary"
	"slices"

	"github.com/freshet/freshet/pkg/wire"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// An event moves a customer's features, and some milliseconds later the scores that are made of them. In between, a rule that looks at both would see
// what never was: an order lifts the spend above the rule's limit while the risk is still that of before the order, and somebody who has just bought is
// offered a voucher to stay. So a mixed rule whose answer changes while the two are out of step (ScoreSet.features_version is not the version of the
// features) waits until they are in step again, or until score_within has passed: there may be no further score, because it did not move
// (TestAMixedRuleWaitsForTheScoreOfTheEvent). Rules over one of the two, and changes that alert nobody, wait for nothing.

// wait is what a customer's mixed rules wait for. The zero wait is for nothing.
type wait struct {
	// untilMs is when they wait no longer.
	untilMs int64
	// reason and receivedMs are those of the first change that they have not seen.
	reason     segmentationv1.TransitionReason
	receivedMs int64
}

func (p wait) cause() cause { return cause{reason: p.reason, receivedMs: p.receivedMs} }

func (p wait) append(b []byte) []byte {
	b = binary.AppendVarint(b, p.untilMs)
	if p.untilMs == 0 {
		return b
	}
	return binary.AppendVarint(binary.AppendVarint(b, int64(p.reason)), p.receivedMs)
}

func readWait(in *wire.Cursor) wait {
	p := wait{untilMs: in.Varint()}
	if p.untilMs != 0 {
		p.reason, p.receivedMs = segmentationv1.TransitionReason(in.Int32()), in.Varint()
	}
	return p
}

// holds decides whether the mixed rules wait, with what all rules say now and what made them be asked.
func (w *work) holds(matches []bool, c cause) bool {
	changes := func(i int) bool { return matches[i] != w.rec.in(w.book.set.Rules[i].Name) }
	inStep := w.rec.scored.schema != w.book.names.Forecasts.Layout().Fingerprint || w.rec.scored.of == w.rec.version
	if inStep || w.book.within == 0 || !c.alerts() || !slices.ContainsFunc(w.book.both, changes) {
		w.rec.wait = wait{}
		return false
	}
	if w.rec.wait.untilMs == 0 {
		w.rec.wait = wait{untilMs: w.nowMs + w.book.within.Milliseconds(), reason: c.reason, receivedMs: c.receivedMs}
	}
	return true
}
