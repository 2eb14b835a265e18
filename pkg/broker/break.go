package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// BreakKind says why a reader cannot simply go on from its place.
type BreakKind int

const (
	// BreakRemoved says that retention took records before they were read.
	BreakRemoved BreakKind = iota + 1
	// BreakLost says that the broker lost records at these offsets, and did not give the offsets out again.
	BreakLost
	// BreakCut says that the log no longer has what the reader read last: it lost its tail, and may have grown again since.
	BreakCut
	// BreakAnew says that it is another log under the same name: the topic was deleted and made anew.
	BreakAnew
)

// String is the kind in one word, as metrics have it.
func (k BreakKind) String() string {
	switch k {
	case BreakRemoved:
		return "removed"
	case BreakLost:
		return "lost"
	case BreakCut:
		return "cut"
	case BreakAnew:
		return "anew"
	default:
		return "unknown"
	}
}

// Break is the error of a reader that cannot go on without leaving something out. errors.Is(err, ErrOffsetGone) holds.
type Break struct {
	Kind BreakKind
	// Partition is where.
	Partition TopicPartition
	// At is where the reader stood.
	At Place
	// Have is what the partition holds now.
	Have Span
	// Missing is how many records the reader cannot get any more. -1: nobody knows, since the log that had them is gone.
	Missing int64
	// Unread is how many of the records that the reader had read are no longer in the log, as far as offsets tell.
	Unread int64
	// GoOn is where to go on if the break is accepted, see Accept. Of a Break that Fetch returned it holds the offset alone.
	GoOn Place
}

// Accept is where a reader that stood at p goes on: nothing is left out that came after the break, some records may come once more. It has a life
// of its own when offsets may mean other records than before.
func (k *Break) Accept(p Place) Place {
	if k.Kind == BreakRemoved || k.Kind == BreakLost {
		return p.At(k.GoOn.Offset)
	}
	return k.GoOn
}

// Is makes a break one kind of ErrOffsetGone.
func (k *Break) Is(err error) bool { return err == ErrOffsetGone }

// Error says what happened, which offsets, and what to do.
func (k *Break) Error() string {
	return fmt.Sprintf("%s: %s; it holds offsets %d to %d now. To go on without what is missing, from offset %d on, set broker.gaps to skip "+
		"(freshet up --gaps skip); see docs/runbooks/lost-records.md", k.Partition, k.what(), k.Have.First, k.Have.Next, k.GoOn.Offset)
}

func (k *Break) what() string {
	switch k.Kind {
	case BreakRemoved:
		return fmt.Sprintf("retention removed %d records, from offset %d on, before they were read", k.Missing, k.At.Offset)
	case BreakLost:
		return fmt.Sprintf("the broker lost %d records, from offset %d on, before they were read", k.Missing, k.At.Offset)
	case BreakCut:
		return fmt.Sprintf("the log lost its tail: it does not have the record before %s, that was read (at least %d such records are gone)", k.At, k.Unread)
	case BreakAnew:
		return fmt.Sprintf("the topic was made anew: it is log %s now, and the reader stood at %s", k.GoOn.Log, k.At)
	default:
		return "the reader's place is gone"
	}
}

// Stand checks that the partition is still the one that p is a place in, and returns p complete: with the log and its life where p did not say
// them, and with the first offset where p said First. It asks when it is called and remembers nothing: call it before reading from a place that
// was kept, after a fetch that failed, and when the leader's epoch has changed (Batch.Epoch). *Break: the reader cannot go on from p.
//
// Cost: two small requests, and a third where p has a proof.
//
// A record before p that is no longer there by retention, compaction, or because the broker says it lost it, proves nothing and contradicts
// nothing: then the log's id alone speaks.
func (c *Client) Stand(ctx context.Context, tp TopicPartition, p Place) (Place, error) {
	id, err := c.Log(ctx, tp.Topic)
	if err != nil {
		return Place{}, err
	}
	have, err := c.span(ctx, tp)
	if err != nil {
		return Place{}, err
	}
	if p.Offset == First {
		p.Offset, p.Proof = have.First, 0
	} else if p.Log != (LogID{}) && id != (LogID{}) && p.Log != id {
		goOn := Place{Offset: have.First, Log: id, Life: lifeOf(id)}
		return Place{}, &Break{Kind: BreakAnew, Partition: tp, At: p, Have: have, Missing: -1, GoOn: goOn}
	}
	if p.Log == (LogID{}) {
		p.Log = id
	}
	if p.Life == 0 {
		p.Life = lifeOf(p.Log)
	}
	return c.within(ctx, tp, p, have)
}

// within checks p against what its log holds.
func (c *Client) within(ctx context.Context, tp TopicPartition, p Place, have Span) (Place, error) {
	switch {
	case p.Offset < have.First:
		return Place{}, &Break{Kind: BreakRemoved, Partition: tp, At: p, Have: have, Missing: have.First - p.Offset, GoOn: p.At(have.First)}
	case p.Offset > have.Next:
		return Place{}, c.cut(ctx, tp, p, have)
	case p.Proof == 0 || p.Offset == have.First:
		return p, nil
	}
	b, err := c.Fetch(ctx, tp, p.Offset-1, FetchOptions{MaxBytes: 1, MaxWait: time.Millisecond})
	var lost *Break
	switch {
	case errors.As(err, &lost): // the broker lost it, and says so
		return p, nil
	case errors.Is(err, ErrOffsetGone): // it went away between two questions
		return c.Stand(ctx, tp, p)
	case err != nil:
		return Place{}, err
	case len(b.Records) > 0 && b.Records[0].Offset == p.Offset-1 && proofOf(b.Records[0]) != p.Proof:
		return Place{}, c.cut(ctx, tp, p, have)
	}
	return p, nil
}

// clockApart is by how much the clocks of those who write to one log may differ.
const clockApart = time.Hour

// cut is the break of a log that lost its tail. What has taken the offsets of lost records was written after the reader read the last of
// them; so reading goes on with the first record whose time is not before that, give or take clockApart.
func (c *Client) cut(ctx context.Context, tp TopicPartition, p Place, have Span) error {
	from := have.First // where the time of what was read last is not known
	if since := time.UnixMilli(p.TimeMs).Add(-clockApart); since.UnixMilli() >= 0 {
		var err error
		if from, err = c.offsetAt(ctx, tp, since, have); err != nil {
			return err
		}
	}
	from = min(from, p.Offset)
	goOn := Place{Offset: from, Log: p.Log, Life: p.nextLife(from), TimeMs: p.TimeMs}
	return &Break{Kind: BreakCut, Partition: tp, At: p, Have: have, Missing: -1, Unread: max(1, p.Offset-have.Next), GoOn: goOn}
}

// offsetAt is the offset of the first record that is not older than at; the end, when there is none.
func (c *Client) offsetAt(ctx context.Context, tp TopicPartition, at time.Time, have Span) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	res, err := c.kafka.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		tp.Topic: {kafka.TimeOffsetOf(tp.Partition, at)},
	}})
	if err != nil {
		return 0, fmt.Errorf("find the records of %s since %s: %w", tp, at.UTC().Format(time.RFC3339), err)
	}
	for _, p := range res.Topics[tp.Topic] {
		if p.Error != nil {
			return 0, fmt.Errorf("find the records of %s since %s: %w", tp, at.UTC().Format(time.RFC3339), p.Error)
		}
		for offset := range p.Offsets {
			if offset >= 0 {
				return max(offset, have.First), nil
			}
		}
	}
	return have.Next, nil
}
