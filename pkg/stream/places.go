package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
)

// An input is known by its log, not by its name: the commit holds a broker.Place of each, and a task that takes a partition over asks first
// whether that place is still one (stand). While it reads, the place goes along with what it reads (reader), and is asked about again
// after a fault and when the leader has changed.
//
// What a broken place means is the client's GapPolicy: hold leaves the partition where it is, and the processor is not ready; skip goes on from
// Break.Accept, which leaves nothing out that came later. What comes once more is the handler's to drop: by message id in identity, by
// provenance and sequence in feature, by version in segmentation. The records of the log's next life carry another Record.Life, so that
// provenance tells them from those which had their offsets before.

// askAgain is how often a partition that is held looks whether its place is there again.
const askAgain = 5 * time.Second

// takePlaces brings the places of all inputs in order before anything is read.
func (t *task) takePlaces(ctx context.Context) error {
	for _, in := range t.p.cfg.Inputs {
		p, ok := t.inputs[in.Name]
		if !ok {
			p = broker.Place{Offset: broker.First}
		}
		p, err := t.stand(ctx, broker.TopicPartition{Topic: in.Name, Partition: t.partition}, p)
		if err != nil {
			return err
		}
		t.inputs[in.Name] = p
	}
	return nil
}

// stand gives a place that can be read from, in the life that it is of. It waits while the policy is to hold.
func (t *task) stand(ctx context.Context, tp broker.TopicPartition, p broker.Place) (broker.Place, error) {
	defer t.p.held.clear(tp)
	defer t.p.metrics.hold(tp, false)
	for {
		at, err := t.look(ctx, tp, p)
		var gone *broker.Break
		if !errors.As(err, &gone) {
			return at, err
		}
		if t.p.deps.Broker.Gaps() == broker.GapSkip {
			t.logger.Error("records are lost to this processor; going on", "error", gone, "kind", gone.Kind.String(), "missing", gone.Missing)
			t.p.metrics.missed(tp.Topic, gone)
			p = gone.Accept(p)
			continue
		}
		if t.p.held.set(tp, gone) {
			t.logger.Error("the partition is held", "error", gone, "kind", gone.Kind.String(), "missing", gone.Missing)
		}
		t.p.metrics.hold(tp, true)
		pause(ctx, askAgain)
		if ctx.Err() != nil {
			return broker.Place{}, ctx.Err()
		}
	}
}

// look asks whether p is a place and whether the record there can be had.
func (t *task) look(ctx context.Context, tp broker.TopicPartition, p broker.Place) (broker.Place, error) {
	at, err := t.p.deps.Broker.Stand(ctx, tp, p)
	if err != nil {
		return broker.Place{}, err
	}
	_, err = t.p.deps.Broker.Fetch(ctx, tp, at.Offset, broker.FetchOptions{MaxWait: time.Millisecond, MaxBytes: 1})
	return at, err
}

// reader is the place that one input is read from.
type reader struct {
	client *broker.Client
	tp     broker.TopicPartition
	place  broker.Place
	epoch  int32 // of the leader, as far as records came; -1: none
	doubt  bool  // something went wrong since the place was last asked about
}

// accept takes what a fetch brought, if it is of the log that was read before. *broker.Break: it is not.
func (r *reader) accept(ctx context.Context, b broker.Batch) error {
	if len(b.Records) == 0 {
		return nil
	}
	if r.doubt || r.epoch >= 0 && b.Epoch != r.epoch {
		if _, err := r.client.Stand(ctx, r.tp, r.place); err != nil {
			return err
		}
	}
	r.doubt, r.epoch = false, b.Epoch
	for i := range b.Records {
		b.Records[i].Life = r.place.Life
	}
	r.place = r.place.After(b.Records[len(b.Records)-1])
	return nil
}

// broken turns ErrOffsetGone into the break that it is.
func (r *reader) broken(ctx context.Context, err error) error {
	var gone *broker.Break
	if errors.As(err, &gone) || !errors.Is(err, broker.ErrOffsetGone) {
		return err
	}
	if _, serr := r.client.Stand(ctx, r.tp, r.place); serr != nil {
		return serr
	}
	return fmt.Errorf("the place is there again: %w", err)
}

// held are the partitions of inputs that stand still, and why.
type held struct {
	mu  sync.Mutex
	why map[broker.TopicPartition]error
}

// set reports whether that was not known.
func (h *held) set(tp broker.TopicPartition, err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.why == nil {
		h.why = map[broker.TopicPartition]error{}
	}
	_, known := h.why[tp]
	h.why[tp] = err
	return !known
}

func (h *held) clear(tp broker.TopicPartition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.why, tp)
}

// err is nil when nothing is held.
func (h *held) err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for tp, why := range h.why {
		return fmt.Errorf("%d inputs are held, %s among them: %w", len(h.why), tp, why)
	}
	return nil
}

func gapMetrics() (*prometheus.CounterVec, *prometheus.GaugeVec) {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_stream_gap_records_total",
			Help: "Records of inputs that were gone before they were read, skipped by kafka.gaps; at least 1 for a topic that was cut or made anew.",
		}, []string{"processor", "topic", "kind"}),
		prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_stream_held", Help: "1 while an input is held because what comes next in it is gone.",
		}, []string{"processor", "topic", "partition"})
}

func (m *metrics) missed(topic string, b *broker.Break) {
	m.gaps.WithLabelValues(m.name, topic, b.Kind.String()).Add(float64(max(1, b.Missing)))
}

func (m *metrics) hold(tp broker.TopicPartition, held bool) {
	if !held {
		m.helds.DeleteLabelValues(m.name, tp.Topic, strconv.Itoa(tp.Partition))
		return
	}
	m.helds.WithLabelValues(m.name, tp.Topic, strconv.Itoa(tp.Partition)).Set(1)
}
