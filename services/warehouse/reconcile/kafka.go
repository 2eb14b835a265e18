package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

// Group is a consumer group and what it reads.
type Group struct {
	Name   string
	Topics []topics.Topic
	// Optional names the service of the group, where a stack may do without: while no group of it ever committed, none of them is behind.
	Optional string
}

// DefaultGroups are the groups between an event and the facts, features and recommendations made of it, in the order of the flow: a group is asked only
// when those that write what it reads are known to have ended.
func DefaultGroups() []Group {
	const lists = "recommendation"
	return []Group{
		{Name: "identity.state", Topics: []topics.Topic{topics.EventsRaw}},
		{Name: "identity.merges", Topics: []topics.Topic{topics.IdentityLog}},
		{Name: "feature.orders", Topics: []topics.Topic{topics.OrderEvents}},
		{Name: "feature.state", Topics: []topics.Topic{topics.EventsResolved, topics.OrderPostings, topics.IdentityMappings, topics.FeatureHandover}},
		{Name: "recommendation.visitors", Topics: []topics.Topic{topics.EventsResolved, topics.IdentityMappings, topics.SegmentTransitions,
			topics.RecommendationFeedback, topics.VisitorHandover}, Optional: lists},
		{Name: "recommendation.items", Topics: []topics.Topic{topics.ItemChanges}, Optional: lists},
		{Name: "recommendation.loop", Topics: []topics.Topic{topics.Touches, topics.Recommendations, topics.RecommendationFeedback,
			topics.IdentityMappings, topics.LoopHandover}, Optional: lists},
		{Name: "warehouse.facts", Topics: []topics.Topic{topics.EventsRaw, topics.EventsRejected, topics.EventsResolved, topics.IdentityMappings,
			topics.Orders, topics.OrderPostings, topics.Scores, topics.Touches, topics.Recommendations, topics.RecommendationOutcomes}},
	}
}

// Lag is how far a group is behind in a topic.
type Lag struct {
	Group, Topic string
	Records      int64
}

// ReadLag measures the groups: end of each partition less committed offset. Those of an optional service that is not part of the stack are left out.
func ReadLag(ctx context.Context, b *broker.Client, groups []Group) ([]Lag, error) {
	var lags []Lag
	service, runs := map[string]string{}, map[string]bool{"": true}
	for _, g := range groups {
		service[g.Name] = g.Optional
		for _, t := range g.Topics {
			spans, err := b.Spans(ctx, t.Name)
			if err != nil {
				return nil, err
			}
			var tps []broker.TopicPartition
			for p := range spans {
				tps = append(tps, broker.TopicPartition{Topic: t.Name, Partition: p})
			}
			at, err := b.Committed(ctx, g.Name, tps...)
			if err != nil {
				return nil, err
			}
			lag := Lag{Group: g.Name, Topic: t.Name}
			for _, tp := range tps {
				runs[g.Optional] = runs[g.Optional] || at[tp].Offset >= 0
				lag.Records += spans[tp.Partition].Next - max(at[tp].Offset, spans[tp.Partition].First)
			}
			lags = append(lags, lag)
		}
	}
	return slices.DeleteFunc(lags, func(l Lag) bool { return !runs[service[l.Group]] }), nil
}

// Settle waits until no group is behind, or ctx ends: then the error says who is.
func Settle(ctx context.Context, b *broker.Client, groups []Group) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var behind []Lag // as far as is known
	for {
		lags, err := ReadLag(ctx, b, groups)
		if err == nil {
			behind = slices.DeleteFunc(lags, func(l Lag) bool { return l.Records == 0 })
			if len(behind) == 0 {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the consumer groups: %w; behind: %+v", errors.Join(context.Cause(ctx), err), behind)
		case <-tick.C:
		}
	}
}

func (r *Report) readLag(ctx context.Context, o Options) (err error) {
	r.Lag, err = ReadLag(ctx, o.Broker, o.Groups)
	for _, g := range o.Groups {
		if err == nil && !slices.ContainsFunc(r.Lag, func(l Lag) bool { return l.Group == g.Name }) {
			r.Absent = append(r.Absent, g.Name)
		}
	}
	for _, l := range r.Lag {
		if l.Records != 0 {
			r.unequal("group %s is %d records behind in %s", l.Group, l.Records, l.Topic)
		}
	}
	return err
}

// Partition is what one partition of events.raw.v1 holds, and where that went.
type Partition struct {
	Partition int
	// InKafka counts the records that Kafka still has.
	InKafka int64
	// Lost counts those of its offsets whose records the broker lost, and says so.
	Lost int64
	// Replaced counts events in ods.events that stood at offsets which hold other events now: the log was cut, or made anew.
	Replaced int64
	// Stored counts those of them that are in ods.events.
	Stored int64
	lost   []lostRecords
	// DeadLettered counts those that the warehouse could not store.
	DeadLettered int64
}

func (r *Report) readPartitions(ctx context.Context, o Options, q query) error {
	spans, err := o.Broker.Spans(ctx, topics.EventsRaw.Name)
	if err != nil {
		return err
	}
	dead, err := deadLetters(ctx, o.Broker, topics.EventsRaw)
	if err != nil {
		return err
	}
	for p := range len(spans) {
		part, err := readPartition(ctx, o.Broker, q, p, spans[p])
		if err != nil {
			return err
		}
		for place := range dead {
			if place.partition == p && place.offset >= spans[p].First {
				part.DeadLettered++
			}
		}
		if part.InKafka != part.Stored+part.DeadLettered {
			r.unequal("%s/%d holds %d records, of which %d are in ods.events and %d in the dead-letter topic",
				topics.EventsRaw.Name, p, part.InKafka, part.Stored, part.DeadLettered)
		}
		if part.Replaced != 0 {
			r.unequal("%s/%d was cut or made anew: %d events in ods.events stood at offsets that hold other events now", topics.EventsRaw.Name, p, part.Replaced)
		}
		for _, l := range part.lost {
			r.unequal("%s/%d: the broker lost %d records, offsets %d to %d, of which %d are in ods.events",
				topics.EventsRaw.Name, p, l.Next-l.First, l.First, l.Next-1, l.stored)
		}
		r.Partitions = append(r.Partitions, part)
	}
	return nil
}

// place is where a record stood.
type place struct {
	partition int
	offset    int64
}

// deadLetters reads the places of a topic's records that the warehouse
// dead-lettered; copies count once.
func deadLetters(ctx context.Context, b *broker.Client, t topics.Topic) (map[place]bool, error) {
	tp := broker.TopicPartition{Topic: topics.DeadLetter(t).Name}
	spans, err := b.Spans(ctx, tp.Topic)
	if err != nil {
		return nil, err
	}
	out := map[place]bool{}
	for at := spans[0].First; at < spans[0].Next; {
		batch, err := b.Fetch(ctx, tp, at, broker.FetchOptions{PassLost: true})
		if err != nil {
			return nil, err
		}
		for _, rec := range batch.Records {
			partition, err1 := strconv.Atoi(string(rec.Header("source-partition")))
			offset, err2 := strconv.ParseInt(string(rec.Header("source-offset")), 10, 64)
			if err1 == nil && err2 == nil && string(rec.Header("consumer-group")) == "warehouse.facts" {
				out[place{partition, offset}] = true
			}
		}
		at = batch.Next
	}
	return out, nil
}
