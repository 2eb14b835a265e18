package warehouse

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/wire"
)

// block is the unit that lands once: the records of one partition at offsets [from, to).
type block struct {
	tp       broker.TopicPartition
	from, to int64
	records  []broker.Record
}

// token names the block to ClickHouse. The hash is there for a topic that is made
// anew: its offsets begin at 0 again, and ClickHouse must not take its first blocks
// for those it knows.
func (b block) token() string {
	h := xxhash.New()
	for _, r := range b.records {
		// Lengths keep ("ab", "c") apart from ("a", "bc"). Writing to xxhash cannot fail.
		_, _ = fmt.Fprintf(h, "%d:%d:%d:", r.Offset, len(r.Key), len(r.Value))
		_, _ = h.Write(r.Key)
		_, _ = h.Write(r.Value)
	}
	return fmt.Sprintf("%s/%d/%d-%d/%016x", b.tp.Topic, b.tp.Partition, b.from, b.to, h.Sum64())
}

// plan is the metadata of a committed offset: the block that begins there ends at To.
type plan struct {
	To int64 `json:"to"`
}

// planFormat is that of the metadata. A plan that is misread lands its block under another token: twice.
var planFormat = wire.Format{Name: "plan of a block", Oldest: 1, Written: 1, Newest: 1}

// encode gives the metadata for a commit; the zero plan gives "".
func (p plan) encode() string {
	if p == (plan{}) {
		return ""
	}
	return fmt.Sprintf(`{"layout":%d,"to":%d}`, planFormat.Written, p.To)
}

// decodePlan reads committed metadata. "" is no plan; anything it cannot read is an
// error, because to go on would be to land a block under another token.
func decodePlan(from int64, metadata string) (plan, error) {
	if metadata == "" {
		return plan{}, nil
	}
	var read struct {
		Layout byte `json:"layout"`
		plan
	}
	err := json.Unmarshal([]byte(metadata), &read)
	if newer := planFormat.Reads(read.Layout); errors.Is(newer, wire.ErrNewer) {
		return plan{}, fmt.Errorf("offset %d: %w", from, newer)
	}
	if err != nil || read.Layout == 0 || read.To <= from {
		return plan{}, fmt.Errorf("offset %d has metadata %q: want {\"layout\":%d,\"to\":N} with N above the offset", from, metadata, planFormat.Written)
	}
	return read.plan, nil
}
