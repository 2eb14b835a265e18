package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"math"

	"github.com/freshet/freshet/pkg/wire"
)

// Assign gives the place of the visitor's variant in shares, which are weights of 0 or more: 50, 50 or 1, 1, 2. -1 where no share is above 0.
//
// It is weighted rendezvous hashing: every variant draws -ln(u)/share from a hash of its place and the visitor, and the smallest draw wins. So P(variant) is its part of all
// shares, and a change of one share moves visitors only to or from that variant. Source: C. Schindelhauer, G. Schomaker, "Weighted distributed hash tables" (SPAA 2005).
func Assign(salt, workspace, customerID string, shares []float64) int {
	sum := visitor(salt, workspace, customerID)
	best, least := -1, math.Inf(1)
	for i, share := range shares {
		if !(share > 0) || math.IsInf(share, 1) {
			continue
		}
		if d := -math.Log(unit(sum, uint64(i))) / share; d < least || best < 0 {
			best, least = i, d
		}
	}
	return best
}

// visitor is a hash of the three; their lengths go in, so that ("a", "bc") and ("ab", "c") differ.
func visitor(salt, workspace, customerID string) uint64 {
	var room [128]byte
	b := wire.AppendText(room[:0], salt)
	b = wire.AppendText(b, workspace)
	b = wire.AppendText(b, customerID)
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

// unit is a number within (0, 1) that follows from a hash and a place: splitmix64's finaliser, and its upper 53 bits.
func unit(sum, place uint64) float64 {
	x := sum + (place+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return (float64(x>>11) + 0.5) / (1 << 53)
}
