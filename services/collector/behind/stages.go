package behind

import (
	"context"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

// follower is a stage behind the collector: a consumer group and the topics through which events come to it. What it reads beside them
// (merges, handovers, refusals) is not what the collector can hold back.
type follower struct {
	stage, group string
	topics       []topics.Topic
}

// followers are the stages that events go through, in the order of the flow.
func followers(warehouseGroup string) []follower {
	return []follower{
		{"identity", "identity.state", []topics.Topic{topics.EventsRaw}},
		{"orders", "feature.orders", []topics.Topic{topics.OrderEvents}},
		{"feature", "feature.state", []topics.Topic{topics.EventsResolved}},
		{"segmentation", "segmentation.state", []topics.Topic{topics.Features}},
		{"recommendation.visitors", "recommendation.visitors", []topics.Topic{topics.EventsResolved}},
		{"recommendation.items", "recommendation.items", []topics.Topic{topics.ItemChanges}},
		{"recommendation.loop", "recommendation.loop", []topics.Topic{topics.Touches}},
		{"warehouse", warehouseGroup, []topics.Topic{topics.EventsRaw, topics.EventsResolved}},
	}
}

// stand is how many records a stage has before it, and how many it has done since its topics began; unknown when it could not be asked.
type stand struct {
	waiting, done int64
	unknown       bool
}

// stands asks where every stage stands, each by itself: one that cannot be asked hides no other. The work is a matter of partitions, not of
// events: for each stage one request for its group, and one for the ends of each topic.
func stands(ctx context.Context, client *broker.Client, of []follower) []stand {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	out := make([]stand, len(of))
	var all sync.WaitGroup
	for i, f := range of {
		all.Go(func() {
			var err error
			if out[i], err = f.stand(ctx, client); err != nil {
				out[i] = stand{unknown: true}
			}
		})
	}
	all.Wait()
	return out
}

// stand asks first where the group is, then where the topics end: the other way round it could be behind the end.
func (f follower) stand(ctx context.Context, client *broker.Client) (s stand, err error) {
	var tps []broker.TopicPartition
	for _, t := range f.topics {
		n, err := client.Partitions(ctx, t.Name)
		if err != nil {
			return s, err
		}
		for p := range n {
			tps = append(tps, broker.TopicPartition{Topic: t.Name, Partition: p})
		}
	}
	committed, err := client.Committed(ctx, f.group, tps...)
	if err != nil {
		return s, err
	}
	for _, t := range f.topics {
		spans, err := client.Spans(ctx, t.Name)
		if err != nil {
			return s, err
		}
		for p, span := range spans {
			if at := committed[broker.TopicPartition{Topic: t.Name, Partition: p}].Offset; at >= 0 { // -1: it was never there
				s.waiting += max(0, span.Next-at)
				s.done += at
			}
		}
	}
	return s, nil
}

// speed is how fast a stage lately was, and what it needed when it was last seen. It is of the one goroutine that looks.
type speed struct {
	at    time.Time
	done  int64
	rate  float64 // records a second
	needs time.Duration
}

// see estimates how long a stage needs for what waits. One that cannot be asked is taken to stand where it last did: silence is not progress.
func (p *speed) see(now time.Time, s stand) {
	if s.unknown {
		return
	}
	if took := now.Sub(p.at).Seconds(); !p.at.IsZero() && took > 0 {
		p.rate = (p.rate + max(0, float64(s.done-p.done)/took)) / 2
	}
	p.at, p.done = now, s.done
	p.needs = time.Duration(float64(s.waiting) / max(p.rate, leastRate) * float64(time.Second))
}
