package catalogue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// shelves are those of all workspaces.
type shelves struct {
	most int
	mu   sync.RWMutex
	of   map[string]*Shelf
}

// shelf gives a workspace's; an empty one where nobody has named it.
func (s *shelves) shelf(workspace string) *Shelf {
	s.mu.RLock()
	found := s.of[workspace]
	s.mu.RUnlock()
	if found != nil {
		return found
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[workspace] == nil {
		s.of[workspace] = NewShelf(workspace, s.most)
	}
	return s.of[workspace]
}

func (s *shelves) sum(of func(*Shelf) int) (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, x := range s.of {
		n += of(x)
	}
	return n
}

// follow reads items.v1 into the shelves until ctx ends (nil). It is a copy of all that the topic holds: where the topic was cut or made anew it is read from its beginning.
func (s *Service) follow(ctx context.Context) error {
	n, err := s.deps.Broker.Partitions(ctx, topics.Items.Name)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("ask for the partitions of %s: %w", topics.Items.Name, err)
	}
	var from []broker.Start
	behind := map[int]bool{}
	for p := range n {
		from = append(from, broker.Start{At: broker.TopicPartition{Topic: topics.Items.Name, Partition: p}, Place: broker.Place{Offset: broker.First}})
		behind[p] = true
	}
	log := s.deps.Broker.Follow(ctx, broker.FollowConfig{Name: "recommendation.items", Gaps: broker.GapRestart}, from...)
	anew := map[int]bool{} // partitions that are read anew: their versions may have begun anew too
	for {
		batch, err := log.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("follow %s: %w", topics.Items.Name, err)
		}
		p := batch.At.Partition
		anew[p] = anew[p] || batch.Break != nil
		for _, r := range batch.Records {
			s.put(r, anew[p])
		}
		if batch.Break == nil && batch.Next >= batch.End {
			if delete(behind, p); len(behind) == 0 {
				s.caughtUp.Store(true)
			}
		}
	}
}

// put takes an item as told. A lower version than the one known is a copy that came again, unless it is read anew.
func (s *Service) put(r broker.Record, anew bool) {
	i := &recommendationv1.Item{}
	if err := proto.Unmarshal(r.Value, i); err != nil || i.GetItemId() == "" {
		s.metrics.unread.Inc()
		return
	}
	shelf := s.Shelf(i.GetWorkspace())
	if known := shelf.Get(i.GetItemId()); !anew && known.GetVersion() > i.GetVersion() {
		return
	}
	shelf.Put(&Item{ID: i.GetItemId(), Proto: i})
}

func (s *shelves) names() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.of))
}
