package model

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// mostStates is how many of a model's latest states are remembered, for who wrote one and asks whether it ever held.
const mostStates = 16

// book is what is known of one model.
type book struct {
	state    *modelv1.State
	states   []*modelv1.State // that held, the latest last
	versions map[string]*modelv1.Version
	run, ok  *modelv1.Run
}

// shelf is what models.v1 says. What it gives is for reading alone: a message is never changed, another one takes its place. Many goroutines may use it.
type shelf struct {
	mu    sync.Mutex
	books map[where]*book
	// unsaid are keys of which the topic's last record is not what is known here: an older state came after a later one, or the topic was made anew.
	unsaid map[string]bool
	// next is the offset up to which the topic was read. reached says that its end was seen, once.
	next    int64
	reached bool
	moved   chan struct{} // closed, and made anew, when next changes
	told    []chan struct{}
}

func newShelf() *shelf {
	return &shelf{books: map[where]*book{}, unsaid: map[string]bool{}, moved: make(chan struct{})}
}

// take reads one record. A record that cannot be read is an error, and changes nothing.
func (s *shelf) take(key, value []byte) error {
	w, what, ok := splitKey(key)
	if !ok {
		return fmt.Errorf("its key %.100q is none of a model", key)
	}
	r := &modelv1.Record{}
	if err := proto.Unmarshal(value, r); err != nil {
		return fmt.Errorf("decode %s: %w", key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.books[w]
	if b == nil {
		b = &book{versions: map[string]*modelv1.Version{}}
		s.books[w] = b
	}
	delete(s.unsaid, string(key))
	switch {
	case value == nil && b.versions[what] != nil && b.live(what):
		s.unsaid[string(key)] = true // it was made live while somebody forgot it
	case value == nil:
		b.forget(what)
	case what == "" && r.GetState() != nil:
		if later(b.state, r.GetState()) {
			s.unsaid[string(key)] = true
			return nil
		}
		b.state = r.GetState()
		b.states = append(b.states[max(0, len(b.states)-mostStates+1):], b.state)
	case what == runKey && r.GetRun() != nil:
		b.run = r.GetRun()
	case what == runOKKey && r.GetRun() != nil:
		b.ok = r.GetRun()
	case r.GetVersion() != nil && what == r.GetVersion().GetId():
		b.versions[what] = r.GetVersion()
	default:
		return fmt.Errorf("what stands under %s is something else", key)
	}
	return nil
}

// forget takes a tombstone.
func (b *book) forget(what string) {
	switch what {
	case "":
		b.state = nil
	case runKey:
		b.run = nil
	case runOKKey:
		b.ok = nil
	default:
		delete(b.versions, what)
	}
}

// held says that a state is, or was, what holds.
func (b book) held(s *modelv1.State) bool {
	return slices.ContainsFunc(b.states, func(other *modelv1.State) bool { return proto.Equal(s, other) })
}

// rival is a state that held before this one and was made of the same state by somebody else, at the same moment; nil where there is none. It is to be gone
// on from: its champion served, and can be gone back to.
func (b book) rival(s *modelv1.State) *modelv1.State {
	for _, other := range b.states {
		switch {
		case proto.Equal(other, s):
			return nil
		case other.GetSeq() == s.GetSeq():
			return other
		}
	}
	return nil
}

// later says that a holds, and b does not: states are in one order, whatever the order of their records. The counter rules; of two that were written at once,
// the clock, and then the bytes, so that all replicas think alike.
func later(a, b *modelv1.State) bool {
	if a == nil {
		return false
	}
	order := cmp.Or(cmp.Compare(a.GetSeq(), b.GetSeq()), cmp.Compare(a.GetSinceMs(), b.GetSinceMs()))
	if order != 0 {
		return order > 0
	}
	x, y := &modelv1.Record{Of: &modelv1.Record_State{State: a}}, &modelv1.Record{Of: &modelv1.Record_State{State: b}}
	return slices.Compare(encode(x), encode(y)) > 0
}

// encode writes a record, the same one always alike. It cannot fail: there is no text in it that we have not checked or read.
func encode(r *modelv1.Record) []byte {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("model: encode a record: %v", err))
	}
	return data
}

// another notes that the topic is not what was read: nothing that is known is known to stand there.
func (s *shelf) another() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.records() {
		s.unsaid[key] = true
	}
}

// advance notes how far the topic was read, and wakes who waits for it and, when something changed, who listens.
func (s *shelf) advance(next, end int64, changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.reached && next >= end {
		s.reached, changed = true, true // all that there was is new
	}
	s.next = next
	close(s.moved)
	s.moved = make(chan struct{})
	if !changed || !s.reached {
		return
	}
	for _, c := range s.told {
		select {
		case c <- struct{}{}:
		default: // it has not looked since the last one
		}
	}
}

// records are all that is known, by key; mu is held.
func (s *shelf) records() map[string]*modelv1.Record {
	out := map[string]*modelv1.Record{}
	for w, b := range s.books {
		if b.state != nil {
			out[string(w.key(""))] = &modelv1.Record{Of: &modelv1.Record_State{State: b.state}}
		}
		for id, v := range b.versions {
			out[string(w.key(id))] = &modelv1.Record{Of: &modelv1.Record_Version{Version: v}}
		}
		if b.run != nil {
			out[string(w.key(runKey))] = &modelv1.Record{Of: &modelv1.Record_Run{Run: b.run}}
		}
		if b.ok != nil {
			out[string(w.key(runOKKey))] = &modelv1.Record{Of: &modelv1.Record_Run{Run: b.ok}}
		}
	}
	return out
}

// missing are the records that the topic should end with and does not.
func (s *shelf) missing() map[string]*modelv1.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unsaid) == 0 {
		return nil
	}
	all := s.records()
	maps.DeleteFunc(all, func(key string, _ *modelv1.Record) bool { return !s.unsaid[key] })
	return all
}

// of is what is known of a model; an empty book where nothing is.
func (s *shelf) of(w where) book {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.books[w]
	if b == nil {
		return book{}
	}
	return book{state: b.state, states: slices.Clone(b.states), versions: maps.Clone(b.versions), run: b.run, ok: b.ok}
}

// all are the models of which anything is known.
func (s *shelf) all() []where {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.books))
}

// at is how far the topic was read.
func (s *shelf) at() (next int64, reached bool, moved <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next, s.reached, s.moved
}

// listen is a new channel of who listens. It has something at once: what is there already.
func (s *shelf) listen() <-chan struct{} {
	c := make(chan struct{}, 1)
	c <- struct{}{}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, c)
	return c
}
