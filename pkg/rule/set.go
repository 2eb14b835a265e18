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

// Uses says whether a rule looks at a feature or tag of that name.
func (s *Set) Uses(name string) bool {
	return slices.ContainsFunc(s.leaves, func(l leaf) bool { return l.name == name })
}

// RuleUses says whether rule i looks at something of which is says that it is meant: features, tags and scores go by their names.
func (s *Set) RuleUses(i int, is func(name string) bool) bool {
	return slices.ContainsFunc(s.Rules[i].tree.collect(nil), func(l int) bool { return is(s.leaves[l].name) })
}

// Leaves is the number of different comparisons of all rules.
func (s *Set) Leaves() int { return len(s.leaves) }
