package stream

import (
	"testing"
	"testing/synctest"
	"time"
)

// The lease holds for as long as it says, from the question on, and not before there was an answer.
func TestALeaseRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lease
		if l.holds() {
			t.Error("it holds before the coordinator was asked")
		}
		l.until.Store(&term{asked: time.Now(), holds: 7500 * time.Millisecond})
		time.Sleep(7499 * time.Millisecond)
		if !l.holds() {
			t.Error("it is over too early")
		}
		time.Sleep(time.Millisecond)
		if l.holds() {
			t.Error("it is not over")
		}
	})
}
