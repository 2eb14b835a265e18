package stream

import (
	"fmt"
	"math"
	"time"
)

// The pace. A commit costs about a millisecond whatever it holds, so a task that reads a record a commit spends its time on
// commits. Hence: after a fetch that brought records the task waits a little before it asks again, and what comes meanwhile
// shares one fetch and one commit. The rule, which is the only one:
//
//   - It waits until the next beat: the whole multiples of a step on the clock, and Config.Hop times hopFor later. All partitions
//     of a process that are equally busy ask at the same moments, so that their requests can go together; and a task asks
//     when those before it have committed what their own beat brought, so that it is here in one piece (TestATaskAsksAfterThoseBeforeIt).
//   - The step is longest * min(1, rate/busyRate), rounded down to longest, its half, its quarter, and so on; below a
//     sixteenth of longest it is nothing. The rate is that of the input's records, over about the last second.
//   - It does not wait at all when the fetch left records behind: a task that catches up goes as fast as it can.
//
// So a lone record is never held up: the task was asking already when it came (TestALoneRecordIsNotHeldUp). At a steady rate
// from busyRate on, a commit holds what comes in `longest` (TestAtASteadyRateRecordsShareACommit). No record waits longer than `longest`
// (TestNoRecordWaitsLongerThanThePace), and the waits of one task behind another do not add up: what the first commits in one
// go, the second, which is asking by then, takes in one go. A stop ends a wait (TestAStopEndsTheWait).

// DefaultPace is a Config.Pace that suits live events: nobody sees a twentieth of a second, and a busy partition
// commits twenty times a second instead of a thousand.
const DefaultPace = 50 * time.Millisecond

// longestPace is the longest Pace that makes sense: an alert has a second for all its way.
const longestPace = time.Second

// CheckPace reports a Pace that an operator must not set.
func CheckPace(d time.Duration) error {
	if d < 0 || d > longestPace {
		return fmt.Errorf("pace: %s is not within 0 and %s", d, longestPace)
	}
	return nil
}

// busyRate is how many records a second and partition make a task wait the longest.
const busyRate = 80

// shortestPart of the longest wait is still waited; less is not worth a timer.
const shortestPart = 1.0 / 16

// fade is how fast the past is forgotten.
const fade = time.Second

// hopFor is what a task that has few records needs from its beat until its outputs are there for the next one.
const hopFor = 5 * time.Millisecond

// pace says how long to wait before more is asked for. For one input of one task, and one goroutine.
type pace struct {
	longest time.Duration // 0: no wait
	phase   time.Duration // of the beats
	rate    float64       // records a second
	last    time.Time
}

// wait is how long to wait after a fetch at now that brought records; left says that there were more.
func (p *pace) wait(now time.Time, records int, left bool) time.Duration {
	if p.longest == 0 || records == 0 {
		return 0
	}
	p.rate = p.rate*math.Exp(-float64(now.Sub(p.last))/float64(fade)) + float64(records)/fade.Seconds()
	p.last = now
	step := p.step()
	if left || step == 0 {
		return 0
	}
	return now.Add(-p.phase).Truncate(step).Add(step + p.phase).Sub(now)
}

func (p *pace) step() time.Duration {
	part := min(1, p.rate/busyRate)
	if part < shortestPart {
		return 0
	}
	return p.longest >> int(math.Ceil(-math.Log2(part)))
}
