package segmentation

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/freshet/freshet/services/segmentation/rule"
	"github.com/freshet/freshet/services/segmentation/tier"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"google.golang.org/protobuf/proto"
)

// recordForm is the first byte of a record; another form gets another number.
const recordForm = 1

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
	// segments are those that the customer was in and that are still there; see forgotten for the others.
	segments []membership
	// features is the last feature set, as it came; empty on a tombstone.
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
	b := append(make([]byte, 0, 64+32*len(r.segments)+len(r.features)), recordForm)
	b = appendText(b, r.workspace)
	b = binary.AppendVarint(b, r.version)
	b = appendText(b, r.mergedInto)
	b = binary.AppendVarint(b, r.evaluatedMs)
	b = binary.AppendVarint(b, r.dueMs)
	b = binary.AppendUvarint(b, r.rules)
	b = binary.AppendVarint(b, r.cuts)
	b = binary.AppendUvarint(b, uint64(len(r.segments)))
	for _, m := range r.segments {
		b = appendText(b, m.segment)
		b = binary.AppendVarint(b, m.version)
		seq := m.seq << 1
		if m.in {
			seq |= 1
		}
		b = binary.AppendVarint(b, seq)
		b = binary.AppendVarint(b, m.sinceMs)
	}
	return append(b, r.features...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decodeRecord reads a record. features shares memory with data.
func decodeRecord(data []byte) (*record, error) {
	if len(data) == 0 || data[0] != recordForm {
		return nil, errors.New("customer record has an unknown form")
	}
	d := decoder{rest: data[1:]}
	r := &record{
		workspace: d.text(), version: d.varint(), mergedInto: d.text(),
		evaluatedMs: d.varint(), dueMs: d.varint(), rules: d.uvarint(), cuts: d.varint(),
	}
	n := d.uvarint()
	for i := uint64(0); i < n && !d.failed; i++ {
		m := membership{segment: d.text(), version: d.varint()}
		seq := d.varint()
		m.seq, m.in, m.sinceMs = seq>>1, seq&1 == 1, d.varint()
		r.segments = append(r.segments, m)
	}
	if d.failed {
		return nil, errors.New("customer record is damaged")
	}
	r.features = d.rest
	return r, nil
}

// subject is what rules and tiers look at.
type subject struct {
	facts *rule.Facts
	tier  tier.Customer
}

func newSubject(fs *featurev1.FeatureSet) subject {
	return subject{facts: rule.NewFacts(fs), tier: tier.FromFeatures(fs)}
}

// subject reads the features that the record keeps.
func (r *record) subject() (subject, error) {
	var fs featurev1.FeatureSet
	if err := proto.Unmarshal(r.features, &fs); err != nil {
		return subject{}, fmt.Errorf("read the kept feature set: %w", err)
	}
	return newSubject(&fs), nil
}
