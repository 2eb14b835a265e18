package reconcile

import (
	"context"
	"fmt"
	"strings"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/warehouse"
)

// lostRecords are offsets of events.raw.v1 that have no records any more, and how many of those are in ods.events.
type lostRecords struct {
	broker.Span
	stored int64
}

// readPartition compares what Kafka has of one partition with ods.events. It compares records of one life: a row of a log that is gone does not
// stand for the record that has its offset now.
func readPartition(ctx context.Context, b *broker.Client, q query, p int, span broker.Span) (Partition, error) {
	tp := broker.TopicPartition{Topic: topics.EventsRaw.Name, Partition: p}
	part := Partition{Partition: p, InKafka: span.Next - span.First}
	lost, err := b.LostIn(ctx, tp)
	if err != nil {
		return part, err
	}
	there := []string{fmt.Sprintf("raw_partition = %d AND raw_offset >= %d AND raw_offset < %d", p, span.First, span.Next)}
	for _, l := range lost {
		within := fmt.Sprintf("raw_offset >= %d AND raw_offset < %d", l.First, l.Next)
		one := lostRecords{Span: l}
		if err := q.one(ctx, fmt.Sprintf("SELECT toInt64(uniqExact(raw_offset)) FROM {ods}.events WHERE raw_partition = %d AND %s", p, within), &one.stored); err != nil {
			return part, err
		}
		part.lost = append(part.lost, one)
		part.Lost += l.Next - l.First
		there = append(there, "NOT ("+within+")")
	}
	part.InKafka -= part.Lost
	life, err := lifeOf(ctx, b, tp)
	if err != nil {
		return part, err
	}
	// In the present life the log goes on from some offset; what is before it is as it was.
	return part, q.one(ctx, fmt.Sprintf(`
		SELECT toInt64(uniqExactIf(raw_offset, raw_life = %[1]d OR raw_offset < since)), toInt64(count() - uniqExact(raw_offset))
		FROM {ods}.events,
		(
		    SELECT if(count() = 0, 0, min(raw_offset)) AS since FROM {ods}.events WHERE raw_partition = %[2]d AND raw_life = %[1]d
		) AS present
		WHERE %[3]s`, life, p, strings.Join(there, " AND ")), &part.Stored, &part.Replaced)
}

// lifeOf is the life of a partition as the warehouse reads it.
func lifeOf(ctx context.Context, b *broker.Client, tp broker.TopicPartition) (uint32, error) {
	committed, err := b.Committed(ctx, "warehouse.facts", tp)
	if err != nil {
		return 0, err
	}
	if committed[tp].Offset < 0 {
		return 0, nil
	}
	at, err := warehouse.PlaceOf(committed[tp])
	return at.Life, err
}
