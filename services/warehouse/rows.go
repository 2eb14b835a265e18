package warehouse

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// table is what a block adds to one table, column by column: clickhouse-go takes
// whole columns without looking at each value.
type table struct {
	db      schema.Database
	name    string // the view's; rows go to its storage
	columns []column
	rows    int
}

// column is a name and a slice with one value a row.
type column struct {
	name   string
	values any
}

// rows are what a block becomes. The same records always give the same rows.
type rows struct {
	tables []table
	bad    []badRecord
	// live holds received_ms of the events that are not history, to measure freshness; resolved events only.
	live []int64
}

// badRecord is a record that no table can hold, and why.
type badRecord struct {
	record broker.Record
	err    error
}

// builder folds the records of one topic into columns. add takes a record
// whole or, with an error, not at all.
type builder interface {
	add(rec broker.Record) error
	result() rows
}

// room makes room for n values in columns at once: tens of columns that grow are copied more than they are filled.
func room[T any](n int, columns ...*[]T) {
	for _, c := range columns {
		*c = make([]T, 0, n)
	}
}

// readTopics are the topics of the group.
var readTopics = []topics.Topic{topics.EventsRaw, topics.EventsRejected, topics.EventsResolved, topics.IdentityMappings, topics.Orders, topics.OrderPostings, topics.Scores,
	topics.Touches, topics.Recommendations, topics.RecommendationOutcomes}

// newBuilder returns the builder of a topic for about n records.
func newBuilder(topic string, n int) (builder, error) {
	switch topic {
	case topics.EventsRaw.Name:
		return newRawRows(n), nil
	case topics.EventsRejected.Name:
		return newRejectedRows(n), nil
	case topics.EventsResolved.Name:
		return newFactRows(n), nil
	case topics.IdentityMappings.Name:
		return newOverrideRows(n), nil
	case topics.Orders.Name:
		return newStateRows(n), nil
	case topics.OrderPostings.Name:
		return newPostingRows(n), nil
	case topics.Scores.Name:
		return newScoreRows(n), nil
	case topics.Recommendations.Name:
		return newListRows(n), nil
	case topics.RecommendationOutcomes.Name:
		return newOutcomeRows(n), nil
	case topics.Touches.Name:
		return newTouchRows(n), nil
	}
	return nil, fmt.Errorf("no table for topic %s", topic)
}

// convert turns a block into rows.
func convert(b block) (rows, error) {
	build, err := newBuilder(b.tp.Topic, len(b.records))
	if err != nil {
		return rows{}, err
	}
	var bad []badRecord
	for _, rec := range b.records {
		if err := build.add(rec); err != nil {
			bad = append(bad, badRecord{record: rec, err: err})
		}
	}
	r := build.result()
	r.bad = bad
	return r, nil
}

// decode parses a record's value; a record without one has been deleted by nobody we know.
func decode(rec broker.Record, m proto.Message) error {
	if len(rec.Value) == 0 {
		return errors.New("the record has no value")
	}
	if err := proto.Unmarshal(rec.Value, m); err != nil {
		return fmt.Errorf("parse %s: %w", m.ProtoReflect().Descriptor().FullName(), err)
	}
	return nil
}

// DateTime64(3) holds 1900-01-01 to 2299-12-31; clickhouse-go carries times to 2262.
const (
	minMillis = -2208988800000
	maxMillis = 9214646400000 // 2262-01-01
)

// checkTimes refuses times that a column would bend. names and millis are pairs.
func checkTimes(names []string, millis ...int64) error {
	for i, ms := range millis {
		if ms < minMillis || ms > maxMillis {
			return fmt.Errorf("%s: %d ms is not within the years 1900 and 2262", names[i], ms)
		}
	}
	return nil
}
