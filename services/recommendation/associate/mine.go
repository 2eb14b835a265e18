package associate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/freshet/freshet/services/recommendation/interaction"
)

// Options of a search.
type Options struct {
	// MinSupport is the share of the baskets that a set must be in. Above 0, at most 1.
	MinSupport float64
	// MaxLen is how many items a set has at most. 1 or more.
	MaxLen int
	// MaxSets ends the search with an error when there are more. 1 or more.
	MaxSets int
}

// Default suits baskets of a shop.
func Default() Options { return Options{MinSupport: 0.005, MaxLen: 4, MaxSets: 1_000_000} }

func (o Options) check() error {
	if !(o.MinSupport > 0 && o.MinSupport <= 1) || o.MaxLen < 1 || o.MaxSets < 1 {
		return fmt.Errorf("association: support %v, sets of %d, at most %d sets: want a support above 0 and at most 1, the others above 0", o.MinSupport, o.MaxLen, o.MaxSets)
	}
	return nil
}

// Set is items that are often together, by number, with how many baskets have all of them.
type Set struct {
	Items []int32
	Count int
}

// Mine finds all sets of items that are in MinSupport of the baskets. An item counts once a basket; empty baskets count as baskets. Sets are in
// the order of their items.
func Mine(ctx context.Context, baskets [][]int32, o Options) ([]Set, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	m := &miner{ctx: ctx, o: o, least: max(1, int(math.Ceil(o.MinSupport*float64(len(baskets))-1e-9)))}
	distinct := make([][]int32, len(baskets))
	counts := map[int32]int{}
	for i, b := range baskets {
		distinct[i] = interaction.Distinct(b)
		for _, item := range distinct[i] {
			counts[item]++
		}
	}
	t := newTree(counts, m.least)
	for _, b := range distinct {
		t.add(b, 1)
	}
	if err := m.grow(t, nil); err != nil {
		return nil, err
	}
	slices.SortFunc(m.sets, func(a, b Set) int { return slices.Compare(a.Items, b.Items) })
	return m.sets, nil
}

// node is an item of a prefix that baskets share. Links are places in tree.nodes, 0 for none: the root is never linked to.
type node struct {
	item         int32 // its place in tree.items
	count        int
	parent, next int32 // next of the same item
}

// tree is an FP-tree.
type tree struct {
	items    []int32 // frequent ones, the most frequent first
	total    []int   // by place
	place    map[int32]int32
	nodes    []node
	first    []int32            // by place: the chain of its nodes
	children map[[2]int32]int32 // node and place to the child
	path     []int32
}

func newTree(counts map[int32]int, least int) *tree {
	t := &tree{place: map[int32]int32{}, nodes: make([]node, 1), children: map[[2]int32]int32{}}
	for item, n := range counts {
		if n >= least {
			t.items = append(t.items, item)
		}
	}
	slices.SortFunc(t.items, func(a, b int32) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	for i, item := range t.items {
		t.place[item] = int32(i)
		t.total = append(t.total, counts[item])
	}
	t.first = make([]int32, len(t.items))
	return t
}

// add adds a basket of distinct items that came so often.
func (t *tree) add(items []int32, times int) {
	t.path = t.path[:0]
	for _, item := range items {
		if p, ok := t.place[item]; ok {
			t.path = append(t.path, p)
		}
	}
	slices.Sort(t.path)
	at := int32(0)
	for _, p := range t.path {
		key := [2]int32{at, p}
		child, ok := t.children[key]
		if !ok {
			child = int32(len(t.nodes))
			t.nodes = append(t.nodes, node{item: p, parent: at, next: t.first[p]})
			t.first[p] = child
			t.children[key] = child
		}
		t.nodes[child].count += times
		at = child
	}
}

type miner struct {
	ctx   context.Context
	o     Options
	least int
	sets  []Set
}

// grow tells every set that ends in suffix and goes on with the baskets that have it, the rarest item first.
func (m *miner) grow(t *tree, suffix []int32) error {
	for p := int32(len(t.items)) - 1; p >= 0; p-- {
		items := append(slices.Clone(suffix), t.items[p])
		if err := m.tell(items, t.total[p]); err != nil {
			return err
		}
		if len(items) == m.o.MaxLen {
			continue
		}
		if err := m.grow(t.with(p, m.least), items); err != nil {
			return err
		}
	}
	return nil
}

func (m *miner) tell(items []int32, count int) error {
	if len(m.sets) == m.o.MaxSets {
		return fmt.Errorf("association: more than %d sets are in %v of the baskets: raise the support or shorten the sets", m.o.MaxSets, m.o.MinSupport)
	}
	items = slices.Clone(items)
	slices.Sort(items)
	m.sets = append(m.sets, Set{Items: items, Count: count})
	if len(m.sets)%1024 == 0 {
		return m.ctx.Err()
	}
	return nil
}

// with is the tree of what comes before an item, in the baskets that have it.
func (t *tree) with(p int32, least int) *tree {
	counts := map[int32]int{}
	for n := t.first[p]; n != 0; n = t.nodes[n].next {
		for up := t.nodes[n].parent; up != 0; up = t.nodes[up].parent {
			counts[t.items[t.nodes[up].item]] += t.nodes[n].count
		}
	}
	out := newTree(counts, least)
	if len(out.items) == 0 {
		return out
	}
	var prefix []int32
	for n := t.first[p]; n != 0; n = t.nodes[n].next {
		prefix = prefix[:0]
		for up := t.nodes[n].parent; up != 0; up = t.nodes[up].parent {
			prefix = append(prefix, t.items[t.nodes[up].item])
		}
		out.add(prefix, t.nodes[n].count)
	}
	return out
}
