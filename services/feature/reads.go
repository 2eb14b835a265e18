package feature

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/service"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/spec"
	"github.com/freshet/freshet/services/feature/tiles"
)

// live reads a customer's committed state as of now. A customer of whom no event
// has arrived here yet did nothing. stream.ErrNotOwner: another process has the
// customer's partition.
func (s *Service) live(ctx context.Context, workspace, id string) (*featurev1.FeatureSet, error) {
	now := s.deps.Now()
	n, err := s.processor.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	// Identity may not know yet of a merge that the state knows of: one mapping is
	// flattened, so a second step is needed only while mappings are arriving.
	for range maxHops {
		rec, err := s.record(id, n)
		if err != nil {
			return nil, err
		}
		if rec == nil {
			rec = &record{workspace: workspace}
		}
		if rec.gone == nil {
			c, err := parseID(id)
			return rec.features(c, now.UnixMilli()), err
		}
		id = rec.gone.mergedInto.String()
	}
	return nil, fmt.Errorf("read customer %s: more than %d merges in a row", id, maxHops)
}

// record reads one record from the partition it is in; nil when there is none.
func (s *Service) record(id string, partitions int) (*record, error) {
	c, err := parseID(id)
	if err != nil {
		return nil, err
	}
	view, err := s.processor.View(broker.PartitionFor([]byte(id), partitions))
	if err != nil {
		return nil, err
	}
	value, ok, err := view.Get(c[:])
	if err != nil {
		return nil, fmt.Errorf("read customer %s: %w", id, err)
	}
	if !ok {
		return nil, nil
	}
	return decodeRecord(value)
}

// factsWithin is how long ClickHouse has for one read. A customer's facts take it milliseconds; who waits for it that long is told to come
// again, before the gateway gives up.
const factsWithin = 5 * time.Second

// factsAgain is when to come again while ClickHouse is away.
const factsAgain = 2 * time.Second

// past reads a surviving customer's features from the facts. While ClickHouse is away the answer is service.ComeAgain.
func (s *Service) past(ctx context.Context, workspace, id string, at time.Time) (*featurev1.FeatureSet, error) {
	q := spec.Query{Database: s.cfg.Database, Workspace: workspace, Customer: id, AsOfMs: at.UnixMilli()}
	statement, err := spec.SQL(q)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, factsWithin)
	defer cancel()
	bounded = native.Context(bounded, native.WithParameters(statement.Parameters))
	fs, err := spec.Scan(s.deps.ClickHouse.QueryRow(bounded, statement.Text), q)
	if err != nil && ctx.Err() == nil && (bounded.Err() != nil || clickhouse.Away(err)) {
		s.deps.Logger.WarnContext(ctx, "a read with as_of got no answer of ClickHouse", "error", err)
		return nil, service.ComeAgain("ClickHouse, which answers reads with as_of, is away", factsAgain)
	}
	if errors.Is(err, sql.ErrNoRows) {
		var nothing tiles.State
		fs = nothing.Features(q.AsOfMs)
		fs.CustomerId, fs.Workspace = id, workspace
		return fs, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read customer %s from the facts: %w", id, err)
	}
	return fs, nil
}
