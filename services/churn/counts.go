package churn

import (
	"sync"

	"github.com/freshet/freshet/services/churn/row"
)

// Tally counts what live customers look like to one version of a model, for drift. For one goroutine.
type Tally interface {
	// Count takes a customer: the cells of Plan's columns, and the score.
	Count(cells []row.Cell, score float64)
}

// counts are the tallies of one partition: each sweep counts every customer once, so that the busy ones do not weigh more. A sweep that was begun in another
// process has counted those that were left: customers are swept in the order of their ids, which are hashes, so they are a fair part of all.
type counts struct {
	partition int
	all       *tallies
	now       map[*Bound]Tally
}

// begin throws away what the present sweep has counted.
func (c *counts) begin() { c.now = nil }

// count takes the customer in hand.
func (c *counts) count(j *judge) {
	take := func(list []said) {
		for i := range list {
			s := &list[i]
			if s.of == nil || s.of.NewTally == nil {
				continue
			}
			t, ok := c.now[s.of]
			if !ok {
				if c.now == nil {
					c.now = map[*Bound]Tally{}
				}
				t = s.of.NewTally()
				c.now[s.of] = t
			}
			t.Count(j.cells, float64(s.value))
		}
	}
	take(j.said.seats)
	take(j.said.shadow)
}

// end makes what was counted the last whole sweep's.
func (c *counts) end() {
	c.all.put(c.partition, c.now)
	c.now = nil
}

// tallies are those of the last whole sweep of each partition of this process.
type tallies struct {
	mu          sync.Mutex
	byPartition map[int]map[*Bound]Tally
}

func (t *tallies) put(partition int, counted map[*Bound]Tally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byPartition == nil {
		t.byPartition = map[int]map[*Bound]Tally{}
	}
	t.byPartition[partition] = counted
}

// of are a version's, one for each partition that has any. They must not be counted into.
func (t *tallies) of(b *Bound) []Tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Tally
	for _, all := range t.byPartition {
		if x, ok := all[b]; ok {
			out = append(out, x)
		}
	}
	return out
}

// Tallies are what the last whole sweeps of this process's partitions counted of a version: one for each partition. Partitions are fair parts of all
// customers, so that one replica's are enough to judge drift by.
func (s *Service) Tallies(workspace string, target int, version string) []Tally {
	board := s.deps.Models.Board(workspace)
	if target < 0 || target >= len(board.Seats) {
		return nil
	}
	seat := &board.Seats[target]
	for _, b := range append([]*Bound{seat.Champion}, seat.Challengers...) {
		if b != nil && b.Version == version {
			return s.tallies.of(b)
		}
	}
	return nil
}
