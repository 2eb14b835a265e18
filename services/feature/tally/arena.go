package tally

import "github.com/freshet/freshet/pkg/catalog"

// Arena is memory for the states of one batch, used again for the next: without it a decoded customer of a hundred events is three hundred small
// allocations. What was decoded into it must not be used after Reset. A nil Arena allocates. For one goroutine.
type Arena struct {
	states   slab[State]
	lists    slab[[]tile]
	tiles    slab[tile]
	cells    slab[cell]
	mores    slab[more]
	keys     slab[catalog.Keyed]
	spans    slab[catalog.Span]
	sessions slab[catalog.Session]
	times    slab[int64]
	hashes   slab[uint64]
}

// Reset takes back all that was decoded into the arena.
func (a *Arena) Reset() {
	a.states.reset()
	a.lists.reset()
	a.tiles.reset()
	a.cells.reset()
	a.mores.reset()
	a.keys.reset()
	a.spans.reset()
	a.sessions.reset()
	a.times.reset()
	a.hashes.reset()
}

// slabMost bounds what a slab keeps from batch to batch, in elements.
const slabMost = 1 << 16

// slab cuts slices from one array.
type slab[T any] struct {
	room         []T
	used, wanted int
}

// take gives n zero elements, and room for spare more behind them.
func (s *slab[T]) take(n, spare int) []T {
	if n == 0 {
		return nil
	}
	s.wanted += n + spare
	end := s.used + n + spare
	if end > len(s.room) {
		return make([]T, n, n+spare)
	}
	out := s.room[s.used : s.used+n : end]
	s.used = end
	return out
}

// reset takes all back, and makes room for as many as were wanted.
func (s *slab[T]) reset() {
	clear(s.room[:s.used])
	if s.wanted > len(s.room) && len(s.room) < slabMost {
		s.room = make([]T, min(slabMost, s.wanted+s.wanted/4))
	}
	s.used, s.wanted = 0, 0
}
