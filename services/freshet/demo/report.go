package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/pkg/stack"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"github.com/freshet/freshet/services/freshet/story"
	"github.com/freshet/freshet/services/simulator"
	"github.com/freshet/freshet/services/simulator/send"
)

// report prints everything and returns an error when something found differs from the truth.
func (o Options) report(ctx context.Context, l *look, shop *simulator.Shop, history, live send.Report) error {
	fmt.Fprintf(o.Out, "\nSent:   %s\n        %s\n", history, live)
	if again := history.Again + live.Again; again > 0 {
		fmt.Fprintf(o.Out, "        the answer to %d requests with %d events came too late or not at all: they were sent again, and each event may have come twice\n",
			history.Retries+live.Retries, again)
	}
	wrong, err := o.compare(ctx, l, shop)
	if err != nil {
		return err
	}
	if err := o.segments(ctx, l); err != nil {
		return err
	}
	if err := o.alerts(l); err != nil {
		wrong++
		fmt.Fprintln(o.Out, err)
	}
	missed, err := o.leavers(ctx, l, shop)
	if err != nil {
		return err
	}
	wrong += missed
	if err := o.tell(ctx, l, shop); err != nil {
		return err
	}
	if missed, err = o.recommend(ctx, l, shop); err != nil {
		return err
	}
	wrong += missed
	o.signposts(l)
	if wrong > 0 {
		return fmt.Errorf("%d findings differ from the truth", wrong)
	}
	return nil
}

// compare holds what the stack found against what the simulator knows.
func (o Options) compare(ctx context.Context, l *look, shop *simulator.Shop) (wrong int, err error) {
	findings, err := l.findings(ctx, shop)
	if err != nil {
		return 0, err
	}
	w := tabwriter.NewWriter(o.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\nthe shop's truth\tfound\t\t")
	for _, f := range findings {
		mark := "ok"
		if !f.right() {
			mark = "DIFFERS"
			wrong++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t  %s\n", f.show(f.truth), f.show(f.found), mark, f.label())
	}
	return wrong, w.Flush()
}

func (o Options) segments(ctx context.Context, l *look) error {
	got, err := l.api.Segments.ListSegments(ctx, &segmentationv1.ListSegmentsRequest{})
	if err != nil {
		return fmt.Errorf("list the segments: %w", err)
	}
	fmt.Fprintln(o.Out)
	return story.TellSegments(o.Out, got)
}

// alerts tells what reached the webhook. Forged deliveries and missing alerts are faults.
func (o Options) alerts(l *look) error {
	h := freshness(l.causes, l.rx)
	l.rx.mu.Lock()
	defer l.rx.mu.Unlock()
	fmt.Fprintf(o.Out, "\n%d alerts reached the webhook at %s, every signature verified; %d came twice\n", len(l.rx.arrived), l.rx.url(), l.rx.repeats)
	for _, name := range slices.Sorted(maps.Keys(l.rx.segments)) {
		fmt.Fprintf(o.Out, "  %-14s %d\n", name, l.rx.segments[name])
	}
	fmt.Fprintf(o.Out, "Freshness, event received to alert delivered: p50 %s, p99 %s, worst %s (%d alerts)\n",
		round(h.Quantile(0.5)), round(h.Quantile(0.99)), round(h.Quantile(1)), h.Count())
	switch {
	case l.rx.forged > 0:
		return fmt.Errorf("%d deliveries had no valid signature", l.rx.forged)
	case len(l.rx.arrived) == 0:
		return errors.New("no alert arrived")
	}
	return nil
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// tell tells the story of somebody with several devices and orders.
func (o Options) tell(ctx context.Context, l *look, shop *simulator.Shop) error {
	var best *simulator.Person
	people := shop.People()
	for i, p := range people {
		if p.UserID != "" && len(p.LinkedIDs) > 1 && p.Events < 300 && (best == nil || p.Orders > best.Orders) {
			best = &people[i]
		}
	}
	if best == nil {
		return nil
	}
	s, err := story.Gather(ctx, l.api, l.db, "", "user_id:"+best.UserID, 8)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "\nOne customer's story (freshet customer user_id:%s)\n", best.UserID)
	if err := s.Tell(o.Out, time.Now()); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "The simulator says: %d events, %d orders for %s, devices %v", best.Events, best.Orders, money.Format(best.RevenueMicros), best.AnonymousIDs)
	if !best.ChurnAt.IsZero() {
		fmt.Fprintf(o.Out, ", left on %s", best.ChurnAt.Format(time.DateOnly))
	}
	fmt.Fprintln(o.Out)
	return o.why(ctx, l, "user_id:"+best.UserID)
}

func (o Options) signposts(l *look) {
	a, where, read := stack.Fixed(), `after "make up"`, "freshet get /v1/segments"
	if o.Keep { // no file names this stack's token
		a, where = l.addresses, "now"
		read = fmt.Sprintf(`curl -H "Authorization: Bearer %s" http://%s/v1/segments`, a.APIToken, a.APIHTTP)
	}
	fmt.Fprintf(o.Out, `
Look further, %s:
  HTTP/JSON   %s
  gRPC        %s
  collector   http://%s/v1/batch
  ClickHouse  http://%s, user and password: in the addresses file; or freshet sql
  Kafka       %s
  metrics     http://%s/metrics
`, where, read, a.APIGRPC, a.CollectorHTTP, a.ClickHouseHTTP, a.Kafka, a.Metrics)
}
