package segmentation

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/wire"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// scored is what the last set of scores said. The zero scored is of a customer who was never scored.
type scored struct {
	// version is the set's, of that of the features that it is of, and gone that of the features' last tombstone: scores of features up to there are of
	// somebody who was merged away; 0 without one. So it does not matter which of the two topics was read first.
	version, of, gone int64
	// schema is the fingerprint of the layout of values: of the forecasts file by which the set was read. 0 without values.
	schema uint64
	values []byte
	// models are hashes of the models' versions by the order of the file's targets, 0 where no model ever said anything.
	models []uint32
}

func (s scored) append(b []byte) []byte {
	for _, v := range []int64{s.version, s.of, s.gone} {
		b = binary.AppendVarint(b, v)
	}
	if s.schema == 0 {
		return append(b, 0)
	}
	b = binary.BigEndian.AppendUint64(append(b, 1), s.schema)
	b = binary.AppendUvarint(b, uint64(len(s.values)))
	b = append(b, s.values...)
	b = binary.AppendUvarint(b, uint64(len(s.models)))
	for _, m := range s.models {
		b = binary.BigEndian.AppendUint32(b, m)
	}
	return b
}

func readScored(in *wire.Cursor) scored {
	s := scored{version: in.Varint(), of: in.Varint(), gone: in.Varint()}
	switch in.Byte() {
	case 0:
		return s
	case 1:
	default:
		in.Fail()
	}
	var schema [8]byte
	in.Fixed(schema[:])
	s.schema, s.values = binary.BigEndian.Uint64(schema[:]), in.Bytes()
	if n := in.Count(4); n > 0 {
		models := in.Take(4 * n)
		s.models = make([]uint32, n)
		for i := range s.models {
			s.models[i] = binary.BigEndian.Uint32(models[4*i:])
		}
	}
	return s
}

// vector is the scores by a layout: nothing, when they are of another.
func (s scored) vector(l *catalog.Layout) catalog.Vector {
	if s.schema != l.Fingerprint {
		return catalog.Vector{}
	}
	return catalog.NewVector(l, s.values)
}

// living is s without its values, if they are of somebody who was merged away.
func (s scored) living() scored {
	if s.gone > 0 && s.of <= s.gone {
		s.schema, s.values, s.models = 0, nil, nil
	}
	return s
}

// merged is what is left of s when the features' tombstone of a version comes.
func (s scored) merged(version int64) scored {
	s.gone = version
	return s.living()
}

// next is what a set says behind s.
func (s scored) next(m *churnv1.ScoreSet, f *forecast.Set) (scored, error) {
	n := scored{version: m.GetVersion(), of: m.GetFeaturesVersion(), gone: s.gone}
	if m.GetMergedInto() != "" {
		return n, nil
	}
	values, err := f.Values(m)
	if err != nil {
		return scored{}, err
	}
	n.schema, n.values, n.models = f.Layout().Fingerprint, f.Layout().Encode(nil, values), make([]uint32, len(f.Targets))
	if s.schema == n.schema {
		copy(n.models, s.models) // of targets that have no score for now
	}
	for _, x := range m.GetScores() {
		if i, ok := f.Target(x.GetTarget()); ok && x.GetMissing() == "" && x.GetModelVersion() != "" {
			n.models[i] = max(1, uint32(xxhash.Sum64String(x.GetModelVersion())))
		}
	}
	return n.living(), nil
}

// sameModels says whether n is by the models and the forecasts file that s was by, as far as s was by any.
func (s scored) sameModels(n scored) bool {
	if s.schema == 0 || n.schema == 0 {
		return true
	}
	if s.schema != n.schema {
		return false
	}
	for i, m := range s.models {
		if m != 0 && n.models[i] != m {
			return false
		}
	}
	return true
}

// causeOfScores is the cause that a set of scores brings with it.
func causeOfScores(m *churnv1.ScoreSet, before, after scored) cause {
	c := cause{reason: reasonEvent, history: m.GetHistory(), receivedMs: m.GetReceivedMs()}
	switch {
	case m.GetMergedInto() != "", m.GetReason() == churnv1.ScoreReason_SCORE_REASON_MERGE:
		c.reason = reasonMerge
	case m.GetReason() == churnv1.ScoreReason_SCORE_REASON_MODEL, !before.sameModels(after):
		c.reason = reasonVersion
	case m.GetReason() == churnv1.ScoreReason_SCORE_REASON_TIME:
		c.reason = reasonTime
	}
	return c
}

// scores folds one set of scores.
func (t *task) scores(tx *stream.Tx, rec broker.Record) error {
	var m churnv1.ScoreSet
	if err := proto.Unmarshal(rec.Value, &m); err != nil {
		return stream.Permanent(fmt.Errorf("decode scores: %w", err))
	}
	if !customer.IsID(m.GetCustomerId()) || m.GetVersion() <= 0 {
		return stream.Permanent(errors.New("scores without a customer id or a version"))
	}
	r, err := load(tx, customerKey(m.GetCustomerId()))
	if err != nil {
		return err
	}
	if r == nil {
		r = &record{workspace: customer.Workspace(m.GetWorkspace())}
	}
	if m.GetVersion() <= r.scored.version {
		t.metrics.scores.WithLabelValues("old").Inc()
		return nil // A copy, or an older one.
	}
	next, err := r.scored.next(&m, t.book.names.Forecasts)
	if err != nil {
		return stream.Permanent(err)
	}
	w, err := t.take(tx, m.GetCustomerId(), r)
	if err != nil {
		return err
	}
	if err := w.foldScores(next, causeOfScores(&m, r.scored, next)); err != nil {
		return err
	}
	t.metrics.scores.WithLabelValues("folded").Inc()
	if !m.GetHistory() {
		t.fresh.Observe("segmentation_scores", m.GetReceivedMs(), tx.Now())
	}
	return nil
}

// foldScores makes the scores the customer's. One who has no features, yet or any more, is in no segment.
func (w *work) foldScores(next scored, c cause) error {
	w.rec.scored, w.dirty = next, true
	var s subject
	if w.rec.counts() {
		var err error
		if s, err = w.book.subject(w.catalogues, w.rec, w.view); err != nil {
			return err
		}
		if err := w.evaluate(s, c); err != nil {
			return err
		}
	}
	w.settle(s)
	w.save()
	return nil
}
