package intake

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/quota"
)

// Admit says whether a source may send this request at all: from this page, "" when it names none, and now. It is asked as soon as the source is known, when
// possible before the body is read.
func Admit(w *Work, from string, src *directory.Source) *Refusal {
	if !src.Origins.Any() {
		if from != "" && !src.Origins.Allow(from) {
			return Refuse(http.StatusForbidden, "origin_not_allowed",
				fmt.Sprintf("source %s takes nothing from pages of %.100q: add the origin to its origins", src.Name, from))
		}
		w.Page, w.Paged = from, true
	}
	return throttle(src, src.Peek())
}

// charge takes the events of w from the source's rate.
func charge(w *Work, src *directory.Source) *Refusal {
	return throttle(src, src.Charge(len(w.Items)))
}

// throttle is the answer to a source that is over its rate, nil when it is not.
func throttle(src *directory.Source, v quota.Verdict) *Refusal {
	if v.Wait == 0 {
		return nil
	}
	src.Throttled()
	whose := fmt.Sprintf("source %s may send %g events a second", src.Name, v.Rate)
	if v.Shared {
		whose = fmt.Sprintf("all sources together may send %g events a second, and %s is over its share", v.Rate, src.Name)
	}
	ref := Refuse(http.StatusTooManyRequests, "rate_limited",
		fmt.Sprintf("%s: send the same request again in %d s", whose, Seconds(v.Wait)))
	ref.Wait = v.Wait
	return ref
}

// Seconds is a time in whole seconds, at least one, never less than the time.
func Seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }
