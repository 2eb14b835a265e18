package churn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/service"
)

// maxHops bounds how many merges are followed from a tombstone.
const maxHops = 16

// again is when to come again while a catalogue is on its way.
const again = time.Second

// read is a customer's committed record, nil where there is none, and the clock of who has it.
type read struct {
	id     string
	record *record
	at     time.Time
}

// reads reads customers' records, whichever replica has them, and follows merges. While a partition is nowhere the error is service.ComeAgain.
func (s *Service) reads(ctx context.Context, ids ...string) ([]read, error) {
	n, err := s.processor.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	out, todo := make([]read, len(ids)), make([]int, len(ids))
	for i := range todo {
		todo[i] = i
	}
	ids = slices.Clone(ids)
	for range maxHops {
		asked := make([]fleet.Read, len(todo))
		for k, i := range todo {
			asked[k] = fleet.Read{Partition: broker.PartitionFor([]byte(ids[i]), n), Key: customerKey(ids[i])}
		}
		found, err := s.states.Get(ctx, asked...)
		if err != nil {
			return nil, err
		}
		var merged []int
		for k, i := range todo {
			out[i] = read{id: ids[i], at: found[k].At}
			if !found[k].Found {
				continue
			}
			r, err := decodeRecord(found[k].Data)
			if err != nil {
				return nil, fmt.Errorf("read customer %s: %w", ids[i], err)
			}
			if out[i].record = r; r.mergedInto != "" {
				ids[i] = r.mergedInto
				merged = append(merged, i)
			}
		}
		if todo = merged; len(todo) == 0 {
			return out, nil
		}
	}
	return nil, fmt.Errorf("read customer %s: more than %d merges in a row", ids[todo[0]], maxHops)
}

// with has a judge work out what is said of a customer as of now, and hands it to fn, which must not keep it.
func (s *Service) with(r read, fn func(j *judge, v *verdict)) error {
	j, _ := s.judges.Get().(*judge)
	defer s.judges.Put(j)
	v, err := j.look(r.record, r.at.UnixMilli())
	if errors.Is(err, featuretopic.ErrUnknown) {
		return service.ComeAgain("the customer's features are of a catalogue that this replica has not read yet", again)
	}
	if err != nil {
		return fmt.Errorf("score customer %s: %w", r.id, err)
	}
	fn(j, v)
	return nil
}
