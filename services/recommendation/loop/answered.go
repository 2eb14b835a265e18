package loop

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// producer is what telling needs of *broker.Producer.
type producer interface {
	Produce(ctx context.Context, msgs ...broker.Message) error
}

// teller tells answers, behind the requests' backs.
type teller struct {
	queue   chan *recommendationv1.Answer
	out     producer
	metrics *metrics
}

// tellAtOnce is how many answers share a call, and flushWithin how long what waits at the end may take.
const tellAtOnce, flushWithin = 500, 5 * time.Second

// answered queues an answer, or counts it as lost where the queue is full.
func (t *teller) answered(a *recommendationv1.Answer) {
	select {
	case t.queue <- a:
	default:
		t.lost(1)
	}
}

func (t *teller) lost(n int) { t.metrics.answers.WithLabelValues("lost").Add(float64(n)) }

// gatherFor is how long an answer waits for others to share its way: each way costs the broker, and this process, as much as a short list does.
const gatherFor = 10 * time.Millisecond

// run tells until ctx ends, and then what waits still.
func (t *teller) run(ctx context.Context) {
	longer, cancel := retry.Linger(ctx, flushWithin)
	defer cancel()
	for {
		select {
		case a := <-t.queue:
			_ = retry.Sleep(ctx, gatherFor) // at the end nothing is waited for
			t.tell(longer, a)
		case <-ctx.Done():
			for len(t.queue) > 0 {
				t.tell(longer, <-t.queue)
			}
			return
		}
	}
}

// tell tells an answer and what else waits. What is too large is left out, its neighbours are told.
func (t *teller) tell(ctx context.Context, first *recommendationv1.Answer) {
	batch := make([]broker.Message, 0, min(tellAtOnce, len(t.queue)+1))
	for a := first; a != nil; {
		value, err := proto.Marshal(a)
		if err != nil {
			t.lost(1)
		} else {
			batch = append(batch, broker.Message{Topic: topics.Recommendations.Name, Key: []byte(a.GetCustomerId()), Value: value})
		}
		a = nil
		if len(batch) < tellAtOnce {
			select {
			case a = <-t.queue:
			default:
			}
		}
	}
	err := t.out.Produce(ctx, batch...)
	if err != nil && broker.RecordFault(err) && len(batch) > 1 {
		for _, m := range batch { // those that were stored are told twice: a copy changes nothing
			t.count(t.out.Produce(ctx, m), 1)
		}
		return
	}
	t.count(err, len(batch))
}

// count counts what was told, or lost.
func (t *teller) count(err error, n int) {
	if err != nil {
		t.lost(n)
		return
	}
	t.metrics.answers.WithLabelValues("told").Add(float64(n))
}

var errNotReady = errors.New("the secret of request ids is not known yet")
