package identity

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/identity/graph"
)

// mergesName is the consumer group and the folder of the merge emitter.
const mergesName = "identity.merges"

// emitter folds the log into its own copy of the state and publishes what was merged.
type emitter struct {
	graph   graph.Graph
	metrics *metrics
	done    emitted
}

// emitted counts one batch.
type emitted struct {
	customers, links, merges int
}

// Process applies one log record.
func (e *emitter) Process(tx *stream.Tx, rec broker.Record) error {
	op, err := decodeOperation(rec)
	if err != nil {
		return stream.Permanent(err)
	}
	res, err := e.graph.Apply(tx, op, rec.Offset)
	if err != nil {
		return err
	}
	for _, m := range res.Merges {
		value, err := proto.Marshal(&identityv1.Mapping{
			Workspace: op.GetWorkspace(), FromCustomerId: m.From.String(), ToCustomerId: m.To.String(),
			Epoch: m.Epoch, EventId: op.GetEventId(), MergedMs: op.GetReceivedMs(),
		})
		if err != nil {
			return fmt.Errorf("encode the mapping of %s: %w", m.From, err)
		}
		tx.Emit(broker.Message{Topic: topics.IdentityMappings.Name, Key: []byte(m.From.String()), Value: value})
	}
	if res.Created {
		e.done.customers++
	}
	e.done.links += res.Linked
	e.done.merges += len(res.Merges)
	return nil
}

// Timer is never called: the emitter sets none.
func (e *emitter) Timer(*stream.Tx, []byte, time.Time) error { return nil }

// Flush counts the batch, just before it is committed.
func (e *emitter) Flush(*stream.Tx) error {
	e.metrics.customers.Add(float64(e.done.customers))
	e.metrics.links.Add(float64(e.done.links))
	e.metrics.merges.Add(float64(e.done.merges))
	e.done = emitted{}
	return nil
}
