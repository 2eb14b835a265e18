package segmentation

import (
	"encoding/binary"

	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/segmentation/tier"
)

// record is the state of one customer.
type record struct {
	workspace string
	// version is that of the last feature set.
	version int64
	// mergedInto is set on a tombstone.
	mergedInto string
	// evaluatedMs is the moment for which the memberships were last worked out.
	evaluatedMs int64
	// dueMs is when the customer's timer is set to, never later than the next flip; 0 when it has none.
	dueMs int64
	// rules and cuts are what they were worked out with: the rules' fingerprint and the cut points' version.
	rules uint64
	cuts  int64
	// scored is what was last said of the customer in scores.v1; it may come before the first features.
	scored scored
	// wait is what the rules over both wait for.
	wait wait
	// segments are those that the customer was in and that are still there; see forgotten for the others.
	segments []membership
	// schema and features are the values of the last feature set, as they came; none on a tombstone.
	schema   uint64
	features []byte
}

// membership is what is known of a customer in one segment. It is kept after an exit,
// so that seq goes on, until the segment is no more.
type membership struct {
	segment string
	// version is the segment's at the last transition.
	version int64
	// seq counts transitions.
	seq int64
	in  bool
	// sinceMs is when the last transition was.
	sinceMs int64
}

// membership finds a segment, nil when the customer never was in it.
func (r *record) membership(segment string) *membership {
	for i := range r.segments {
		if r.segments[i].segment == segment {
			return &r.segments[i]
		}
	}
	return nil
}

// in says whether the customer is in the segment.
func (r *record) in(segment string) bool {
	m := r.membership(segment)
	return m != nil && m.in
}

// counts says whether the record is of a customer and not a tombstone.
func (r *record) counts() bool { return r.version > 0 && r.mergedInto == "" }

// encode writes the record.
func (r *record) encode() []byte {
	b := recordFormat.Begin(make([]byte, 0, 96+32*len(r.segments)+len(r.features)+len(r.scored.values)))
	b = wire.AppendText(b, r.workspace)
	b = binary.AppendVarint(b, r.version)
	b = wire.AppendText(b, r.mergedInto)
	b = binary.AppendVarint(b, r.evaluatedMs)
	b = binary.AppendVarint(b, r.dueMs)
	b = binary.AppendUvarint(b, r.rules)
	b = binary.AppendVarint(b, r.cuts)
	b = binary.AppendUvarint(b, uint64(len(r.segments)))
	for _, m := range r.segments {
		b = wire.AppendText(b, m.segment)
		b = binary.AppendVarint(b, m.version)
		seq := m.seq << 1
		if m.in {
			seq |= 1
		}
		b = binary.AppendVarint(b, seq)
		b = binary.AppendVarint(b, m.sinceMs)
	}
	b = r.wait.append(r.scored.append(b))
	b = binary.BigEndian.AppendUint64(b, r.schema)
	return append(b, r.features...)
}

// decodeRecord reads a record. Its features and scores share memory with data.
func decodeRecord(data []byte) (*record, error) {
	in, _, err := recordFormat.Open(data)
	if err != nil {
		return nil, err
	}
	r := &record{
		workspace: in.Text(), version: in.Varint(), mergedInto: in.Text(),
		evaluatedMs: in.Varint(), dueMs: in.Varint(), rules: in.Uvarint(), cuts: in.Varint(),
	}
	for range in.Count(leastMembership) {
		m := membership{segment: in.Text(), version: in.Varint()}
		seq := in.Varint()
		m.seq, m.in, m.sinceMs = seq>>1, seq&1 == 1, in.Varint()
		r.segments = append(r.segments, m)
	}
	r.scored, r.wait = readScored(&in), readWait(&in)
	var schema [8]byte
	in.Fixed(schema[:])
	r.schema = binary.BigEndian.Uint64(schema[:])
	r.features = in.Rest()
	return r, finish(recordFormat, &in)
}

// leastMembership is how many bytes a membership takes at least.
const leastMembership = 4

// subject is what rules and tiers look at.
type subject struct {
	// facts hold until the next subject is looked at.
	facts *rule.Glance
	tier  tier.Customer
}

// view is what the rules see with, kept from customer to customer.
type view struct {
	glance rule.Glance
	pair   rule.Pair
}

// subject reads the features and the scores that the record keeps, and has the rules look at them with v. featuretopic.ErrUnknown: the features' catalogue
// has not been read yet. Scores of another forecasts file are absent.
func (b *book) subject(known *featuretopic.Directory, r *record, v *view) (subject, error) {
	features, err := known.Vector(r.schema, r.features)
	if err != nil {
		return subject{}, err
	}
	v.pair = b.names.Schema.Facts(features, r.scored.vector(b.names.Forecasts.Layout()))
	return subject{facts: b.set.Look(&v.pair, &v.glance), tier: b.tier.Of(features)}, nil
}
