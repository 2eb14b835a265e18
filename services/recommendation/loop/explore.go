package loop

import (
	"context"
	"fmt"
	"math/rand/v2"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
)

// Draw chooses one of the items by a draw from what became of each so far: see package arms.
func (s *Service) Draw(at arms.Slot, items []arms.Item, src rand.Source) int {
	return s.arms.Draw(at, items, src)
}

// Rate gives the impressions and clicks of a source in a scene, as they count now.
func (s *Service) Rate(workspace, scene, source string) (seen, clicked float64) {
	return s.arms.Rate(workspace, scene, source)
}

// follow learns from the outcomes of all partitions until ctx ends (nil), each of them once. Exploration goes by what was read so far.
func (s *Service) follow(ctx context.Context) error {
	n, err := s.deps.Broker.Partitions(ctx, topics.RecommendationOutcomes.Name)
	if err != nil {
		return ended(ctx, fmt.Errorf("follow the outcomes: %w", err))
	}
	var from []broker.Start
	for p := range n {
		from = append(from, broker.Start{At: broker.TopicPartition{Topic: topics.RecommendationOutcomes.Name, Partition: p}, Place: broker.Place{Offset: broker.First}})
	}
	log := s.deps.Broker.Follow(ctx, broker.FollowConfig{Name: "recommendation.arms", Gaps: broker.GapSkip}, from...)
	seen := map[int]*arms.Seen{}
	for {
		batch, err := log.Next(ctx)
		if err != nil {
			return ended(ctx, fmt.Errorf("follow the outcomes: %w", err))
		}
		for _, r := range batch.Records {
			o := &recommendationv1.Outcome{}
			if err := proto.Unmarshal(r.Value, o); err != nil {
				s.deps.Logger.WarnContext(ctx, "an outcome cannot be read: exploration goes on without it", "partition", r.Partition, "offset", r.Offset, "error", err)
				continue
			}
			if seen[r.Partition] == nil {
				seen[r.Partition] = &arms.Seen{}
			}
			if !seen[r.Partition].Before(o.GetOutcomeId()) {
				s.arms.Take(o)
			}
		}
		s.metrics.arms.Set(float64(s.arms.Len()))
	}
}

// ended is nil once ctx is over, whatever that made fail.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
