package assembly

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/freshet/freshet/pkg/retry"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/board"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/content"
	"github.com/freshet/freshet/services/recommendation/need"
	"github.com/freshet/freshet/services/recommendation/need/season"
	"github.com/freshet/freshet/services/recommendation/past"
	"github.com/freshet/freshet/services/recommendation/rank"
	"github.com/freshet/freshet/services/recommendation/repurchase"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/training"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// read is what the visitors task reads of items out of events.
func (s *Service) read() visitor.Items {
	return visitor.Items{
		Changes: catalogue.Changes, Seen: catalogue.Seen,
		MayFeed: func(e *eventv1.ResolvedEvent) bool { return s.items.Sources().Speak(e) },
		Knows:   func(c *recommendationv1.ItemChange) bool { return s.items.Shelf(c.GetWorkspace()).Knows(c) },
	}
}

// parseFilter is catalogue.ParseFilter as scenes take it.
func parseFilter(text string) (scene.Filter, error) {
	f, err := catalogue.ParseFilter(text)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// decoders read the files of a bundle that training adds.
func decoders(cfg Config) map[string]board.Decoder {
	return map[string]board.Decoder{
		training.RankerFile: func(data []byte, _ *catalogue.Shelf) (any, error) { return rank.Decode(data) },
		training.CyclesFile: func(data []byte, shelf *catalogue.Shelf) (any, error) {
			return repurchase.Decode(data, shelf, cfg.Repurchase)
		},
		training.SeasonsFile: func(data []byte, shelf *catalogue.Shelf) (any, error) { return season.Decode(data, shelf) },
	}
}

// kept are the purchases that customers did not give back.
func kept(items []string, bought []training.Purchase) []past.Deed[past.Line] {
	deeds := make([]past.Deed[past.Line], len(bought))
	for i, b := range bought {
		deeds[i] = past.Deed[past.Line]{Key: past.Line{Customer: visitorName(b.Customer), Item: items[b.Item]}, AtMs: b.AtMs, Quantity: b.Quantity, Order: b.Order, Return: b.Return}
	}
	return past.Kept(deeds)
}

// extra makes the files of what customers bought.
func (s *Service) extra(workspace string, items []string, bought []training.Purchase) (map[string][]byte, error) {
	deeds := kept(items, bought)
	shelf := s.items.Shelf(workspace)
	cycles, err := repurchase.Learn(deeds, func(item string) string {
		if n, ok := shelf.Number(item); ok {
			return repurchase.Category(shelf.Item(n))
		}
		return ""
	}, repurchase.DefaultOptions()).Encode()
	if err != nil {
		return nil, err
	}
	seasons, err := season.Learn(deeds, season.DefaultOptions()).Encode()
	if err != nil {
		return nil, err
	}
	return map[string][]byte{training.CyclesFile: cycles, training.SeasonsFile: seasons}, nil
}

// item is what the catalogue says of an item now; nil: nothing.
func (s *Service) item(workspace, id string) *catalogue.Item {
	shelf := s.items.Shelf(workspace)
	if n, ok := shelf.Number(id); ok {
		return shelf.Item(n)
	}
	return nil
}

// visitorName is a text for a training's number of a customer.
func visitorName(n int32) string {
	return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

// cycles are those of the board that serves; nil where it has none.
func (s *Service) cycles(workspace string) *repurchase.Cycles {
	c, _ := s.boards.Of(workspace).Part(training.CyclesFile).(*repurchase.Cycles)
	return c
}

func (s *Service) hideUntil(workspace string, item int32, boughtMs int64) int64 {
	if c := s.cycles(workspace); c != nil {
		return c.HideUntil(item, boughtMs)
	}
	return 0
}

func (s *Service) cycle(workspace string, item int32) int64 {
	if c := s.cycles(workspace); c != nil {
		return int64(c.Of(item).Days * float64(24*time.Hour/time.Millisecond))
	}
	return 0
}

func (s *Service) rules(workspace string) ([]associate.Rule, int) {
	return s.boards.Of(workspace).Rules()
}

// shares are the variants of a scene.
func (s *Service) shares(name string) (names []string, shares []float64) {
	if x := s.Scenes().Get(name); x != nil {
		for _, v := range x.Variants {
			names, shares = append(names, v.Name), append(shares, v.Share)
		}
	}
	return names, shares
}

// together asks the board that serves what is bought with what.
type together struct {
	boards    *board.Boards
	shelf     func(string) *catalogue.Shelf
	workspace string
}

// Similar implements need.Together.
func (t together) Similar(dst []candidate.Candidate, item int32, k int, atMs int64, skip func(int32) bool) []candidate.Candidate {
	x := t.boards.Of(t.workspace).Source(candidate.Together.String())
	if x == nil {
		return dst
	}
	return x.Candidates(dst, &ask.Ask{Workspace: t.workspace, NowMs: atMs, Shelf: t.shelf(t.workspace), Context: []int32{item}, Skip: skip}, k)
}

// sources are those that no board has: needs, what is used up, what is described alike.
func (s *Service) sources(cfg Config) (func(workspace, name string) ask.Source, error) {
	needs, err := need.Sources(cfg.Needs, need.Deps{
		Shelves:  s.shelves,
		Together: func(workspace string) need.Together { return together{s.boards, s.items.Shelf, workspace} },
		Almanac: func(workspace string) *season.Almanac {
			a, _ := s.boards.Of(workspace).Part(training.SeasonsFile).(*season.Almanac)
			return a
		},
	})
	if err != nil {
		return nil, err
	}
	named := map[string]ask.Source{}
	for kind, x := range needs {
		named[kind.String()] = x
	}
	return func(workspace, name string) ask.Source {
		switch name {
		case candidate.Due.String():
			if c := s.cycles(workspace); c != nil {
				return c
			}
			return nil
		case candidate.Content.String():
			return s.contents.of(workspace)
		}
		return named[name]
	}, nil
}

// contents has an index of what items are described as, for each workspace that has items.
type contents struct {
	items *catalogue.Service
	mu    sync.Mutex
	by    map[string]*content.Index
}

func newContents(items *catalogue.Service) *contents {
	return &contents{items: items, by: map[string]*content.Index{}}
}

// of is a workspace's index; nil where it has no items yet.
func (c *contents) of(workspace string) ask.Source {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x := c.by[workspace]; x != nil {
		return x.Source()
	}
	return nil
}

// run makes an index of each workspace once it has items, and keeps them all.
func (c *contents) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for {
		for _, workspace := range c.items.Workspaces() {
			if c.has(workspace) {
				continue
			}
			if shelf := c.items.Shelf(workspace); shelf.Len() > 0 {
				x := content.New(shelf, content.Options{})
				g.Go(func() error { return x.Run(ctx) })
				c.mu.Lock()
				c.by[workspace] = x
				c.mu.Unlock()
			}
		}
		if retry.Sleep(ctx, time.Second) != nil {
			return g.Wait()
		}
	}
}

func (c *contents) has(workspace string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by[workspace] != nil
}
