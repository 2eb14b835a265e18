package trend

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Options of a trend; package comment has the formulas. Start with Default.
type Options struct {
	// Short is the half-life of now, Long that of what is usual. A minute or more, and Long above Short.
	Short, Long time.Duration
	// Prior is how much weight makes a rare item believed. Above 0.
	Prior float64
	// Items of each scope are kept at least, the strongest. 1 or more.
	Items int
	// Scopes are kept at most. 1 or more.
	Scopes int
}

// Default suits a shop: half a day against two weeks.
func Default() Options {
	return Options{Short: 12 * time.Hour, Long: 14 * 24 * time.Hour, Prior: 10, Items: 1000, Scopes: 500}
}

func (o Options) check() error {
	if o.Short < time.Minute || o.Long <= o.Short || !(o.Prior > 0) || o.Items < 1 || o.Scopes < 1 {
		return errors.New("trend: want a short half-life of a minute or more, a longer long one, and a prior, items and scopes above 0")
	}
	return nil
}

// All is the scope of everybody. Country and Segment give others.
const All = ""

// Country is a country's scope.
func Country(code string) string { return "c/" + code }

// Segment is a segment's scope.
func Segment(name string) string { return "s/" + name }

// Trend is the model. Many goroutines may ask while one observes.
type Trend struct {
	o        Options
	mu       sync.RWMutex
	scopes   map[string]*scope
	landmark int64
	begun    bool
	newest   int64
	refused  int64
	size     int // all items are below it
}

type scope struct {
	at   map[int32]int32
	list []sums
}

// sums of an item, as of the landmark.
type sums struct {
	item        int32
	short, long float64
}

// New makes an empty trend.
func New(o Options) (*Trend, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Trend{o: o, scopes: map[string]*scope{}}, nil
}

// Observe takes an event of a weight above 0, in the scopes given. Events may come in any order.
func (t *Trend) Observe(item int32, weight float64, atMs int64, scopes ...string) {
	if !(weight > 0) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.begun {
		t.begun, t.landmark, t.newest = true, atMs, atMs
	}
	t.newest, t.size = max(t.newest, atMs), max(t.size, int(item)+1)
	if float64(atMs-t.landmark) > 500*float64(t.o.Short.Milliseconds()) {
		t.move(atMs)
	}
	short, long := weight*power(atMs-t.landmark, t.o.Short), weight*power(atMs-t.landmark, t.o.Long)
	for _, name := range scopes {
		s := t.scopes[name]
		if s == nil {
			if len(t.scopes) >= t.o.Scopes {
				t.refused++
				continue
			}
			s = &scope{at: map[int32]int32{}}
			t.scopes[name] = s
		}
		t.add(s, sums{item, short, long})
	}
}

// power is 2^(ms / half).
func power(ms int64, half time.Duration) float64 {
	return math.Exp2(float64(ms) / float64(half.Milliseconds()))
}

func (t *Trend) add(s *scope, more sums) {
	i, ok := s.at[more.item]
	if ok {
		s.list[i].short += more.short
		s.list[i].long += more.long
		return
	}
	s.at[more.item] = int32(len(s.list))
	if s.list = append(s.list, more); len(s.list) <= 2*t.o.Items {
		return
	}
	short, long := power(t.landmark-t.newest, t.o.Short), power(t.landmark-t.newest, t.o.Long)
	strength := func(a sums) float64 { return a.short*short + a.long*long }
	slices.SortFunc(s.list, func(a, b sums) int { return cmp.Or(cmp.Compare(strength(b), strength(a)), cmp.Compare(a.item, b.item)) })
	s.list = slices.Clone(s.list[:t.o.Items])
	clear(s.at)
	for i := range s.list {
		s.at[s.list[i].item] = int32(i)
	}
}

// move sets the landmark, so that numbers stay small.
func (t *Trend) move(toMs int64) {
	short, long := power(t.landmark-toMs, t.o.Short), power(t.landmark-toMs, t.o.Long)
	for _, s := range t.scopes {
		for i := range s.list {
			s.list[i].short *= short
			s.list[i].long *= long
		}
	}
	t.landmark = toMs
}

// Refused counts the events of scopes too many.
func (t *Trend) Refused() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.refused
}

// Candidates appends the k items that trend most in some scopes together, as of a time; zero means the newest that was seen. skip may be nil.
func (t *Trend) Candidates(dst []candidate.Candidate, k int, nowMs int64, skip func(int32) bool, scopes ...string) []candidate.Candidate {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if k <= 0 {
		return dst
	}
	if nowMs == 0 {
		nowMs = t.newest
	}
	board := candidate.GetBoard(t.size)
	defer board.Put()
	short, long := power(t.landmark-nowMs, t.o.Short), power(t.landmark-nowMs, t.o.Long)*float64(t.o.Short)/float64(t.o.Long)
	for _, name := range scopes {
		s := t.scopes[name]
		if s == nil {
			continue
		}
		for i := range s.list {
			e := &s.list[i]
			usual := e.long * long
			if more := e.short*short - usual; more > 0 {
				board.Add(e.item, more/math.Sqrt(usual+t.o.Prior), candidate.Nothing)
			}
		}
	}
	return board.Append(dst, &candidate.Query{K: k, Skip: skip}, candidate.Trending)
}
