package changelog

import "slices"

// runs remembers which offsets were read, the last ones of them, as spans without a gap.
type runs []span

type span struct{ from, to int64 }

// maxRuns is how many are kept. What a commit builds on stands close before it: only void records are between.
const maxRuns = 1024

// add notes offsets from to to-1, which are above those noted before or the last of them.
func (r *runs) add(from, to int64) {
	s := *r
	if n := len(s); n > 0 && from <= s[n-1].to {
		s[n-1].to = max(s[n-1].to, to)
		return
	}
	if len(s) == 2*maxRuns {
		s = slices.Delete(s, 0, maxRuns)
	}
	*r = append(s, span{from, to})
}

// has says that a record was read at an offset. Of those read long ago it says no.
func (r runs) has(offset int64) bool {
	i, found := slices.BinarySearchFunc(r, offset, func(s span, o int64) int {
		switch {
		case o < s.from:
			return 1
		case o >= s.to:
			return -1
		}
		return 0
	})
	return found && i >= 0
}
