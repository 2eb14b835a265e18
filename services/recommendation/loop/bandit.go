package loop

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// armKey is an item, or a source, of a scene; with neither, the scene.
type armKey struct{ workspace, scene, item, source string }

// count is a sum that decays: what it was at a moment.
type count struct {
	value float64
	atMs  int64
}

// at is the count as of a moment.
func (c count) at(ms int64, half float64) float64 {
	if c.value == 0 {
		return 0
	}
	return c.value * math.Exp2(-float64(ms-c.atMs)/half)
}

// add counts one at a moment, in whatever order moments come.
func (c *count) add(ms int64, half float64) {
	to := max(c.atMs, ms)
	c.value, c.atMs = c.at(to, half)+math.Exp2(-float64(to-ms)/half), to
}

// arm is what is known of one.
type arm struct{ seen, clicked count }

// arms are the decayed counts of all scenes. Many goroutines may use them. They are for exploration: a copy of an outcome, of which there are a few after a crash, counts twice.
type arms struct {
	half, prior float64
	most        int

	mu  sync.RWMutex
	all map[armKey]*arm
}

func newArms(cfg Config) *arms {
	return &arms{half: float64(cfg.HalfLife.Milliseconds()), prior: cfg.Prior, most: cfg.Arms, all: map[armKey]*arm{}}
}

// take counts an outcome.
func (a *arms) take(o *recommendationv1.Outcome) {
	if o.GetKind() != kindImpression && o.GetKind() != kindClick {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	k := armKey{workspace: o.GetWorkspace(), scene: o.GetScene()}
	keys := []armKey{k}
	if o.GetItemId() != "" {
		keys = append(keys, armKey{workspace: k.workspace, scene: k.scene, item: o.GetItemId()})
	}
	if o.GetSource() != "" {
		keys = append(keys, armKey{workspace: k.workspace, scene: k.scene, source: o.GetSource()})
	}
	for _, key := range keys {
		x := a.all[key]
		if x == nil {
			x = &arm{}
			a.all[key] = x
		}
		if o.GetKind() == kindClick {
			x.clicked.add(o.GetAtMs(), a.half)
		} else {
			x.seen.add(o.GetAtMs(), a.half)
		}
	}
	if len(a.all) > a.most {
		a.forget(o.GetAtMs())
	}
}

// forget leaves out the tenth of the items that were seen least of late.
func (a *arms) forget(ms int64) {
	type weak struct {
		key armKey
		n   float64
	}
	list := make([]weak, 0, len(a.all))
	for k, x := range a.all {
		if k.item != "" {
			list = append(list, weak{k, x.seen.at(ms, a.half)})
		}
	}
	slices.SortFunc(list, func(x, y weak) int { return cmp.Compare(x.n, y.n) })
	for _, w := range list[:(len(list)+9)/10] {
		delete(a.all, w.key)
	}
}

// usual is the click rate that a scene of which nothing is known is thought to have.
const usual = 0.05

// posterior gives the parameters of the Beta distribution of an item's click rate: the scene's mean counts for prior impressions.
func (a *arms) posterior(workspace, scene, item string, ms int64) (alpha, beta float64) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	mean := usual
	if x := a.all[armKey{workspace: workspace, scene: scene}]; x != nil {
		seen, clicked := x.seen.at(ms, a.half), x.clicked.at(ms, a.half)
		mean = (usual*a.prior + clicked) / (a.prior + max(seen, clicked))
	}
	seen, clicked := 0.0, 0.0
	if x := a.all[armKey{workspace: workspace, scene: scene, item: item}]; x != nil && item != "" {
		clicked = x.clicked.at(ms, a.half)
		seen = max(x.seen.at(ms, a.half), clicked)
	}
	const least = 1e-3 // the sampler needs numbers above 0
	return max(least, a.prior*mean+clicked), max(least, a.prior*(1-mean)+seen-clicked)
}

// Draw draws an item's click rate in a scene from what is believed of it (Thompson sampling): who shows the item with the highest draw shows each as often as it may be the
// best. The same source of chance and the same counts give the same draw.
func (s *Service) Draw(workspace, scene, item string, src rand.Source) float64 {
	alpha, beta := s.arms.posterior(workspace, scene, item, s.now().UnixMilli())
	return distuv.Beta{Alpha: alpha, Beta: beta, Src: src}.Rand()
}

// Rate gives the impressions and clicks of a source in a scene, as they count now.
func (s *Service) Rate(workspace, scene, source string) (seen, clicked float64) {
	s.arms.mu.RLock()
	defer s.arms.mu.RUnlock()
	x := s.arms.all[armKey{workspace: workspace, scene: scene, source: source}]
	if x == nil || source == "" {
		return 0, 0
	}
	ms := s.now().UnixMilli()
	return x.seen.at(ms, s.arms.half), x.clicked.at(ms, s.arms.half)
}

// follow learns from the outcomes of all partitions until ctx ends (nil). Exploration goes by what was read so far.
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
			s.arms.take(o)
		}
		s.metrics.arms.Set(float64(s.arms.len()))
	}
}

func (a *arms) len() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return len(a.all)
}

// ended is nil once ctx is over, whatever that made fail.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
