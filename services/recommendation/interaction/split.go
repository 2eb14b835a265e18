package interaction

import (
	"cmp"
	"fmt"
	"slices"
)

// CutAt is the time from which on the newest share of the events lies, for Cut. share is above 0 and below 1. Events of one time stay together.
func CutAt(events []Event, share float64) (int64, error) {
	if !(share > 0 && share < 1) {
		return 0, fmt.Errorf("a share of %v judges: want above 0 and below 1", share)
	}
	if len(events) < 2 {
		return 0, fmt.Errorf("%d events cannot be cut in two", len(events))
	}
	times := make([]int64, len(events))
	for i, e := range events {
		times[i] = e.AtMs
	}
	slices.Sort(times)
	at := times[min(int(float64(len(times))*(1-share)), len(times)-1)]
	if at == times[0] {
		return 0, fmt.Errorf("the events cannot be cut in two: %.0f %% of them lie at the file's first moment or the share of %v reaches it", 100*(1-share), share)
	}
	return at, nil
}

// Cut parts the events into those before a time and those at or behind it, each in the file's order.
func Cut(events []Event, atMs int64) (before, behind []Event) {
	for _, e := range events {
		if e.AtMs < atMs {
			before = append(before, e)
		} else {
			behind = append(behind, e)
		}
	}
	return before, behind
}

// Last parts sessions, in the order in which they ended, into the first and the last share of them.
func Last(sessions []Session, share float64) (first, last []Session, err error) {
	if !(share > 0 && share < 1) {
		return nil, nil, fmt.Errorf("a share of %v judges: want above 0 and below 1", share)
	}
	n := int(float64(len(sessions)) * share)
	if n == 0 {
		return nil, nil, fmt.Errorf("a share of %v of %d sessions is none", share, len(sessions))
	}
	return sessions[:len(sessions)-n], sessions[len(sessions)-n:], nil
}

// Baskets parts a session where the next touch comes more than gapMs after the basket's first: what is bought together. Without times it is one basket.
func Baskets(s *Session, gapMs int64) []Session {
	if s.At == nil {
		return []Session{*s}
	}
	var out []Session
	from := 0
	for i := 1; i <= len(s.Items); i++ {
		if i < len(s.Items) && s.At[i]-s.At[from] <= gapMs {
			continue
		}
		out = append(out, Session{User: s.User, Items: s.Items[from:i], Values: s.Values[from:i], At: s.At[from:i]})
		from = i
	}
	return out
}

// AtLeast are the events of users or sessions with so many touches or more, in the file's order.
func AtLeast(events []Event, touches int) []Event {
	var counts []int
	for i := range events {
		if missing := int(events[i].User) + 1 - len(counts); missing > 0 {
			counts = append(counts, make([]int, missing)...)
		}
		counts[events[i].User]++
	}
	var out []Event
	for _, e := range events {
		if counts[e.User] >= touches {
			out = append(out, e)
		}
	}
	return out
}

// Visits parts sessions where nothing was touched for more than gapMs, in the order in which the parts end.
func Visits(sessions []Session, gapMs int64) []Session {
	var out []Session
	for i := range sessions {
		s := &sessions[i]
		from := 0
		for j := 1; j <= len(s.Items); j++ {
			if j < len(s.Items) && s.At[j]-s.At[j-1] <= gapMs {
				continue
			}
			out = append(out, Session{User: s.User, Items: s.Items[from:j], Values: s.Values[from:j], At: s.At[from:j]})
			from = j
		}
	}
	slices.SortStableFunc(out, func(a, b Session) int { return cmp.Compare(a.End(), b.End()) })
	return out
}

// Brief says that nearly all who touched twice and more did so within a day: they are visits, whatever they are called.
func Brief(sessions []Session) bool {
	const day = 24 * 3600 * 1000
	brief, all := 0, 0
	for i := range sessions {
		if s := &sessions[i]; len(s.At) > 1 {
			if all++; s.End()-s.At[0] < day {
				brief++
			}
		}
	}
	return all > 0 && brief*10 >= all*9
}
