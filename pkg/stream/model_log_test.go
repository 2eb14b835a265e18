package stream

import (
	"context"
	"io"
	"slices"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
)

// modelLog is a partition of a broker that may do all that brokers were seen to do: answer late or never, store what it said it did not,
// store it later, lose its tail, begin anew, compact.
type modelLog struct {
	w     *model
	recs  []broker.Record
	next  int64
	base  []int64            // where batches begin
	clean int64              // what stands before is not lost any more
	late  [][]broker.Message // batches on their way
	calm  bool               // no faults
	busy  int                // how deep appends are nested
	parts int
	kept  int // losses of the world when the last batch that was told as stored landed
}

// fate is what becomes of an append. Both may be: it lands, others do something, and then it is answered or not.
type fate struct {
	how       string // lands, lost, late
	before    func() // what others do before that, and after it
	after     func()
	forgotten bool // it is not answered
}

// fate draws one, or takes the next of a chosen life.
func (w *model) fate() fate {
	if w.luck == nil {
		if len(w.fates) == 0 {
			return fate{how: "lands"}
		}
		f := w.fates[0]
		w.fates = w.fates[1:]
		return f
	}
	return map[string]fate{
		"ok":            {how: "lands"},
		"lost":          {how: "lost"},
		"no answer":     {how: "lands", forgotten: true},
		"late":          {how: "late"},
		"late and more": {how: "late", after: w.others}, // what others do while this owner waits for its answer
		"more":          {how: "lands", before: w.others},
		"ok and more":   {how: "lands", after: w.others}, // it sleeps before it reads the answer
		"no answer yet": {how: "lands", after: w.others, forgotten: true},
	}[rapid.SampledFrom([]string{"ok", "ok", "ok", "ok", "lost", "no answer", "late", "late and more", "more", "ok and more", "no answer yet"}).Draw(w.luck, "append")]
}

var errNoAnswerYet = io.ErrUnexpectedEOF // a passing fault

func (m *modelLog) Append(_ context.Context, msgs []broker.Message) (int64, error) {
	if m.calm {
		m.kept = m.w.losses
		return m.land(msgs), nil
	}
	f, at := m.w.fate(), int64(0)
	if f.before != nil {
		f.before()
	}
	switch f.how {
	case "lands":
		at = m.land(msgs)
	case "late":
		m.late = append(m.late, msgs)
	}
	kept := m.w.losses
	if f.after != nil {
		f.after()
	}
	if f.how != "lands" || f.forgotten {
		return 0, errNoAnswerYet
	}
	m.kept = kept
	return at, nil
}

func (m *modelLog) land(msgs []broker.Message) int64 {
	at := m.next
	m.base = append(m.base, at)
	for _, msg := range msgs {
		m.recs = append(m.recs, broker.Record{Offset: m.next, Key: msg.Key, Value: msg.Value, Headers: msg.Headers})
		m.next++
	}
	return at
}

func (m *modelLog) first() int64 {
	if len(m.recs) == 0 {
		return m.next
	}
	return m.recs[0].Offset
}

func (m *modelLog) Fetch(_ context.Context, offset, _ int64) (broker.Batch, error) {
	if offset > m.next {
		return broker.Batch{}, broker.ErrOffsetGone
	}
	i, _ := slices.BinarySearchFunc(m.recs, offset, func(r broker.Record, o int64) int { return int(r.Offset - o) })
	return broker.Batch{Records: slices.Clone(m.recs[i:min(len(m.recs), i+3)]), End: m.next}, nil
}

func (m *modelLog) Span(context.Context) (broker.Span, error) {
	return broker.Span{First: m.first(), Next: m.next}, nil
}

func (m *modelLog) Partitions(context.Context) (int, error) { return m.parts, nil }
func (m *modelLog) String() string                          { return "model/0" }

// compacted is the log with the last record of each key only, before an offset. What stands behind it is younger than the lag: it takes nothing
// away, and it is all that a broker can lose.
func compacted(recs []broker.Record, before int64) []broker.Record {
	last := map[string]int64{}
	for _, r := range recs {
		if r.Offset < before {
			last[string(r.Key)] = r.Offset
		}
	}
	return slices.DeleteFunc(slices.Clone(recs), func(r broker.Record) bool {
		return r.Offset < before && last[string(r.Key)] != r.Offset
	})
}
