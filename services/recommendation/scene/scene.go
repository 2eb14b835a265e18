package scene

import (
	"slices"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// Most is how long a list can be.
const Most = 100

// Filter is a condition over items.
type Filter interface {
	// Match says whether it holds for an item at a moment.
	Match(item *catalogue.Item, nowMs int64) bool
}

// ParseFilter reads a condition over items. The error says what is wrong with it.
type ParseFilter func(text string) (Filter, error)

// Set is a scenes file that was loaded. It does not change.
type Set struct {
	// Scenes are in the order of the file.
	Scenes []*Scene
}

// Get finds a scene; nil when there is none of the name.
func (s *Set) Get(name string) *Scene {
	for _, x := range s.Scenes {
		if x.Name == name {
			return x
		}
	}
	return nil
}

// Names are the scenes' in the order of the file.
func (s *Set) Names() []string {
	out := make([]string, len(s.Scenes))
	for i, x := range s.Scenes {
		out[i] = x.Name
	}
	return out
}

// Scene is a place where lists are shown.
type Scene struct {
	Name, Description string
	// Variants are the ways to fill it that visitors are shared out to; empty where there is one only.
	Variants []Variant
	// YAML is the whole of it, as a file would say it.
	YAML string

	whens []when
	plans [][]*Plan // by variant (one where there is none), then by override: the first is without
}

// Variant is one way to fill a scene.
type Variant struct {
	Name string
	// Share is a weight: 50 and 50, or 1 and 2.
	Share float64
}

type when struct {
	segments    []string
	from, until moment
	hours       hours
}

func (w *when) holds(segments []string, nowMs int64) bool {
	return within(nowMs, w.from, w.until) && w.hours.has(nowMs) && (len(w.segments) == 0 || meet(w.segments, segments))
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// Plan is how the scene is filled now: its variant by its place (-1 or 0 where there is none), with the first override that holds for a visitor in these segments.
func (s *Scene) Plan(variant int, segments []string, nowMs int64) *Plan {
	plans := s.plans[min(max(variant, 0), len(s.plans)-1)]
	for i := range s.whens {
		if s.whens[i].holds(segments, nowMs) {
			return plans[i+1]
		}
	}
	return plans[0]
}

// Base is the plan of the first variant without overrides.
func (s *Scene) Base() *Plan { return s.plans[0][0] }

// Plan is a scene as one visitor has it: nothing is left to decide but the items. It does not change.
type Plan struct {
	Scene   string
	Variant string
	Limit   int
	Sources []Wanted
	// Adult allows what is for adults only.
	Adult bool
	// Languages of items that are shown; empty: all.
	Languages []string
	// Trend is where neither the past nor the visit of a visitor without consent may speak.
	Trend bool

	filter   Filter
	bought   *HideBoughtYAML
	seenMs   int64
	caps     []CapYAML
	quotas   []quota
	block    []string
	pins     []PinYAML
	boosts   []boost
	lambda   float64
	alike    By
	explore  *ExploreYAML
	fallback []candidate.Kind
	list     []string
}

// Wanted is a source, and how much of it.
type Wanted struct {
	Kind   candidate.Kind
	Take   int
	Weight float64
}

// By is what items are compared by.
type By string

// What items are compared by. A category is the narrowest; Content is asked of Parts.Similar.
const (
	Item     By = "item"
	Category By = "category"
	Brand    By = "brand"
	Group    By = "group_id"
	Content  By = "content"
)

// of is an item's word for it; empty where it has none, and then it is like no other.
func (b By) of(i *catalogue.Item) string {
	switch b {
	case Category:
		return i.Category()
	case Brand:
		return i.Brand()
	case Group:
		return i.Group()
	}
	return ""
}

type quota struct {
	kind  candidate.Kind // 0 where filter says it
	when  Filter
	least int
	text  string
}

type boost struct {
	when Filter
	by   float64
	text string
}

// KindOf is the kind that a source's name stands for.
func KindOf(name string) (candidate.Kind, bool) {
	for k := candidate.Kind(1); int(k) <= candidate.Kinds; k++ {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}
