package need

import (
	"math"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/need/index"
	"github.com/freshet/freshet/services/recommendation/need/season"
)

const dayMs = 24 * 3600 * 1000

// Together says what goes with an item: neighbours.Index does. zero atMs is now.
type Together interface {
	Similar(dst []candidate.Candidate, item int32, k int, atMs int64, skip func(item int32) bool) []candidate.Candidate
}

// Deps is what needs look things up in. A need without what it needs says nothing.
type Deps struct {
	// Shelves finds items by brand and category.
	Shelves *index.Shelves
	// Together gives what is bought with what in a workspace; it may give nil.
	Together func(workspace string) Together
	// Almanac gives the seasons of a workspace; it may give nil.
	Almanac func(workspace string) *season.Almanac
}

// Sources gives the source of each need. Errors are those of Config.Validate.
func Sources(cfg Config, deps Deps) (map[candidate.Kind]ask.Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Shelves == nil {
		deps.Shelves = index.NewShelves()
	}
	if deps.Together == nil {
		deps.Together = func(string) Together { return nil }
	}
	if deps.Almanac == nil {
		deps.Almanac = func(string) *season.Almanac { return nil }
	}
	s := &sources{cfg, deps}
	out := map[candidate.Kind]ask.Source{candidate.Seasonal: source{candidate.Seasonal, s.seasonal}}
	for kind, find := range map[candidate.Kind]finder{
		candidate.Browsed: s.browsed, candidate.CartLeft: s.cartLeft, candidate.BrandLoyal: s.brandLoyal, candidate.Arrived: s.arrived,
		candidate.Dropped: s.dropped, candidate.Accessory: s.accessory, candidate.Again: s.again,
	} {
		out[kind] = source{kind, func(a *ask.Ask, found finds) {
			if a.Personal() {
				find(a, found)
			}
		}}
	}
	return out, nil
}

type sources struct {
	cfg  Config
	deps Deps
}

// find is why an item is needed, and how much.
type find struct {
	score   float64
	because int32
}

// finds is by item.
type finds map[int32]find

// best keeps the higher of two finds.
func (f finds) best(item int32, score float64, because int32) {
	if was, ok := f[item]; !ok || score > was.score || score == was.score && because < was.because {
		f[item] = find{score, because}
	}
}

// finder writes into found what is needed; whether it may be shown is not its business.
type finder func(a *ask.Ask, found finds)

// source makes a list of what a finder finds.
type source struct {
	kind candidate.Kind
	find finder
}

// Candidates implements ask.Source.
func (s source) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	if k <= 0 {
		return dst
	}
	found := finds{}
	s.find(a, found)
	var best candidate.Best
	best.Reset(k)
	for item, f := range found {
		if !(f.score > 0) || !best.Takes(item, f.score) || a.Skip(item) {
			continue
		}
		share := float32(1)
		if f.because == candidate.Nothing {
			share = 0
		}
		best.Offer(candidate.Candidate{Item: item, Score: f.score, Reason: candidate.Reason{Kind: s.kind, Because: f.because, Share: share}})
	}
	return best.Append(dst)
}

// fade is how much something of that time counts now: 1, and half after each HalfDays.
func (s *sources) fade(a *ask.Ask, atMs int64) float64 { return faded(a, atMs, s.cfg.HalfDays) }

func faded(a *ask.Ask, atMs int64, half float64) float64 {
	return math.Exp2(-float64(max(a.NowMs-atMs, 0)) / (half * dayMs))
}

// recent says whether a time is within so many days.
func recent(a *ask.Ask, atMs int64, days float64) bool { return float64(a.NowMs-atMs) <= days*dayMs }

// looks says whether a touch is a look at an item.
func looks(k recommendationv1.TouchKind) bool {
	return k == recommendationv1.TouchKind_TOUCH_KIND_VIEW || k == recommendationv1.TouchKind_TOUCH_KIND_CLICK
}
