package retry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPausesDoubleUpToTheirBound(t *testing.T) {
	b := Backoff{First: 100 * time.Millisecond, Most: time.Second}
	for round := range 2 {
		for i, whole := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
			whole *= time.Millisecond
			if got := b.Next(); got < whole/2 || got > whole {
				t.Errorf("round %d: pause %d is %s, want %s to %s", round, i, got, whole/2, whole)
			}
		}
		b.Reset()
	}
}

// A bound below the first pause is a bound all the same, and the zero value does not spin.
func TestPausesAreNeverZero(t *testing.T) {
	b := Backoff{First: time.Minute, Most: time.Second}
	if got := b.Next(); got > time.Second {
		t.Errorf("the pause is %s, beyond its bound", got)
	}
	var zero Backoff
	if got := zero.Next(); got < 10*time.Millisecond {
		t.Errorf("the zero value waits %s", got)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("gave %v after %s", err, time.Since(began))
		}
	})
}

func TestLingerOutlivesByItsGraceAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		longer, cancel := Linger(ctx, time.Second)
		defer cancel()
		time.Sleep(time.Hour)
		stop()
		time.Sleep(time.Second - 1)
		synctest.Wait()
		if longer.Err() != nil {
			t.Error("ended before its grace")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if longer.Err() == nil {
			t.Error("outlived its grace")
		}
	})
}
