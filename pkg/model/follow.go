package model

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// partition is where all of models.v1 stands.
var partition = broker.TopicPartition{Topic: topics.Models.Name, Partition: 0}

// follow keeps the shelf equal to models.v1 until ctx ends (nil). Faults are waited out: what is known stays good.
func (r *Registry) follow(ctx context.Context) error {
	log := r.deps.Broker.Follow(ctx, broker.FollowConfig{Name: "models", Gaps: broker.GapRestart}, broker.Start{
		At: partition, Place: broker.Place{Offset: broker.First},
	})
	for {
		batch, err := log.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("follow %s: %w", topics.Models.Name, err)
		}
		if batch.Break != nil {
			r.shelf.another()
		}
		for _, rec := range batch.Records {
			if err := r.shelf.take(rec.Key, rec.Value); err != nil {
				r.deps.Logger.ErrorContext(ctx, "a record of a model cannot be read and is left out", "topic", topics.Models.Name, "offset", rec.Offset, "error", err)
			}
		}
		r.shelf.advance(batch.Next, batch.End, len(batch.Records) > 0)
		if batch.Next >= batch.End {
			r.say(ctx)
		}
	}
}

// say writes once more what the topic should end with and does not: a state that an older one was written behind, by a request that was long on its way, and
// everything when the topic was made anew. Every replica does: what they write is the same.
func (r *Registry) say(ctx context.Context) {
	var msgs []broker.Message
	for key, rec := range r.shelf.missing() {
		msgs = append(msgs, broker.Message{Topic: topics.Models.Name, Key: []byte(key), Value: encode(rec)})
	}
	if len(msgs) == 0 {
		return
	}
	r.deps.Logger.WarnContext(ctx, "the topic of models does not end with what is known: written once more", "topic", topics.Models.Name, "records", len(msgs))
	if err := r.producer.Produce(ctx, msgs...); err != nil && ctx.Err() == nil {
		r.deps.Logger.ErrorContext(ctx, "what is known of models cannot be written to its topic", "topic", topics.Models.Name, "error", err)
	}
}

// errAgain says of an error that trying again may help: the broker's own, and a topic that was made anew meanwhile. A bucket's error looks like one of the
// broker's, and is none.
type errAgain struct{ error }

func (e errAgain) Unwrap() error { return e.error }

// errAnew says that what was written is not on the topic that is read.
var errAnew = errAgain{errors.New("the topic of models was made anew meanwhile")}

// write appends records of a model, all or none, and waits until they were read back here, which there tells. Where it fails they may be there all the same,
// or come yet.
func (r *Registry) write(ctx context.Context, w where, there func(book) bool, records map[string]*modelv1.Record) error {
	var msgs []broker.Message
	for what, rec := range records {
		msgs = append(msgs, broker.Message{Topic: topics.Models.Name, Key: w.key(what), Value: encode(rec)})
	}
	base, err := r.deps.Broker.Append(ctx, partition, msgs)
	switch {
	case broker.Passing(err):
		return errAgain{err}
	case err != nil:
		return err
	}
	for {
		next, _, moved := r.shelf.at()
		if next >= base+int64(len(msgs)) {
			if there(r.shelf.of(w)) {
				return nil
			}
			return errAnew
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("read %s back: %w", topics.Models.Name, ctx.Err())
		}
	}
}

// insist does something until it does not end with errAgain, or ctx ends.
func insist(ctx context.Context, do func() error) error {
	pauses := retry.Backoff{First: 50 * time.Millisecond, Most: 2 * time.Second}
	for {
		err := do()
		if again := (errAgain{}); !errors.As(err, &again) || pauses.Wait(ctx) != nil {
			return err
		}
	}
}

// caughtUp waits until the topic was read to its end, once.
func (r *Registry) caughtUp(ctx context.Context) error {
	for {
		_, reached, moved := r.shelf.at()
		if reached {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("read %s to its end: %w", topics.Models.Name, ctx.Err())
		}
	}
}
