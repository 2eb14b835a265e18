package churn

import (
	"encoding/binary"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/wire"
)

// record is the state of one customer.
type record struct {
	workspace string
	// version is that of the last feature set.
	version int64
	// mergedInto is set on a tombstone.
	mergedInto string
	// told counts the score sets that were published: the version of the last.
	told int64
	// mark is of the board that the scores were worked out by.
	mark uint32
	// dueMs is when the customer's timer is set to, never later than the next moment at which time alone changes something; 0 when it has none.
	dueMs int64
	// scores and warnings are what was told last.
	scores   []toldScore
	warnings []toldWarning
	// schema and values are of the last feature set, as they came; none on a tombstone.
	schema uint64
	values []byte
}

// toldScore is a score that was told. A target that had none is not there.
type toldScore struct {
	// target is the hash of its name: see book.
	target uint32
	value  float32
	// band is a place in bands.
	band  byte
	model modelID
}

// bands are the words for scores; the first is that of targets without.
var bands = [...]string{"", "low", "medium", "high"}

// bandOf is the place of a word, 0 for one that is none.
func bandOf(word string) byte {
	for i, b := range bands {
		if b == word {
			return byte(i)
		}
	}
	return 0
}

// toldWarning is a warning that held.
type toldWarning struct {
	// name is the hash of its name: see book.
	name    uint32
	sinceMs int64
}

// score finds a target's, nil when none was told.
func (r *record) score(target uint32) *toldScore {
	for i := range r.scores {
		if r.scores[i].target == target {
			return &r.scores[i]
		}
	}
	return nil
}

// since is since when a warning has held, false when it did not.
func (r *record) since(name uint32) (int64, bool) {
	for _, w := range r.warnings {
		if w.name == name {
			return w.sinceMs, true
		}
	}
	return 0, false
}

// counts says whether the record is of a customer and not a tombstone.
func (r *record) counts() bool { return r.version > 0 && r.mergedInto == "" }

// encode writes the record. The default workspace is written as none: it is that of nearly everybody.
func (r *record) encode() []byte {
	b := recordFormat.Begin(make([]byte, 0, 48+16*len(r.scores)+12*len(r.warnings)+len(r.values)))
	workspace := r.workspace
	if workspace == customer.DefaultWorkspace {
		workspace = ""
	}
	b = wire.AppendText(b, workspace)
	b = binary.AppendVarint(b, r.version)
	b = wire.AppendText(b, r.mergedInto)
	b = binary.AppendVarint(b, r.told)
	b = binary.BigEndian.AppendUint32(b, r.mark)
	b = binary.AppendVarint(b, r.dueMs)
	b = binary.AppendUvarint(b, uint64(len(r.scores)))
	for i := range r.scores {
		s := &r.scores[i]
		b = appendShort(binary.BigEndian.AppendUint32(b, s.target), s.value)
		b = s.model.append(append(b, s.band))
	}
	b = binary.AppendUvarint(b, uint64(len(r.warnings)))
	for _, w := range r.warnings {
		b = binary.AppendVarint(binary.BigEndian.AppendUint32(b, w.name), w.sinceMs)
	}
	b = binary.BigEndian.AppendUint64(b, r.schema)
	return append(b, r.values...)
}

// leastScore and leastWarning are how many bytes one takes at least.
const leastScore, leastWarning = 11, 5

// decodeRecord reads a record. values shares memory with data.
func decodeRecord(data []byte) (*record, error) {
	in, _, err := recordFormat.Open(data)
	if err != nil {
		return nil, err
	}
	r := &record{workspace: customer.Workspace(in.Text()), version: in.Varint(), mergedInto: in.Text(), told: in.Varint(), mark: readWord(&in), dueMs: in.Varint()}
	if n := in.Count(leastScore); n > 0 {
		r.scores = make([]toldScore, 0, n)
		for range n {
			s := toldScore{target: readWord(&in), value: readShort(&in), band: in.Byte(), model: readModel(&in)}
			if int(s.band) >= len(bands) {
				in.Fail()
			}
			r.scores = append(r.scores, s)
		}
	}
	if n := in.Count(leastWarning); n > 0 {
		r.warnings = make([]toldWarning, 0, n)
		for range n {
			r.warnings = append(r.warnings, toldWarning{name: readWord(&in), sinceMs: in.Varint()})
		}
	}
	var schema [8]byte
	in.Fixed(schema[:])
	r.schema = binary.BigEndian.Uint64(schema[:])
	r.values = in.Rest()
	return r, finish(recordFormat, &in)
}
