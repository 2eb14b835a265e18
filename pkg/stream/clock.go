package stream

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// Clocks. Time decides what a handler throws away: tiles that no window reaches, ids that are old enough. What a wrong clock
// threw away is gone from the changelog too. So two rules:
//
//   - A partition is not folded under a clock that differs from the broker's by more than Config.MaxClockSkew, in either
//     direction: the batch fails before anything is changed (TestAClockFarFromTheBrokersIsRefused). The fence that begins
//     an ownership is answered by the broker, so its clock is known before the first batch.
//   - Nothing is thrown away by Now. Tx.Passed is a moment that is over on every clock that passes the first
//     rule (TestWhatHasPassedForCertain).
//
// Where the broker does not stamp (the embedded one; topics that somebody made with CreateTime) its clock is not known. Then nothing is
// refused, and Passed does not go beyond the newest input record: nothing is thrown away that the records do not
// say is old. What is not noticed there is a clock that is wrong for the writers of the records as well, which on one
// machine means: for everything.

// defaultClockSkew is how far clocks may be apart where a configuration does not say.
const defaultClockSkew = time.Hour

// errClock ends the process: a wrong clock is wrong for every partition.
var errClock = errors.New("wrong time")

// timekeeper tells a task the time.
type timekeeper struct {
	now    func() time.Time
	broker func() (time.Time, bool)
	skew   time.Duration
	// check says that skew is enforced.
	check bool
	// newest is the latest time of an input record; zero before the first.
	newest time.Time
}

func (p *Processor) newClock() timekeeper {
	c := timekeeper{now: p.deps.Now, broker: p.deps.BrokerClock, skew: p.cfg.MaxClockSkew, check: p.cfg.MaxClockSkew > 0}
	if c.skew == 0 {
		c.skew, c.check = defaultClockSkew, !p.deps.ownClock
	}
	return c
}

// read gives the time of a batch, and a moment that has certainly passed; the zero time when there is none that is certain.
func (c *timekeeper) read(batch []broker.Record) (now, passed time.Time, err error) {
	for i := range batch {
		if batch[i].Time.After(c.newest) {
			c.newest = batch[i].Time
		}
	}
	now = c.now()
	if !c.check {
		return now, now.Add(-c.skew), nil
	}
	theirs, known := c.broker()
	if !known {
		theirs = c.newest
	} else if apart := now.Sub(theirs); apart > c.skew || apart < -c.skew {
		return now, passed, c.refuse(now, theirs, apart)
	}
	if theirs.IsZero() {
		return now, theirs, nil
	}
	if passed = theirs; now.Before(passed) {
		passed = now
	}
	return now, passed.Add(-c.skew), nil
}

func (c *timekeeper) refuse(now, theirs time.Time, apart time.Duration) error {
	how := "ahead of"
	if apart < 0 {
		how, apart = "behind", -apart
	}
	return fmt.Errorf("%w: this machine's clock, %s, is %s %s the Kafka broker's, %s: more than %s apart nothing is folded, since a wrong clock empties windows "+
		"and forgets event ids; set the clocks of both, for instance by NTP",
		errClock, now.UTC().Format(time.RFC3339), apart.Round(time.Second), how, theirs.UTC().Format(time.RFC3339), c.skew)
}
