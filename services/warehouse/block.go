package warehouse

import (
	"encoding/json"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/broker"
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

// encode gives the metadata for a commit; the zero plan gives "".
func (p plan) encode() string {
	if p == (plan{}) {
		return ""
	}
	return fmt.Sprintf(`{"to":%d}`, p.To)
}

// decodePlan reads committed metadata. "" is no plan; anything it cannot read is an
// error, because to go on would be to land a block under another token.
func decodePlan(from int64, metadata string) (plan, error) {
	if metadata == "" {
		return plan{}, nil
	}
	var p plan
	if err := json.Unmarshal([]byte(metadata), &p); err != nil || p.To <= from {
		return plan{}, fmt.Errorf("offset %d has metadata %q: want {\"to\":N} with N above the offset", from, metadata)
	}
	return p, nil
}
