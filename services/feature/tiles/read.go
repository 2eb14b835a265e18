package tiles

import (
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/spec"
)

// AsOf is the moment a reading at nowMs holds for: nowMs, or the last event or sale when
// that is later because the clock that stamped it runs ahead of ours. The
// finest tile cannot be cut, so an answer never ends before the last of them.
func (s *State) AsOf(nowMs int64) int64 {
	if s.seen() {
		nowMs = max(nowMs, s.last)
	}
	_, last := span(s.sales)
	return max(nowMs, last)
}

// Features reads every window at AsOf(nowMs). It fills windows, times, names and
// as_of_ms; the rest of the message is the caller's.
func (s *State) Features(nowMs int64) *featurev1.FeatureSet {
	fs := &featurev1.FeatureSet{AsOfMs: s.AsOf(nowMs)}
	for _, w := range spec.Windows() {
		sums := s.sum(w, fs.AsOfMs)
		v := sums.Clamp()
		fs.Windows = append(fs.Windows, spec.Fill(w, &v))
	}
	if s.seen() {
		fs.FirstSeenMs, fs.LastSeenMs = s.first, s.last
	}
	fs.FirstOrderMs, fs.LastOrderMs = span(s.sales)
	if len(s.names) > 0 {
		fs.LastEventMs = make(map[string]int64, len(s.names))
	}
	for _, n := range s.names {
		fs.LastEventMs[n.name] = n.at
	}
	return fs
}

func (s *State) sum(w spec.Window, asOf int64) spec.Sums {
	if w.Length == 0 {
		return s.lifetime
	}
	var sum spec.Sums
	start := w.StartMs(asOf)
	for i := range s.tiles {
		if levels[i].hop != w.Hop.Milliseconds() {
			continue
		}
		list := s.tiles[i]
		for j := len(list) - 1; j >= 0 && list[j].start >= start; j-- {
			sum.Add(&list[j].sums)
		}
	}
	return sum
}

// NextFlip is the earliest moment after asOf, Unix milliseconds, at which a window
// read at asOf has another value though no event came: its oldest tile leaves.
// False when nothing but lifetime holds anything. asOf must be an AsOf of this state.
func (s *State) NextFlip(asOf int64) (int64, bool) {
	next, ok := int64(0), false
	for i := range s.tiles {
		for _, w := range levels[i].windows {
			start := w.StartMs(asOf)
			for _, t := range s.tiles[i] {
				if t.start < start {
					continue
				}
				if leaves := w.LeavesMs(t.start); !ok || leaves < next {
					next, ok = leaves, true
				}
				break
			}
		}
	}
	return next, ok
}
