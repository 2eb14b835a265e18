package stream

import (
	"encoding/binary"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/changelog"
	"github.com/freshet/freshet/pkg/wire"
)

// meta is the store's bookkeeping.
type meta struct {
	// resume is the commit that reading goes on from; its offset is -1 when that is the log's beginning. Its fence says which log it is, then too.
	resume changelog.Commit
	// reach is the last record that is in the store. It is above resume where what was read or written after resume was not whole, or was to be
	// buried first. Both have to stand in the log, or the store is of another one.
	reach place
	// inputs are where reach stands in the inputs. They are asked about when the log turns out to have lost reach: then the log does not know
	// what was read of them.
	inputs map[string]broker.Place
	// savedMs is when, Unix milliseconds.
	savedMs int64
}

// place is a record that was seen to stand in the log.
type place struct {
	offset int64
	key    string
	mark   changelog.Mark
}

var metaFormat = wire.Format{Name: "bookkeeping of a local state", Oldest: 1, Written: 1, Newest: 1}

func (m meta) encode() []byte {
	b := binary.AppendVarint(metaFormat.Begin(nil), m.savedMs)
	b = wire.AppendBytes(b, m.resume.Fence.Encode())
	for _, p := range []place{placeOf(m.resume), m.reach} {
		b = wire.AppendText(binary.AppendVarint(b, p.offset), p.key)
		b = wire.AppendBytes(b, p.mark.Append(nil))
	}
	return appendInputs(b, m.inputs)
}

// placeOf is where a commit's closing record stands.
func placeOf(c changelog.Commit) place { return place{c.Offset, string(commitKey), c.Mark} }

func decodeMeta(b []byte) (m meta, err error) {
	in, _, err := metaFormat.Open(b)
	if err != nil {
		return meta{}, err
	}
	m.savedMs = in.Varint()
	fence, resume := in.Bytes(), readPlace(&in)
	m.reach = readPlace(&in)
	m.inputs = readInputs(&in)
	if err := in.Done(); err != nil {
		return meta{}, err
	}
	m.resume.Offset, m.resume.Mark = resume.offset, resume.mark
	if max(resume.offset, m.reach.offset) >= 0 {
		m.resume.Fence, err = changelog.DecodeFence(fence)
	}
	return m, err
}

func readPlace(in *wire.Cursor) place {
	p := place{offset: in.Varint(), key: in.Text()}
	var err error
	if mark := in.Bytes(); p.offset >= 0 {
		if p.mark, err = changelog.ReadMark(mark); err != nil {
			in.Fail()
		}
	}
	return p
}
