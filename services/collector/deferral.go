package collector

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// behindHeader says in an answer how late what was taken is, in seconds.
const behindHeader = "X-Freshet-Behind"

// longestDeferral is the longest that history is told to wait before it asks again. What a stage needs is an estimate, and one that commits in bursts
// is thought to need many times longer than it does: of 30 s an import on an idle stack stood still half of its time.
const longestDeferral = 5 * time.Second

// deferral is the answer to history that has to wait, nil when it has not: see the package behind.
func (s *Service) deferral() *refusal {
	back := s.behind.Deferral()
	if back == nil {
		return nil
	}
	ref := refused(http.StatusTooManyRequests, "behind", fmt.Sprintf(
		"history waits while the events before it are worked off, %d s of them before %s, so that live events are not late: send the same request again",
		seconds(back.Needs), back.Stage))
	ref.wait = min(back.Needs, longestDeferral)
	return ref
}

// behindSeconds is what an answer says: about how long the stages need to catch up, 0 while history is taken.
func (s *Service) behindSeconds() int {
	if d := s.behind.CatchesUp(); d > 0 {
		return seconds(d)
	}
	return 0
}

// tellBehind says in an answer that what was taken is late.
func (s *Service) tellBehind(h http.Header) {
	if n := s.behindSeconds(); n > 0 {
		h.Set(behindHeader, strconv.Itoa(n))
	}
}
