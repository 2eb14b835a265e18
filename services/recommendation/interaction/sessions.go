package interaction

import (
	"cmp"
	"slices"
	"sync"
)

// Sessions gathers events by user: in each by time, and of one time in the order of the file. Sessions are in the order in which they ended; of
// one time, and without times, in the order in which the file begins them.
func Sessions(events []Event, timed bool) []Session {
	place, sizes, out := gathered(events)
	items, values := make([]int32, len(events)), make([]float32, len(events))
	var at []int64
	if timed {
		at = make([]int64, len(events))
	}
	from := 0
	for i := range out {
		n := sizes[i]
		out[i].Items, out[i].Values = items[from:from:from+n], values[from:from:from+n]
		if timed {
			out[i].At = at[from : from : from+n]
		}
		from += n
	}
	for _, e := range events {
		mine := &out[place[e.User]]
		mine.Items, mine.Values = append(mine.Items, e.Item), append(mine.Values, e.Value)
		if timed {
			mine.At = append(mine.At, e.AtMs)
		}
	}
	for i := range out {
		out[i].order()
	}
	slices.SortStableFunc(out, func(a, b Session) int { return cmp.Compare(a.End(), b.End()) })
	return out
}

// gathered has an empty session a user, in the order in which the file begins them, and how large it will be; place is where a user's is.
func gathered(events []Event) (place []int32, sizes []int, out []Session) {
	for i := range events {
		e := &events[i]
		if missing := int(e.User) + 1 - len(place); missing > 0 {
			place = append(place, make([]int32, missing)...)
		}
		if place[e.User] == 0 {
			out, sizes = append(out, Session{User: e.User}), append(sizes, 0)
			place[e.User] = int32(len(out)) // counted from 1 until all are there
		}
		sizes[place[e.User]-1]++
	}
	for i := range place {
		place[i]--
	}
	return place, sizes, out
}

// order sorts a session by time, in place.
func (s *Session) order() {
	if slices.IsSorted(s.At) {
		return
	}
	by := make([]Event, len(s.Items))
	for i := range by {
		by[i] = Event{Item: s.Items[i], AtMs: s.At[i], Value: s.Values[i]}
	}
	slices.SortStableFunc(by, func(a, b Event) int { return cmp.Compare(a.AtMs, b.AtMs) })
	for i, e := range by {
		s.Items[i], s.At[i], s.Values[i] = e.Item, e.AtMs, e.Value
	}
}

// marks say which items were seen in a round: no list is emptied between two.
type marks struct {
	at    []uint32
	round uint32
}

// mostMarked bounds what marks remember by number; items beyond it, and below 0, are looked for in what was found.
const mostMarked = 1 << 24

var spareMarks = sync.Pool{New: func() any { return new(marks) }}

// first says that an item was not seen in this round.
func (m *marks) first(item int32, found []int32) bool {
	if item < 0 || item >= mostMarked {
		return !slices.Contains(found, item)
	}
	if int(item) >= len(m.at) {
		m.at = append(m.at, make([]uint32, int(item)+1-len(m.at))...)
	}
	was := m.at[item]
	m.at[item] = m.round
	return was != m.round
}

// Distinct gives the items of a list, each once, in the order of their last place: the newest last.
func Distinct(items []int32) []int32 {
	if len(items) == 0 {
		return nil
	}
	m := spareMarks.Get().(*marks)
	defer spareMarks.Put(m)
	if m.round++; m.round == 0 {
		clear(m.at)
		m.round = 1
	}
	out := make([]int32, 0, len(items))
	for _, item := range slices.Backward(items) {
		if m.first(item, out) {
			out = append(out, item)
		}
	}
	slices.Reverse(out)
	return out
}
