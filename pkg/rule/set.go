package rule

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
)

// Rule is one compiled segment.
type Rule struct {
	// Name is lower snake case, unique in the file.
	Name string
	// Description is for people; may be empty.
	Description string
	// When is the condition as written.
	When string
	// Version names the meaning of the condition: a positive number below 2^48
	// (exact in JSON), hashed from its normal form. Another spacing or another way of
	// writing a constant keeps it; another condition changes it. It is a hash and not
	// a count, so that every partition and replica agrees on it without talking, and
	// so that a rule which is put back gets its old version back.
	Version int64

	tree    node
	elapsed []int // the leaves of the tree that time alone flips
}

// Set is rules compiled over shared leaves. It does not change, so
// many goroutines may use it.
type Set struct {
	// Rules in the order in which they were added.
	Rules  []Rule
	schema Schema
	leaves []leaf
	places map[leaf]int // where a leaf is, for sharing while compiling
}

// NewSet is a set without rules, over the features and tags of a schema.
func NewSet(s Schema) *Set { return &Set{schema: s} }

// share is the place of a leaf, kept once.
func (s *Set) share(l leaf) int {
	if i, ok := s.places[l]; ok {
		return i
	}
	if s.places == nil {
		s.places = map[leaf]int{}
	}
	i := len(s.leaves)
	s.leaves = append(s.leaves, l)
	s.places[l] = i
	return i
}

// Add compiles a condition into the rule and keeps it, or gives all its faults.
func (s *Set) Add(r Rule) []error {
	tree, faults := compile(r.When, s.schema, s.share)
	if len(faults) > 0 {
		return faults
	}
	r.tree = tree
	for _, i := range tree.collect(nil) {
		if s.leaves[i].elapsed() {
			r.elapsed = append(r.elapsed, i)
		}
	}
	r.Version = version(tree, s.leaves)
	s.Rules = append(s.Rules, r)
	return nil
}

// version hashes the normal form: the first 48 bits of its SHA-256, never zero.
func version(tree node, leaves []leaf) int64 {
	var b strings.Builder
	tree.text(leaves, &b)
	sum := sha256.Sum256([]byte(b.String()))
	return max(1, int64(binary.BigEndian.Uint64(sum[:8])>>16))
}

// Elapses says whether time alone can change the answer of any rule.
func (s *Set) Elapses() bool {
	return slices.ContainsFunc(s.Rules, func(r Rule) bool { return len(r.elapsed) > 0 })
}

// Leaves is the number of different comparisons of all rules.
func (s *Set) Leaves() int { return len(s.leaves) }

// Match says for every rule, in the order of Rules, whether the customer is in it at
// nowMs (Unix milliseconds). Each shared leaf is looked at once.
func (s *Set) Match(f Facts, nowMs int64) []bool {
	values := make([]bool, len(s.leaves)+len(s.Rules))
	values, matches := values[:len(s.leaves)], values[len(s.leaves):]
	for i, l := range s.leaves {
		values[i] = l.holds(f, nowMs)
	}
	for i := range s.Rules {
		matches[i] = s.Rules[i].tree.holds(func(l int) bool { return values[l] })
	}
	return matches
}

// NextFlip is the first millisecond after nowMs at which rule i changes its answer
// for these facts if nothing more happens. ok is false when it never does. A leaf that
// flips without changing the tree's answer is passed over.
func (s *Set) NextFlip(i int, f Facts, nowMs int64) (ms int64, ok bool) {
	r := &s.Rules[i]
	if len(r.elapsed) == 0 {
		return 0, false
	}
	var room [8]int64
	flips := room[:0]
	for _, l := range r.elapsed {
		if at, ok := s.leaves[l].flip(f); ok && at > nowMs {
			flips = append(flips, at)
		}
	}
	if len(flips) == 0 {
		return 0, false
	}
	slices.Sort(flips)
	holds := func(at int64) bool {
		return r.tree.holds(func(l int) bool { return s.leaves[l].holds(f, at) })
	}
	now := holds(nowMs)
	for _, at := range flips {
		if holds(at) != now {
			return at, true
		}
	}
	return 0, false
}
