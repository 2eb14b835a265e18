package intake

import (
	"fmt"
	"net/http"
	"time"
)

// longestDeferral is the longest that history is told to wait before it asks again. What a stage needs is an estimate, and one that commits in bursts
// is thought to need many times longer than it does: of 30 s an import on an idle stack stood still half of its time.
const longestDeferral = 5 * time.Second

// deferral is the answer to history that has to wait, nil when it has not: see the package behind.
func (i *Intake) deferral() *Refusal {
	back := i.behind.Deferral()
	if back == nil {
		return nil
	}
	ref := Refuse(http.StatusTooManyRequests, "behind", fmt.Sprintf(
		"history waits while the events before it are worked off, %d s of them before %s, so that live events are not late: send the same request again",
		Seconds(back.Needs), back.Stage))
	ref.Wait = min(back.Needs, longestDeferral)
	return ref
}

// BehindSeconds is what an answer says: about how long the stages need to catch up, 0 while history is taken.
func (i *Intake) BehindSeconds() int {
	if d := i.behind.CatchesUp(); d > 0 {
		return Seconds(d)
	}
	return 0
}
