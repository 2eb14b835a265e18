package arms

import (
	"cmp"
	"slices"
)

// kin are the arms of one item or of one category: that of all contexts together, and that of each.
type kin struct {
	all arm
	in  []inContext // by context
}

type inContext struct {
	context string
	arm     arm
}

func (k *kin) find(context string) (int, bool) {
	return slices.BinarySearchFunc(k.in, context, func(x inContext, c string) int { return cmp.Compare(x.context, c) })
}

// of is the arm of a context; nil for none. Of nil: none.
func (k *kin) of(context string) *arm {
	if k != nil {
		if i, ok := k.find(context); ok {
			return &k.in[i].arm
		}
	}
	return nil
}

// every is the arm of all contexts. Of nil: none.
func (k *kin) every() *arm {
	if k == nil {
		return nil
	}
	return &k.all
}

// add counts something in a context, and gives how many arms it took.
func (k *kin) add(context string, t tally, ms int64, half float64) (made int) {
	k.all.add(t, ms, half)
	i, ok := k.find(context)
	if !ok {
		k.in = slices.Insert(k.in, i, inContext{context: context})
		made = 1
	}
	k.in[i].arm.add(t, ms, half)
	return made
}

// drop forgets a context, and gives how many arms that were.
func (k *kin) drop(context string) int {
	i, ok := k.find(context)
	if !ok {
		return 0
	}
	k.in = slices.Delete(k.in, i, i+1)
	return 1
}
