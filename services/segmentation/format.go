package segmentation

import (
	"encoding/binary"
	"fmt"

	"github.com/freshet/freshet/pkg/wire"
)

// The formats of the state's values.
var (
	recordFormat   = wire.Format{Name: "customer record of segmentation", Oldest: 3, Written: 3, Newest: 3}
	memberFormat   = wire.Format{Name: "member of a segment", Oldest: 1, Written: 1, Newest: 1}
	countFormat    = wire.Format{Name: "size of a segment", Oldest: 1, Written: 1, Newest: 1}
	versionsFormat = wire.Format{Name: "kept versions of rules", Oldest: 1, Written: 1, Newest: 1}
	sweepFormat    = wire.Format{Name: "sweep of segmentation", Oldest: 1, Written: 1, Newest: 1}
)

// finish says what is wrong with what was read.
func finish(f wire.Format, in *wire.Cursor) error {
	if err := in.Done(); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return nil
}

// encode writes what is kept of a member beside the key, which has the id.
func (m member) encode() []byte {
	return binary.AppendVarint(binary.AppendVarint(memberFormat.Begin(nil), m.version), m.sinceMs)
}

func decodeMember(data []byte) (member, error) {
	in, _, err := memberFormat.Open(data)
	if err != nil {
		return member{}, err
	}
	m := member{version: in.Varint(), sinceMs: in.Varint()}
	return m, finish(memberFormat, &in)
}

func encodeCount(n int64) []byte { return binary.AppendVarint(countFormat.Begin(nil), n) }

func decodeCount(data []byte) (int64, error) {
	in, _, err := countFormat.Open(data)
	if err != nil {
		return 0, err
	}
	n := in.Varint()
	return n, finish(countFormat, &in)
}
