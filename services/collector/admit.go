package collector

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/collector/quota"
)

// admit says whether a source may send this request at all: from this page, and now. It is asked as soon as the source is known, when
// possible before the body is read.
func (s *Service) admit(w *work, r *http.Request, src *directory.Source) *refusal {
	if !src.Origins.Any() {
		from := r.Header.Get("Origin")
		if from != "" && !src.Origins.Allow(from) {
			return refused(http.StatusForbidden, "origin_not_allowed",
				fmt.Sprintf("source %s takes nothing from pages of %.100q: add the origin to its origins", src.Name, from))
		}
		w.page, w.paged = from, true
	}
	return s.throttle(src, src.Peek())
}

// charge takes the events of w from the source's rate.
func (s *Service) charge(w *work, src *directory.Source) *refusal {
	return s.throttle(src, src.Charge(len(w.Items)))
}

// throttle is the answer to a source that is over its rate, nil when it is not.
func (s *Service) throttle(src *directory.Source, v quota.Verdict) *refusal {
	if v.Wait == 0 {
		return nil
	}
	src.Throttled()
	whose := fmt.Sprintf("source %s may send %g events a second", src.Name, v.Rate)
	if v.Shared {
		whose = fmt.Sprintf("all sources together may send %g events a second, and %s is over its share", v.Rate, src.Name)
	}
	ref := refused(http.StatusTooManyRequests, "rate_limited",
		fmt.Sprintf("%s: send the same request again in %d s", whose, seconds(v.Wait)))
	ref.wait = v.Wait
	return ref
}

// named applies what a source's own limits say when its key came in the body, which was read and split under the process's.
func (s *Service) named(w *work, r *http.Request, c call, src *directory.Source) *refusal {
	if ref := s.admit(w, r, src); ref != nil {
		return ref
	}
	if len(w.Body) > src.Limits.BodyBytes {
		return tooLarge(src.Limits.BodyBytes)
	}
	if !src.Tight {
		return nil
	}
	if c.read != nil { // in a form of its own, which cannot be read a second time
		if len(w.Items) > src.Limits.BatchEvents {
			return badBody(decode.TooManyEvents(src.Limits.Form()))
		}
		return nil
	}
	w.Envelope = decode.Envelope{}
	return s.parse(w, c, src.Limits)
}

// seconds is a time in whole seconds, at least one, never less than the time.
func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// later tells a client when to come again. Segment's browser library reads X-RateLimit-Reset as seconds from now; newer ones read
// Retry-After. Scripts see neither unless they are exposed.
func later(h http.Header, wait time.Duration) {
	text := strconv.Itoa(seconds(wait))
	h.Set("Retry-After", text)
	h.Set("X-RateLimit-Reset", text)
	h.Set("Access-Control-Expose-Headers", "Retry-After, X-RateLimit-Reset")
}

// share lets the page that sent the request read its answer: any page, or the one that is allowed. A page that is not allowed may
// read why: to a client whose answer is hidden it looks like a broken network, and it would send again and again.
func (w *work) share(h http.Header) {
	if !w.paged {
		return
	}
	if w.page != "" {
		h.Set("Access-Control-Allow-Origin", w.page)
	}
	if !strings.Contains(h.Get("Vary"), "Origin") {
		h.Add("Vary", "Origin")
	}
}
