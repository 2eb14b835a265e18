package associate

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Rule says that baskets with all of If have all of Then, too.
type Rule struct {
	If, Then []int32 // by number
	// Both, With and Of count the baskets that have If and Then, If, and Then.
	Both, With, Of int
	// The package comment has the formulas. Conviction may be +Inf.
	Support, Confidence, Lift, Leverage, Conviction float64
}

// RuleOptions say which rules are wanted.
type RuleOptions struct {
	// MinConfidence a rule has at least. 0 to 1.
	MinConfidence float64
	// MinLift a rule has at least. Zero or more; 1 leaves out those that say less than nothing.
	MinLift float64
	// MaxThen is how many items follow at most. Zero means 1, which is what a list needs.
	MaxThen int
}

// Rules makes rules of all sets that Mine found in so many baskets, the most confident first, of equal ones the one with the higher support, then by their items.
func Rules(sets []Set, baskets int, o RuleOptions) ([]Rule, error) {
	if o.MaxThen == 0 {
		o.MaxThen = 1
	}
	if !(o.MinConfidence >= 0 && o.MinConfidence <= 1) || !(o.MinLift >= 0) || o.MaxThen < 0 {
		return nil, fmt.Errorf("rules: confidence %v, lift %v, %d following items: want 0 to 1, and 0 or more", o.MinConfidence, o.MinLift, o.MaxThen)
	}
	counts := make(map[string]int, len(sets))
	for _, s := range sets {
		counts[key(s.Items)] = s.Count
	}
	var out []Rule
	for _, s := range sets {
		if len(s.Items) > 30 {
			return nil, fmt.Errorf("rules: a set of %d items has too many parts: search for sets of 30 at most", len(s.Items))
		}
		for part := uint32(1); part < 1<<len(s.Items)-1; part++ {
			then, rest := cut(s.Items, part)
			if len(then) > o.MaxThen {
				continue
			}
			r := rule(rest, then, s.Count, counts[key(rest)], counts[key(then)], baskets)
			if r.Confidence >= o.MinConfidence && r.Lift >= o.MinLift {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(b.Both, a.Both), slices.Compare(a.If, b.If), slices.Compare(a.Then, b.Then))
	})
	return out, nil
}

// cut parts items into those whose bit is set and the others.
func cut(items []int32, part uint32) (set, others []int32) {
	for i, item := range items {
		if part>>i&1 == 1 {
			set = append(set, item)
		} else {
			others = append(others, item)
		}
	}
	return set, others
}

func key(items []int32) string {
	b := make([]byte, 0, 4*len(items))
	for _, item := range items {
		b = binary.LittleEndian.AppendUint32(b, uint32(item))
	}
	return string(b)
}

func rule(given, then []int32, both, with, of, baskets int) Rule {
	n := float64(baskets)
	r := Rule{If: given, Then: then, Both: both, With: with, Of: of, Support: float64(both) / n, Confidence: float64(both) / float64(with)}
	r.Lift = float64(both) * n / (float64(with) * float64(of))
	r.Leverage = float64(both)/n - float64(with)*float64(of)/(n*n)
	r.Conviction = math.Inf(1)
	if both < with {
		r.Conviction = float64(baskets-of) * float64(with) / (n * float64(with-both))
	}
	return r
}
