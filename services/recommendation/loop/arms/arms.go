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
	all               arm
	items, categories map[string]*kin
	sources           map[string]*arm
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
	context := unique.Make(o.GetContext()).Value()
	a.count(s.items, o.GetItemId(), context, t, o.GetAtMs())
	a.count(s.categories, o.GetCategory(), context, t, o.GetAtMs())
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
		s = &scene{items: map[string]*kin{}, categories: map[string]*kin{}, sources: map[string]*arm{}}
		a.scenes[p] = s
	}
	return s
}

// count counts something of an item or a category; an empty name is none.
func (a *Arms) count(of map[string]*kin, name, context string, t tally, ms int64) {
	if name == "" {
		return
	}
	k := of[name]
	if k == nil {
		k = &kin{}
		of[name] = k
		a.size++
	}
	a.size += k.add(context, t, ms, a.half)
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
