package feature

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/services/feature/factsql"
)

// answer is what is known of one customer at a moment.
type answer struct {
	id, workspace string
	version       int64
	asOfMs        int64
	// values are by position, the tags behind the features.
	values []catalog.Value
	// record is what they were read of; nil in an answer from the facts.
	record *record
}

// live reads a customer's committed state as of now, wherever it is: see lives.
func (s *Service) live(ctx context.Context, workspace, id string) (*answer, error) {
	all, err := s.lives(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// lives reads customers' committed states as of now, by the clocks of the replicas that have them (package fleet), and follows merges, whosever partition they
// lead into. A customer of whom no event has arrived here yet did nothing. While a partition is nowhere the error is service.ComeAgain.
func (s *Service) lives(ctx context.Context, workspace string, ids ...string) ([]*answer, error) {
	out, todo := make([]*answer, len(ids)), make([]int, len(ids))
	for i := range todo {
		todo[i] = i
	}
	ids = slices.Clone(ids)
	// Identity may not know yet of a merge that the state knows of: one mapping is
	// flattened, so a second step is needed only while mappings are arriving.
	for range maxHops {
		found, err := s.records(ctx, ids, todo)
		if err != nil {
			return nil, err
		}
		var merged []int
		for k, i := range todo {
			if rec := found[k].record; rec != nil && rec.gone != nil {
				ids[i] = rec.gone.mergedInto.String()
				merged = append(merged, i)
				continue
			}
			out[i] = s.answerOf(workspace, ids[i], found[k])
		}
		if todo = merged; len(todo) == 0 {
			return out, nil
		}
	}
	return nil, fmt.Errorf("read customer %s: more than %d merges in a row", ids[todo[0]], maxHops)
}

// found is a record, nil where there is none, and the clock of who has it.
type found struct {
	record *record
	at     time.Time
}

// answerOf works out what a record says.
func (s *Service) answerOf(workspace, id string, f found) *answer {
	rec := f.record
	if rec == nil {
		rec = &record{workspace: workspace, state: s.book.engine.New()}
	}
	book := s.book.copy()
	a := &answer{id: id, workspace: rec.workspace, version: rec.version, asOfMs: rec.state.AsOf(f.at.UnixMilli()), record: rec}
	values := book.at(rec, a.asOfMs)
	if rec.version > 0 {
		book.hold(rec, values, a.asOfMs) // time may have moved a tag whose timer waits for its turn
	}
	a.values = book.withTags(rec, values)
	return a
}

// records reads the records of some of the ids.
func (s *Service) records(ctx context.Context, ids []string, which []int) ([]found, error) {
	n, err := s.processor.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	reads := make([]fleet.Read, len(which))
	for k, i := range which {
		c, err := parseID(ids[i])
		if err != nil {
			return nil, err
		}
		reads[k] = fleet.Read{Partition: broker.PartitionFor([]byte(ids[i]), n), Key: c[:]}
	}
	values, err := s.states.Get(ctx, reads...)
	if err != nil {
		return nil, err
	}
	out := make([]found, len(which))
	for k, v := range values {
		out[k].at = v.At
		if !v.Found {
			continue
		}
		if out[k].record, err = decodeRecord(s.book.engine, v.Data, nil); err != nil {
			return nil, fmt.Errorf("read customer %s: %w", ids[which[k]], err)
		}
	}
	return out, nil
}

// factsWithin is how long ClickHouse has for one read. A customer's facts take it milliseconds; who waits for it that long is told to come
// again, before the gateway gives up.
const factsWithin = 5 * time.Second

// again is how long a fault that passes is waited out before the next try.
const again = time.Second

// factsAgain is when to come again while ClickHouse is away.
const factsAgain = 2 * time.Second

// past reads a surviving customer's features from the facts. While ClickHouse is away the answer is service.ComeAgain. Since when a tag holds is not known
// of the past: it is there as of the moment.
func (s *Service) past(ctx context.Context, workspace, id string, at time.Time) (*answer, error) {
	q := factsql.Query{Database: s.cfg.Database, Workspace: workspace, Customer: id, AsOfMs: at.UnixMilli()}
	statement, err := factsql.Compile(s.book.catalog.Plan(), q)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	bounded = native.Context(bounded, native.WithParameters(statement.Parameters))
	_, readings, err := statement.Scan(s.deps.ClickHouse.QueryRow(bounded, statement.Text))
	if err != nil && ctx.Err() == nil && (bounded.Err() != nil || clickhouse.Away(err)) {
		s.deps.Logger.WarnContext(ctx, "a read with as_of got no answer of ClickHouse", "error", err)
		return nil, service.ComeAgain("ClickHouse, which answers reads with as_of, is away", factsAgain)
	}
	if errors.Is(err, sql.ErrNoRows) {
		readings, err = s.book.engine.New().Read(q.AsOfMs, nil), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read customer %s from the facts: %w", id, err)
	}
	book := s.book.copy()
	values := s.book.catalog.Values(readings, q.AsOfMs, nil)
	rec := &record{}
	book.hold(rec, values, q.AsOfMs)
	return &answer{id: id, workspace: workspace, asOfMs: q.AsOfMs, values: book.withTags(rec, values)}, nil
}
