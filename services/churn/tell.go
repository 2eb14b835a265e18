package churn

import (
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// tell works out what is said of a customer now, and publishes it when it is not what was told last.
func (t *task) tell(tx transaction, e *entry, c cause) error {
	now := tx.Now()
	var v *verdict
	if e.rec.counts() {
		var err error
		if v, err = t.judge.look(e.rec, now.UnixMilli()); err != nil {
			return fmt.Errorf("score customer %s: %w", e.id, err)
		}
		t.arm(tx, e, v.dueMs, now.UnixMilli())
	} else {
		t.arm(tx, e, 0, now.UnixMilli())
	}
	told := t.changed(e.rec, v)
	if told {
		e.dirty = true
		t.keep(e.rec, v, now.UnixMilli())
		if err := t.publish(tx, e, v, c); err != nil {
			return err
		}
	}
	if e.dirty && v != nil {
		e.rec.mark = v.mark
	}
	t.fresh.Observe("churn", liveMs(c), now)
	e.pending, e.trace = false, nil
	return nil
}

// liveMs is when the live event of a cause was received, 0 without one.
func liveMs(c cause) int64 {
	if c.history {
		return 0
	}
	return c.receivedMs
}

// arm sees to it that the customer's timer is not later than due (0: nothing is due). A timer that stands earlier is left: most events only push the moment
// away, and firing once for nothing is cheaper than moving the timer with each of them.
func (t *task) arm(tx transaction, e *entry, due, nowMs int64) {
	armed := e.rec.dueMs
	if armed <= nowMs { // it has fired
		armed = 0
	}
	switch {
	case due == 0 && e.rec.dueMs != 0:
		tx.ClearTimer(customerKey(e.id))
		armed, e.dirty = 0, true
	case due != 0 && (armed == 0 || due < armed):
		tx.SetTimer(customerKey(e.id), time.UnixMilli(due))
		armed, e.dirty = due, true
	}
	e.rec.dueMs = armed
}

// changed says whether v, nil for a customer who is no more, is to be told: it is not what the record says was told last.
func (t *task) changed(r *record, v *verdict) bool {
	if v == nil {
		return r.told == 0 || len(r.scores)+len(r.warnings) > 0 || r.mark != gone
	}
	if r.told == 0 || r.mark == gone || len(v.found) != len(r.warnings) {
		return true
	}
	for i := range v.found {
		if _, ok := r.since(t.warning(v.found[i].Name)); !ok {
			return true
		}
	}
	before := 0
	for i := range v.seats {
		s := &v.seats[i]
		was := r.score(t.book.targets[s.target])
		if was != nil {
			before++
		}
		if s.held {
			continue
		}
		if (was != nil) != (s.of != nil) || was != nil && (was.model != s.of.id || was.band != s.band || t.moved(was.value, s.value, s.target)) {
			return true
		}
	}
	return before != len(r.scores) // one of a target that is no more
}

// gone is the mark of a tombstone whose end was told.
const gone = math.MaxUint32

// warning is the hash of a warning's name.
func (t *task) warning(name string) uint32 {
	if i, ok := t.book.places[name]; ok {
		return t.book.warnings[i]
	}
	return shortHash(name)
}

// moved says that a score is as far from what was told as is told.
func (t *task) moved(was, is float32, target int) bool {
	const grain = 1 - 1e-5 // scores are kept short: a step may look that much less than it is
	d, step := math.Abs(float64(is)-float64(was)), t.step*grain
	if t.book.amount(target) {
		step *= math.Abs(float64(was))
	}
	return d > 0 && d >= step
}

// keep makes v what was told last.
func (t *task) keep(r *record, v *verdict, nowMs int64) {
	r.told++
	if v == nil {
		r.scores, r.warnings, r.mark = nil, nil, gone
		return
	}
	scores := make([]toldScore, 0, len(v.seats))
	for i := range v.seats {
		s := &v.seats[i]
		target := t.book.targets[s.target]
		if was := r.score(target); s.held && was != nil {
			scores = append(scores, *was)
		} else if s.of != nil {
			scores = append(scores, toldScore{target: target, value: s.value, band: s.band, model: s.of.id})
		}
	}
	var held []toldWarning
	for i := range v.found {
		name := t.warning(v.found[i].Name)
		since, ok := r.since(name)
		if !ok {
			since = nowMs
		}
		held = append(held, toldWarning{name: name, sinceMs: since})
	}
	r.scores, r.warnings, r.mark = scores, held, v.mark
}

// publish emits a score set.
func (t *task) publish(tx transaction, e *entry, v *verdict, c cause) error {
	m := t.book.scoreSet(e.id, e.rec, v, true)
	m.Version, m.History, m.Reason, m.ReceivedMs = e.rec.told, c.history, c.reason, liveMs(c)
	if v == nil {
		m.AsOfMs = tx.Now().UnixMilli()
	}
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode the scores of customer %s: %w", e.id, err)
	}
	msg := broker.Message{Topic: topics.Scores.Name, Key: []byte(e.id), Value: value}
	if e.trace != nil {
		msg.Headers = []broker.Header{{Key: "traceparent", Value: e.trace}}
	}
	tx.Emit(msg)
	t.metrics.told(c.reason)
	return nil
}

// scoreSet writes down what is said of a customer; v is nil for one who was merged away. What is held is as it was told, where that is wanted.
func (b *book) scoreSet(id string, r *record, v *verdict, asTold bool) *churnv1.ScoreSet {
	m := &churnv1.ScoreSet{
		CustomerId: id, Workspace: r.workspace, MergedInto: r.mergedInto, FeaturesVersion: r.version, Holdout: b.set.Held(r.workspace, id),
	}
	if v == nil {
		return m
	}
	m.AsOfMs = v.asOfMs
	for i := range v.seats {
		s := &v.seats[i]
		out := b.score(s)
		if was := r.score(b.targets[s.target]); asTold && s.held && was != nil {
			out = &churnv1.Score{Target: out.GetTarget(), Value: float64(was.value), Band: bands[was.band], ModelVersion: was.model.String()}
		}
		m.Scores = append(m.Scores, out)
	}
	for i := range v.shadow {
		m.Shadow = append(m.Shadow, b.score(&v.shadow[i]))
	}
	for i := range v.found {
		f := &v.found[i]
		w := &churnv1.Warning{Name: f.Name}
		if p, ok := b.places[f.Name]; ok {
			w.SinceMs, _ = r.since(b.warnings[p])
		}
		if w.SinceMs == 0 {
			w.SinceMs = v.asOfMs
		}
		for _, x := range f.Evidence {
			w.Evidence = append(w.Evidence, &churnv1.Evidence{Feature: x.Feature, Value: x.Value, Against: x.Against})
		}
		m.Warnings = append(m.Warnings, w)
	}
	return m
}

// score writes down what one model says.
func (b *book) score(s *said) *churnv1.Score {
	out := &churnv1.Score{Target: b.set.Targets[s.target].Name, Missing: s.missing}
	if s.of != nil {
		out.Value, out.Band, out.ModelVersion = float64(s.value), bands[s.band], s.of.Version
	}
	return out
}
