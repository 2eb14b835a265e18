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

// plan is the block that begins at a committed offset: it ends at To.
type plan struct {
	To int64
}

// planFormat is that of the metadata. A plan that is misread lands its block under another token: twice.
var planFormat = wire.Format{Name: "plan of a block", Oldest: 1, Written: 1, Newest: 1}

// metadata is what is kept beside a committed offset. At most 110 bytes.
type metadata struct {
	Layout byte  `json:"layout"`
	To     int64 `json:"to,omitempty"`
	// At is the place that the offset is of, as broker.Place.Text.
	At string `json:"at,omitempty"`
}

// encode gives the metadata for a commit of a place.
func (p plan) encode(at broker.Place) string {
	b, _ := json.Marshal(metadata{Layout: planFormat.Written, To: p.To, At: at.Text()}) // cannot fail
	return string(b)
}

// decodePlan reads committed metadata. Without any, the offset is of whichever log there is, and nothing is planned; anything it cannot read is an
// error, because to go on would be to land a block under another token.
func decodePlan(from int64, committed string) (broker.Place, plan, error) {
	at := broker.Place{Offset: from}
	if committed == "" {
		return at, plan{}, nil
	}
	fault := fmt.Errorf("offset %d has metadata %q: want a place of that offset, and no plan or one that ends above it", from, committed)
	var m metadata
	err := json.Unmarshal([]byte(committed), &m)
	if newer := planFormat.Reads(m.Layout); errors.Is(newer, wire.ErrNewer) {
		return broker.Place{}, plan{}, fmt.Errorf("offset %d: %w", from, newer)
	}
	if err != nil || m.Layout == 0 || m.To != 0 && m.To <= from || m.To == 0 && m.At == "" {
		return broker.Place{}, plan{}, fault
	}
	if m.At != "" {
		if at, err = broker.ParsePlace(m.At); err != nil || at.Offset != from {
			return broker.Place{}, plan{}, fault
		}
	}
	return at, plan{To: m.To}, nil
}

// PlaceOf reads the place that the warehouse's group stands at from what it has committed.
func PlaceOf(committed broker.CommittedOffset) (broker.Place, error) {
	at, _, err := decodePlan(committed.Offset, committed.Metadata)
	return at, err
}
