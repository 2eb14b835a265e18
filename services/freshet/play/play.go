// Package play sends a simulated shop to a stack, with progress. It is not for making the events: see simulator.
package play

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/freshet/freshet/services/freshet/progress"
	"github.com/freshet/freshet/services/simulator"
	"github.com/freshet/freshet/services/simulator/send"
)

// Player sends what a shop does.
type Player struct {
	// Bars is where progress is shown.
	Bars io.Writer
	// Send says where events go; History and OnResult are set by the methods.
	Send send.Config
}

// History plays the past.
func (p Player) History(ctx context.Context, shop *simulator.Shop, from, to time.Time) (send.Report, error) {
	cfg := p.Send
	cfg.History = true
	total, err := shop.Foresee(from, to)
	if err != nil {
		return send.Report{}, err
	}
	bar := progress.New(p.Bars, "history, events", total)
	defer bar.Done()
	cfg.OnResult = func(accepted, rejected int) { bar.Add(accepted + rejected) }
	return p.play(ctx, cfg, bar, shop.History(from, to), func(simulator.Event) error { return nil })
}

// Live plays the present; paced, each event waits for its moment.
func (p Player) Live(ctx context.Context, shop *simulator.Shop, rate float64, duration time.Duration, paced bool) (send.Report, error) {
	cfg := p.Send
	bar := progress.New(p.Bars, "live, events", int64(rate*duration.Seconds()))
	defer bar.Done()
	cfg.OnResult = func(accepted, rejected int) { bar.Add(accepted + rejected) }
	return p.play(ctx, cfg, bar, shop.Live(time.Now(), rate, duration), func(ev simulator.Event) error {
		if !paced {
			return ctx.Err()
		}
		return sleepUntil(ctx, ev.At)
	})
}

func (p Player) play(ctx context.Context, cfg send.Config, bar progress.Bar, events iter.Seq[simulator.Event], before func(simulator.Event) error) (send.Report, error) {
	sender, err := send.New(ctx, cfg)
	if err != nil {
		return send.Report{}, err
	}
	for ev := range events {
		if before(ev) != nil || sender.Send(send.Event{Key: ev.Key(), Body: ev.Body}) != nil {
			break // Close reports it
		}
	}
	report, err := sender.Close()
	bar.Done()
	return report, err
}

// sleepUntil waits for a moment; moments less than a millisecond away are now.
func sleepUntil(ctx context.Context, at time.Time) error {
	wait := time.Until(at)
	if wait < time.Millisecond {
		return nil
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
