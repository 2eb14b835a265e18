package arms

import (
	"sync"
	"time"
	"unique"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Config says how it learns.
type Config struct {
	// HalfLife is after how long an impression or a click counts half.
	HalfLife time.Duration
	// Prior is how many impressions the rate of an item's like counts for: the scene's for a category, the category's for an item. Above 0.
	Prior float64
	// Others is how many impressions all other contexts of an item count for at most in one.
	Others float64
	// Most is how many arms of items and categories are kept.
	Most int
}

// Arms are the counts of all scenes. Many goroutines may use them.
type Arms struct {
	cfg  Config
	half float64
	now  func() time.Time

	mu     sync.RWMutex
	scenes map[place]*scene
	size   int // arms of items and categories, in all scenes
}

// place is where lists are shown.
type place struct{ workspace, scene string }

// scene are the arms of one.
type scene struct {
	all     arm
	items   map[choice]*arm
	sources map[string]*arm
}

// choice is an item, or all of a category, in a context (that of who is not known is empty), or in all of them together.
type choice struct {
	item, category, context string
	all                     bool
}

// New makes them, without a past. now is the clock.
func New(cfg Config, now func() time.Time) *Arms {
	return &Arms{cfg: cfg, half: float64(cfg.HalfLife.Milliseconds()), now: now, scenes: map[place]*scene{}}
}

// Take counts an outcome; only impressions and clicks count.
func (a *Arms) Take(o *recommendationv1.Outcome) {
	click := o.GetKind() == recommendationv1.FeedbackKind_FEEDBACK_KIND_CLICK
	if !click && o.GetKind() != recommendationv1.FeedbackKind_FEEDBACK_KIND_IMPRESSION {
		return
	}
	a.mu.Lock()
	s := a.scene(o.GetWorkspace(), o.GetScene())
	b := a.believe(s, o.GetContext(), o.GetAtMs())
	t := tally{seen: 1, expected: b.like(o.GetCategory())}
	if click {
		t = tally{clicked: 1}
	}
	s.all.add(t, o.GetAtMs(), a.half)
	if name := o.GetSource(); name != "" {
		if s.sources[name] == nil {
			s.sources[name] = &arm{}
		}
		s.sources[name].add(t, o.GetAtMs(), a.half)
	}
	for _, c := range choices(o) {
		a.arm(s, c).add(t, o.GetAtMs(), a.half)
	}
	over := a.size > a.cfg.Most
	a.mu.Unlock()
	if over {
		a.forget()
	}
}

func (a *Arms) scene(workspace, name string) *scene {
	p := place{workspace, name}
	s := a.scenes[p]
	if s == nil {
		s = &scene{items: map[choice]*arm{}, sources: map[string]*arm{}}
		a.scenes[p] = s
	}
	return s
}

// choices are those that an outcome is of.
func choices(o *recommendationv1.Outcome) []choice {
	all := make([]choice, 0, 4)
	context, category := unique.Make(o.GetContext()).Value(), unique.Make(o.GetCategory()).Value()
	if id := o.GetItemId(); id != "" {
		all = append(all, choice{item: id, all: true}, choice{item: id, context: context})
	}
	if category != "" {
		all = append(all, choice{category: category, all: true}, choice{category: category, context: context})
	}
	return all
}

func (a *Arms) arm(s *scene, c choice) *arm {
	x := s.items[c]
	if x == nil {
		x = &arm{}
		s.items[c] = x
		a.size++
	}
	return x
}

// Rate gives the impressions and clicks of a source in a scene, as they count now.
func (a *Arms) Rate(workspace, name, source string) (seen, clicked float64) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	s := a.scenes[place{workspace, name}]
	if s == nil {
		return 0, 0
	}
	t := s.sources[source].at(a.now().UnixMilli(), a.half)
	return t.seen, t.clicked
}

// Len is how many arms of items and categories there are.
func (a *Arms) Len() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.size
}
