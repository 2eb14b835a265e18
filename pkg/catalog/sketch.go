package catalog

import (
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// Registers is the size of a sketch beyond DistinctExact: HyperLogLog with a standard error of 3.3 % (Flajolet, Fusy, Gandouet, Meunier 2007).
const (
	registerBits = 10
	Registers    = 1 << registerBits
)

// Sketch counts different hashes: exactly up to DistinctExact, beyond it by Registers of the same hashes. What it holds depends on which hashes it
// saw, and never on their order. The zero Sketch saw nothing.
type Sketch struct {
	exact []uint64 // sorted; nil when ranks is set
	ranks []uint8  // Registers of them
}

// Add notes a hash (KeyHash of a text).
func (s *Sketch) Add(hash uint64) {
	if s.ranks != nil {
		s.rank(hash)
		return
	}
	i, found := slices.BinarySearch(s.exact, hash)
	if found {
		return
	}
	s.exact = slices.Insert(s.exact, i, hash)
	if len(s.exact) <= DistinctExact {
		return
	}
	all := s.exact
	s.exact, s.ranks = nil, make([]uint8, Registers)
	for _, h := range all {
		s.rank(h)
	}
}

func (s *Sketch) rank(hash uint64) {
	i, rank := hash%Registers, uint8(bits.TrailingZeros64(hash>>registerBits|1<<(64-registerBits-1))+1)
	s.ranks[i] = max(s.ranks[i], rank)
}

// Merge notes all that o saw.
func (s *Sketch) Merge(o *Sketch) {
	if o.ranks == nil {
		for _, h := range o.exact {
			s.Add(h)
		}
		return
	}
	if s.ranks == nil {
		mine := s.exact
		s.exact, s.ranks = nil, slices.Clone(o.ranks)
		for _, h := range mine {
			s.rank(h)
		}
		return
	}
	for i, r := range o.ranks {
		s.ranks[i] = max(s.ranks[i], r)
	}
}

// Exact are the hashes while there are at most DistinctExact; ok is false beyond.
func (s *Sketch) Exact() (hashes []uint64, ok bool) { return s.exact, s.ranks == nil }

// Ranks are the Registers beyond DistinctExact, else nil.
func (s *Sketch) Ranks() []uint8 { return s.ranks }

// OfHashes is a sketch of sorted different hashes, at most DistinctExact; OfRanks one of Registers. They take the slices, and are nil when these
// cannot be a sketch's.
func OfHashes(hashes []uint64) *Sketch {
	if len(hashes) > DistinctExact {
		return nil
	}
	for i := 1; i < len(hashes); i++ {
		if hashes[i-1] >= hashes[i] {
			return nil
		}
	}
	return &Sketch{exact: hashes}
}

// OfRanks is a sketch of Registers: see OfHashes.
func OfRanks(ranks []uint8) *Sketch {
	if len(ranks) != Registers || slices.Max(ranks) > 64-registerBits {
		return nil
	}
	return &Sketch{ranks: ranks}
}

// linear are Registers * ln(Registers / empty), by how many Registers are empty.
var linear = func() (out [Registers + 1]int64) {
	for empty := 1; empty <= Registers; empty++ {
		out[empty] = int64(math.Round(Registers * math.Log(float64(Registers)/float64(empty))))
	}
	return out
}()

// Count is how many different hashes there were, about, once there are more than DistinctExact. It is computed in integers.
func (s *Sketch) Count() int64 {
	if s.ranks == nil {
		return int64(len(s.exact))
	}
	sum, empty := new(big.Int), 0
	for _, r := range s.ranks {
		if r == 0 {
			empty++
		}
		sum.Add(sum, new(big.Int).Lsh(big.NewInt(1), uint(64-r)))
	}
	// alpha * Registers^2 / sum of 2^-rank, with alpha = 0.7213 / (1 + 1.079 / Registers) = 0.720540 for 1,024.
	n := new(big.Int).Lsh(big.NewInt(720_540*Registers), 64+registerBits)
	n.Quo(n, sum.Mul(sum, big.NewInt(1_000_000)))
	if estimate := n.Int64(); empty == 0 || estimate > 5*Registers/2 {
		return max(estimate, DistinctExact+1)
	}
	return max(linear[empty], DistinctExact+1)
}
