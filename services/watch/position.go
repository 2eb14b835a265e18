package watch

import "time"

// waiting is a live event that is not through.
type waiting struct {
	grade  grade
	offset int64
	// received is when the collector took it; arrived when it came before this stage.
	received, arrived time.Time
}

// position is what is known of one partition before one group: where the group stands, and the first live event of each grade from there on.
// For a grade without a find nothing live stands below its searched offset.
type position struct {
	progress int64
	since    time.Time // when the group was first seen there with something to do
	searched map[grade]int64
	first    map[grade]waiting
}

func newPosition() *position {
	return &position{progress: -1, searched: map[grade]int64{}, first: map[grade]waiting{}}
}

// advance notes where the group stands now, at most end, where the partition ends.
func (p *position) advance(progress, end int64, now time.Time) {
	if progress < p.progress { // a topic made anew, or a group put back: what was found says nothing
		*p = *newPosition()
	}
	if progress != p.progress || progress == end {
		p.progress, p.since = progress, now
	}
	for g, w := range p.first {
		if w.offset < progress {
			delete(p.first, g)
			p.searched[g] = progress // between the find and here the search has not looked
		}
	}
}

// next is where to read on in search of grades, false when each has its find or everything up to end was searched.
func (p *position) next(grades []grade, end int64) (from int64, more bool) {
	for _, g := range grades {
		if _, found := p.first[g]; found {
			continue
		}
		if at := max(p.searched[g], p.progress); at < end && (!more || at < from) {
			from, more = at, true
		}
	}
	return from, more
}

// take notes a live event.
func (p *position) take(w waiting) {
	if _, found := p.first[w.grade]; !found && w.offset >= p.progress {
		p.first[w.grade] = w
	}
}

// read notes that the search for grades has come to next, from where next() said.
func (p *position) read(grades []grade, next int64) {
	for _, g := range grades {
		p.searched[g] = max(p.searched[g], p.progress, next)
	}
}
