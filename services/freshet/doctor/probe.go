package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/simulator/send"
)

const (
	// probeName is the name of the event that a probe sends, and probeID the anonymous id of the one customer it makes.
	probeName, probeID = "Freshet Probe", "freshet-probe"
	// probeWithin is how long a probe may take from one end to the other, and slow from when on that is worth a word.
	probeWithin, slow = 30 * time.Second, 10 * time.Second
)

// prober follows one marked event through the stages. It is history, so that it fires no alert and the freshness watch does not count it, and
// says of itself, in context.freshet_probe, what it is.
type prober struct {
	p        Patient
	broker   *broker.Client
	id       string
	began    time.Time
	resolved map[int]int64 // where events.resolved.v1 and features.v1 ended before it was sent
	features map[int]int64

	mu    sync.Mutex
	found []Finding
}

// probe sends a marked event and times it to the end of every way it takes.
func probe(ctx context.Context, p Patient, within time.Duration) []Finding {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	pr := &prober{p: p, id: "freshet-probe-" + uuid.NewString()}
	var err error
	if pr.broker, err = p.Addresses.Broker(ctx); err != nil {
		return []Finding{{Check: "probe", State: Failed, Detail: err.Error(), Fix: restart}}
	}
	defer pr.broker.Close()
	if pr.resolved, err = pr.ends(ctx, topics.EventsResolved); err == nil {
		pr.features, err = pr.ends(ctx, topics.Features)
	}
	if err != nil {
		return []Finding{{Check: "probe", State: Failed, Detail: err.Error(), Fix: restart}}
	}
	if f, ok := pr.send(ctx, within/2); !ok {
		return []Finding{f}
	}
	var all sync.WaitGroup
	all.Go(func() { pr.store(ctx) })
	all.Go(func() { pr.follow(ctx) })
	all.Wait()
	return pr.found
}

func (pr *prober) ends(ctx context.Context, t topics.Topic) (map[int]int64, error) {
	spans, err := pr.broker.Spans(ctx, t.Name)
	out := map[int]int64{}
	for partition, s := range spans {
		out[partition] = s.Next
	}
	return out, err
}

// send gives the event to the collector. A probe is history, which waits while the stack is behind: for up to patience it waits with it.
func (pr *prober) send(ctx context.Context, patience time.Duration) (Finding, bool) {
	body, err := json.Marshal(map[string]any{
		"type": "track", "event": probeName, "anonymousId": probeID, "messageId": pr.id,
		"context": map[string]any{"freshet_probe": true}, "timestamp": time.Now().UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		return Finding{Check: "probe", State: Failed, Detail: err.Error()}, false
	}
	c, err := send.NewClient(send.Config{URL: "http://" + pr.p.Addresses.CollectorHTTP, WriteKey: pr.p.WriteKey, History: true, RetryFor: patience})
	if err != nil {
		return Finding{Check: "probe", State: Failed, Detail: err.Error(), Fix: "give a write key with --write-key"}, false
	}
	defer c.Close()
	pr.began = time.Now()
	got, err := c.Deliver(ctx, [][]byte{body})
	switch {
	case errors.Is(err, send.ErrBehind):
		return Finding{Check: "probe", State: Warned, Detail: err.Error(),
			Fix: "try again when it has caught up, live events are taken meanwhile; docs/runbooks/freshness.md#overload says what to look at"}, false
	case err != nil:
		return Finding{Check: "probe", State: Failed, Detail: "the collector did not take it: " + err.Error(),
			Fix: "give a live write key with --write-key, or leave the probe out with --no-probe"}, false
	case len(got.Rejected) > 0:
		return Finding{Check: "probe", State: Failed, Detail: "the collector refused it: " + got.Rejected[0].Detail,
			Fix: "let the tracking plan of the source know the event " + probeName + ", or give another source's key with --write-key"}, false
	}
	pr.passed("collector", "the collector has it")
	return Finding{}, true
}

// passed notes that the event came through a stage just now.
func (pr *prober) passed(stage, what string) {
	took := time.Since(pr.began)
	f := Finding{Check: "probe", State: OK, Detail: fmt.Sprintf("%5d ms  %s", took.Milliseconds(), what)}
	if took > slow {
		f.State, f.Fix = Warned, fmt.Sprintf("look at %s and what stands before it: %s", stage, lookAt)
	}
	pr.note(f)
}

// stuck notes that a stage did not pass it on.
func (pr *prober) stuck(stage string, err error) {
	pr.note(Finding{Check: "probe", State: Failed, Fix: lookAt, Detail: fmt.Sprintf("%s did not pass it on within %s: %v",
		stage, time.Since(pr.began).Round(time.Second), err)})
}

const lookAt = "docs/runbooks/freshness.md says what to look at, stage by stage; after an import wait until it is through"

func (pr *prober) note(f Finding) {
	pr.mu.Lock()
	defer pr.mu.Unlock()
	pr.found = append(pr.found, f)
}

// store waits until the facts have it.
func (pr *prober) store(ctx context.Context) {
	err := func() error {
		db, err := pr.p.Addresses.ClickHouse(ctx, pr.p.Login)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		return poll(ctx, func() (bool, error) {
			var n uint64
			err := db.QueryRow(ctx, "SELECT count() FROM dw.events WHERE event_id = ?", pr.id).Scan(&n)
			return n > 0, err
		})
	}()
	if err != nil {
		pr.stuck("warehouse", err)
		return
	}
	pr.passed("warehouse", "it is in dw.events, by way of identity and warehouse")
}

// follow goes with it from identity over feature to segmentation, and stops at the first that does not pass it on.
func (pr *prober) follow(ctx context.Context) {
	var e eventv1.ResolvedEvent
	_, err := pr.await(ctx, topics.EventsResolved, pr.resolved, func(rec broker.Record) bool {
		return proto.Unmarshal(rec.Value, &e) == nil && e.GetEvent().GetEventId() == pr.id
	})
	if err != nil {
		pr.stuck("identity", err)
		return
	}
	pr.passed("identity", "identity knows the customer")
	var fs featurev1.FeatureSet
	at, err := pr.await(ctx, topics.Features, pr.features, func(rec broker.Record) bool {
		return proto.Unmarshal(rec.Value, &fs) == nil && fs.GetCustomerId() == e.GetCustomerId() && fs.GetReason() == featurev1.ChangeReason_CHANGE_REASON_EVENT &&
			fs.GetAsOfMs() >= e.GetEvent().GetOccurredMs()
	})
	if err != nil {
		pr.stuck("feature", err)
		return
	}
	pr.passed("feature", "feature has counted it")
	err = poll(ctx, func() (bool, error) {
		tp := broker.TopicPartition{Topic: at.Topic, Partition: at.Partition}
		got, err := pr.broker.Committed(ctx, "segmentation.state", tp)
		return got[tp].Offset > at.Offset, err
	})
	if err != nil {
		pr.stuck("segmentation", err)
		return
	}
	pr.passed("segmentation", "segmentation has looked at the customer (it says so once a second)")
}

// await reads a topic from some offsets on until a record is the one.
func (pr *prober) await(ctx context.Context, t topics.Topic, from map[int]int64, is func(broker.Record) bool) (broker.Record, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		match *broker.Record
		fault error
	)
	for partition, next := range from {
		all.Go(func() {
			for ctx.Err() == nil {
				b, err := pr.broker.Fetch(ctx, broker.TopicPartition{Topic: t.Name, Partition: partition}, next, broker.FetchOptions{PassLost: true})
				mu.Lock()
				if err != nil && ctx.Err() == nil {
					fault = err
				}
				for _, rec := range b.Records {
					if match == nil && is(rec) {
						match = &rec
						stop()
					}
				}
				mu.Unlock()
				if err != nil {
					pause(ctx)
					continue
				}
				next = b.Next
			}
		})
	}
	all.Wait()
	if match == nil {
		if fault == nil {
			fault = fmt.Errorf("nothing of it came to %s", t.Name)
		}
		return broker.Record{}, fault
	}
	return *match, nil
}

// poll asks until the answer is yes or ctx ends.
func poll(ctx context.Context, ask func() (bool, error)) error {
	for {
		yes, err := ask()
		if yes {
			return nil
		}
		if ctx.Err() == nil {
			pause(ctx)
		}
		if ctx.Err() != nil {
			if err == nil {
				err = fmt.Errorf("it did not come")
			}
			return err
		}
	}
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Millisecond):
	}
}
