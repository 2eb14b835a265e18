// Package retry is how everything in Freshet waits before it tries again: pauses that double up to a bound, each
// shortened by chance, so that what failed together is not tried again together.
//
// It is not for deciding whether to try again: the caller knows which errors pass.
package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff gives growing pauses. The zero value waits from 20 ms up to 2 s. For one goroutine.
type Backoff struct {
	// First is the first pause. Zero means 20 ms.
	First time.Duration
	// Most is the longest pause. Zero means 2 s.
	Most time.Duration

	next time.Duration
}

// Next is the pause before the next attempt: by chance between half of and the whole of a value that doubles with each call.
func (b *Backoff) Next() time.Duration {
	first, most := b.First, b.Most
	if first <= 0 {
		first = 20 * time.Millisecond
	}
	if most <= 0 {
		most = 2 * time.Second
	}
	if b.next <= 0 {
		b.next = first
	}
	now := min(b.next, most)
	b.next = min(2*now, most)
	return now/2 + rand.N(now/2+1)
}

// Wait makes the next pause. It fails, with the context's error, as soon as ctx ends.
func (b *Backoff) Wait(ctx context.Context) error { return Sleep(ctx, b.Next()) }

// Reset begins with the first pause again: after something worked.
func (b *Backoff) Reset() { b.next = 0 }

// Sleep waits d, or returns the context's error as soon as that ends.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Linger returns a context that outlives ctx by grace: for finishing what has begun. Call cancel when it is finished.
func Linger(ctx context.Context, grace time.Duration) (longer context.Context, cancel context.CancelFunc) {
	longer, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, end)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() { stop(); end() }
}
