package session

import (
	"container/list"
	"fmt"
	"sync"
	"time"
)

// Live holds the sessions that are under way, and gives each to its index when it ends.
type Live struct {
	index *Index
	pause int64 // milliseconds
	most  int
	ended func(items []int32, lastMs int64) // nil: nobody is told
	mu    sync.Mutex
	open  map[string]*list.Element
	order *list.List // of *open, the one touched longest ago first
	last  int64      // the newest time of any touch
}

type open struct {
	key    string
	items  []int32
	lastMs int64
}

// NewLive makes a Live before an index. A session ends when it was not touched for pause, as the times of touches say; most is how many may be
// open at once: beyond it the one touched longest ago ends. Both must be above 0.
func NewLive(index *Index, pause time.Duration, most int) (*Live, error) {
	if pause < time.Millisecond || most < 1 {
		return nil, fmt.Errorf("live sessions: a pause of %v and at most %d sessions: want both above 0", pause, most)
	}
	return &Live{index: index, pause: pause.Milliseconds(), most: most, open: map[string]*list.Element{}, order: list.New()}, nil
}

// OnEnd has each session that ends told to somebody else, too: its touches, oldest first, and the time of the last. To be called before the first touch; ended must not
// call back.
func (l *Live) OnEnd(ended func(items []int32, lastMs int64)) { l.ended = ended }

// Touch adds a touch to its session, and ends what has paused. A touch that comes later than its time says counts as one of now: order is what a
// session has, not clocks.
func (l *Live) Touch(key string, item int32, atMs int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = max(l.last, atMs)
	l.sweep(l.last)
	e := l.open[key]
	if e == nil {
		e = l.order.PushBack(&open{key: key})
		l.open[key] = e
	}
	s := e.Value.(*open)
	s.items = append(s.items, item)
	if longest := 4 * l.index.o.Longest; len(s.items) > longest { // a bot never ends
		s.items = append(s.items[:0], s.items[len(s.items)-longest/2:]...)
	}
	s.lastMs = l.last
	l.order.MoveToBack(e)
	if len(l.open) > l.most {
		l.end(l.order.Front())
	}
}

// Session gives a copy of the touches of a session that is under way, oldest first: what to ask the index with. Nil when there is none.
func (l *Live) Session(key string) []int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.open[key]
	if e == nil {
		return nil
	}
	return append([]int32(nil), e.Value.(*open).items...)
}

// End ends a session: it joins the index. One that is not under way is none.
func (l *Live) End(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.open[key]; e != nil {
		l.end(e)
	}
}

// Sweep ends the sessions that have paused by a time, and returns how many are still open. It is for times when nobody comes.
func (l *Live) Sweep(nowMs int64) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(nowMs)
	return len(l.open)
}

// EndAll ends every session, the one touched longest ago first.
func (l *Live) EndAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := l.order.Front(); e != nil; e = l.order.Front() {
		l.end(e)
	}
}

func (l *Live) sweep(nowMs int64) {
	for e := l.order.Front(); e != nil && nowMs-e.Value.(*open).lastMs >= l.pause; e = l.order.Front() {
		l.end(e)
	}
}

func (l *Live) end(e *list.Element) {
	s := l.order.Remove(e).(*open)
	delete(l.open, s.key)
	l.index.Add(s.items)
	if l.ended != nil {
		l.ended(s.items, s.lastMs)
	}
}
