package neighbours

import (
	"cmp"
	"slices"
)

// held is an item of a group, and when the group took it last.
type held struct {
	item int32
	atMs int64
}

// groups say who took what. They are two generations: one that is asked for moves to the younger, and when that is half of what may be held, the older one is
// forgotten. So at most `most` are held, and those that were asked for among the last half of it always. Names are hashes: among a million the
// chance that any two are one is 10^-8.
type groups struct {
	young, old map[uint64][]held
	most       int // 0: no bound
}

func newGroups(most int) groups { return groups{young: map[uint64][]held{}, most: most} }

// get gives what a group holds; nil for none.
func (g *groups) get(key uint64) []held {
	if mine, ok := g.young[key]; ok {
		return mine
	}
	mine, ok := g.old[key]
	if ok {
		delete(g.old, key)
		g.put(key, mine)
	}
	return mine
}

// put keeps what a group holds; nothing closes it.
func (g *groups) put(key uint64, mine []held) {
	if len(mine) == 0 {
		g.drop(key)
		return
	}
	if _, ok := g.young[key]; !ok && g.most > 0 && len(g.young) >= g.most/2 {
		g.old, g.young = g.young, map[uint64][]held{}
	}
	g.young[key] = mine
}

func (g *groups) drop(key uint64) {
	delete(g.young, key)
	delete(g.old, key)
}

func (g *groups) size() int { return len(g.young) + len(g.old) }

// newestOf keeps the newest of a group's items.
func newestOf(mine []held, most int) []held {
	if len(mine) <= most {
		return mine
	}
	slices.SortFunc(mine, func(a, b held) int { return cmp.Or(cmp.Compare(b.atMs, a.atMs), cmp.Compare(b.item, a.item)) })
	return slices.Clone(mine[:most])
}
