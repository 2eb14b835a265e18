package scene

import "sync"

// marks remembers what was found out of an item within one answer: an array access each, and nothing is cleared between answers. A word is the answer's number
// in the upper 24 bits, a Why in the lowest seven, and between them whether the item is a candidate.
type marks struct {
	words []uint32
	epoch uint32
}

var pool = sync.Pool{New: func() any { return new(marks) }}

func getMarks(items int) *marks {
	m := pool.Get().(*marks)
	if len(m.words) < items {
		m.words, m.epoch = make([]uint32, items+items/8), 0 // a catalogue that grows does not make it anew for each item
	}
	m.epoch++
	if m.epoch >= 1<<24 {
		clear(m.words)
		m.epoch = 1
	}
	return m
}

func (m *marks) put() { pool.Put(m) }

// isCandidate is the bit of a candidate; below it is the Why.
const isCandidate = 1 << 7

// get is 0 for an item of which nothing is found out.
func (m *marks) get(item int32) Why {
	if w := m.words[item]; w>>8 == m.epoch {
		return Why(w & (isCandidate - 1))
	}
	return 0
}

func (m *marks) set(item int32, w Why) { m.words[item] = m.epoch<<8 | uint32(w) }

// add makes an item, of which something is found out, a candidate.
func (m *marks) add(item int32) { m.words[item] |= isCandidate }

// has says that an item is a candidate.
func (m *marks) has(item int32) bool {
	w := m.words[item]
	return w>>8 == m.epoch && w&isCandidate != 0
}
