package decode

import "time"

// How a wrong clock is told from a late delivery. docs/decisions/2026-11-28-clocks.md has the reasons and what was assumed.
//
// A client writes sentAt by its own clock when it sends. What lies between that and the receipt is
//
//	lag = received - sent = skew + delay
//
// where skew is how far the clock is behind (below 0: ahead) and delay, never below 0, is how long the request was under way: the network's
// milliseconds, or days where a client repeats the same bytes or keeps them in a file. One request gives lag alone. Hence the rows below; the
// first that fits decides, and what is not decided as skew moves nothing. TestAWrongClockIsToldFromALateDelivery has a row for each.
//
//	| lag                                  | what else is known                                    | skew               |
//	|--------------------------------------|-------------------------------------------------------|--------------------|
//	| any                                  | the event is younger than its sentAt: two clocks      | 0                  |
//	| ahead by more than MaxAge            | the event itself says now: sentAt alone is wrong      | 0                  |
//	| any                                  | the sender's last sentAt again: the same bytes        | as then            |
//	| within SkewThreshold                 |                                                       | 0                  |
//	| ahead                                | delay is never negative: the clock is ahead           | lag, or the sender's |
//	| above LateLimit                      | no client delivers that late                          | lag                |
//	| behind                               | as far as last time, of another sentAt: it goes on    | lag                |
//	| behind                               | the sender's skew of a moment ago: the rest is delay  | the sender's       |
//	| behind                               | the client says that it repeats (X-Retry-Count)       | 0                  |
//	| behind                               | its library keeps batches in files                    | 0                  |
//	| behind, up to DoubtLimit             | clients repeat for so long without saying so          | 0                  |
//	| behind, above DoubtLimit             |                                                       | lag                |

// facts are what is known of one delivery. Times are in milliseconds.
type facts struct {
	lag int64
	// retried: the client says that it has sent this before. filed: its library keeps batches in files.
	retried, filed bool
	// known: the sender's skew was told a moment ago, and is skew.
	known bool
	skew  int64
	// steady: the lag of the sender's last delivery was the same, of another sentAt.
	steady bool
	// same: the sender's last delivery had the same sentAt, and its skew was told as skew.
	same bool
}

// verdict is what a delivery says of its sender's clock.
type verdict struct {
	skew int64
	// sure: the skew was seen, not supposed, and may be remembered.
	sure bool
}

// judge tells the skew of the clock that sent a delivery.
func (c Clock) judge(f facts) verdict {
	if f.same {
		return verdict{f.skew, false}
	}
	late := c.LateLimit.Milliseconds()
	if delay := f.lag - f.skew; f.known && (delay < 0 || delay > late) {
		f.known = false // the clock was set since
	}
	switch {
	case max(f.lag, -f.lag) <= c.SkewThreshold.Milliseconds():
		return verdict{0, true}
	case f.lag < 0 && f.known && f.skew < 0:
		return verdict{f.skew, false}
	case f.lag < 0, f.lag > late, f.steady && !f.retried:
		return verdict{f.lag, true}
	case f.known:
		return verdict{f.skew, false}
	case f.retried, f.filed, f.lag <= c.DoubtLimit.Milliseconds():
		return verdict{0, false}
	}
	return verdict{f.lag, true}
}

// judgeClock sets t.skew.
func (w *Work) judgeClock(it *Item, o *Origin, c Clock, t *times) {
	if t.sent == 0 || o.History {
		return
	}
	threshold := c.SkewThreshold.Milliseconds()
	f := facts{lag: t.received - t.sent, retried: o.Retried}
	ahead := t.original - t.received
	switch {
	case t.original > t.sent+threshold: // happened after it was sent
		return
	case f.lag < -c.MaxAge.Milliseconds() && t.original != 0 && max(ahead, -ahead) <= threshold: // or it waited exactly as long as its clock is ahead
		return
	}
	if f.lag > threshold {
		f.filed = it.Hints.Filed()
	}
	t.skew = o.Senders.judge(c, senderOf(it, o.Rules.Source), f, t)
}

// rememberFor is how long a sender's skew is remembered: twelve hours of repeats after errors and as many after 429 are what Segment's
// clients hold out.
const rememberFor = 24 * time.Hour
