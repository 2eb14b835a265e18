package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Nobody has to give up before the time is over, whenever they came, and nobody waits for much longer, also when their request has ended.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := patience{lasts: time.Second}
		for range 200 {
			parent, hangUp := context.WithCancel(t.Context())
			begun := time.Now()
			ctx := p.begin(parent)
			if again := p.begin(parent); again != ctx {
				t.Error("two requests of one moment have two deadlines")
			}
			hangUp()
			go func() {
				<-ctx.Done()
				if took := time.Since(begun); took < time.Second || took > 1020*time.Millisecond || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
					t.Errorf("ended after %s: %v", took, ctx.Err())
				}
			}()
			time.Sleep(7 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
	})
}
