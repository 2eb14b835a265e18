package broker

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/freshet/freshet/pkg/retry"
)

// Start is where following a partition begins.
type Start struct {
	At TopicPartition
	// Offset is the first to read; First for the oldest record there is.
	Offset int64
	// Check says whether the log is still the one that Offset was taken in: nil if it is, ErrOtherLog if not. It is asked
	// before the first record, and again after each fault, since that is when another broker may have come to lead the
	// partition. Other errors that are Passing are tried again; the rest end Next. Nil checks nothing.
	Check func(ctx context.Context) error
}

// FollowConfig is how partitions are followed.
type FollowConfig struct {
	// Name says in logs and metrics who follows: <service>.<purpose>.
	Name string
	// Gaps is what to do when records are gone. Empty means the client's Config.Gaps.
	Gaps GapPolicy
	// Told is told what is wrong with a partition, and nil when it goes on. It must not block; calls may be concurrent for
	// different partitions. Nil: nobody is told; the log says it too.
	Told func(at TopicPartition, err error)
}

// Follower reads partitions from some place on, in order, for as long as they are kept. For one goroutine.
//
// Guarantee: of each partition, every record from its start on comes once and in order of offsets, except behind a Gap.
// Faults that pass are waited out, however long (TestFollowingOutlivesAnOutage). A new leader is found at once
// (TestANewLeaderIsFoundAtOnce). A lost offset is met by the policy, and never passed over in silence
// (TestEveryPolicyMeetsALostOffset). What compaction has emptied is stepped over (TestFollowingStepsOverEmptiedBatches).
//
// It is not for knowing whose log an offset belongs to: that is Start.Check's.
type Follower struct {
	client *Client
	cfg    FollowConfig
	feeds  []*feed

	ready  chan *feed // holds each feed at most once
	begin  []*feed    // not begun yet
	turn   *feed      // being looked at
	hungry atomic.Bool
	ended  chan struct{} // closed when ctx ended

	over bool  // the same, for the fetcher, under its lock
	hand int64 // bytes of the batch in hand, under the fetcher's lock
}

// Follow begins to follow partitions until ctx ends. Nothing is read before the first Next.
func (c *Client) Follow(ctx context.Context, cfg FollowConfig, from ...Start) *Follower {
	if cfg.Gaps == "" {
		cfg.Gaps = c.cfg.Gaps
	}
	f := &Follower{client: c, cfg: cfg, ready: make(chan *feed, len(from)), ended: make(chan struct{})}
	for _, s := range from {
		f.feeds = append(f.feeds, &feed{
			follower: f, at: s.At, offset: s.Offset, check: s.Check, layer: c.fetcher.enter(s.At),
			size: partitionBytes, fresh: true, doubt: true,
		})
	}
	f.begin = f.feeds
	context.AfterFunc(ctx, func() {
		close(f.ended)
		c.fetcher.leave(f)
		for _, fd := range f.feeds {
			c.metrics.hold(cfg.Name, fd.at, false)
		}
	})
	return f
}

// Next waits for what comes next, of any of the partitions. The first batch of each may be empty: it tells where the
// partition ends. Later ones have records, or a Gap. While the caller works on a batch the next one is fetched, and no more
// than that. Next fails when ctx or following ends, with a *GapError under GapStop, and with what Check says.
func (f *Follower) Next(ctx context.Context) (Batch, error) {
	if f.turn == nil {
		f.client.fetcher.release(f)
	}
	for len(f.begin) > 0 {
		if err := f.start(ctx, f.begin[0]); err != nil {
			return Batch{}, err
		}
		f.begin = f.begin[1:]
	}
	for {
		if f.turn == nil {
			fd, err := f.wait(ctx)
			if err != nil {
				return Batch{}, err
			}
			f.turn = fd
			f.client.fetcher.took(f, fd.answer.bytes)
		}
		b, ok, err := f.take(ctx, f.turn)
		if ctx.Err() != nil && err != nil {
			return Batch{}, ctx.Err() // and looks at it again next time
		}
		f.turn = nil
		if ok || err != nil {
			return b, err
		}
	}
}

// start finds the place to begin at.
func (f *Follower) start(ctx context.Context, fd *feed) error {
	if fd.offset == First {
		span, err := f.spanOf(ctx, fd)
		if err != nil {
			return err
		}
		fd.offset = span.First
	}
	f.client.fetcher.want(fd)
	return nil
}

// wait waits for a partition to be ready.
func (f *Follower) wait(ctx context.Context) (*feed, error) {
	select {
	case fd := <-f.ready:
		return fd, nil
	default:
	}
	f.hungry.Store(true)
	defer f.hungry.Store(false)
	f.client.fetcher.hungry()
	select {
	case fd := <-f.ready:
		return fd, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-f.ended:
		return nil, context.Canceled
	}
}

// take makes of a partition's answer what Next returns. Not ok: nothing, the partition is held.
func (f *Follower) take(ctx context.Context, fd *feed) (b Batch, ok bool, err error) {
	a := fd.answer
	if a.err != nil { // ErrOffsetGone: the rest is tried again
		return f.gap(ctx, fd, ErrOffsetGone)
	}
	if fd.doubt && fd.check != nil {
		err := f.patiently(ctx, fd, func() error { return fd.check(ctx) })
		if errors.Is(err, ErrOtherLog) {
			return f.gap(ctx, fd, err)
		}
		if err != nil {
			return Batch{}, false, err
		}
	}
	fd.doubt, fd.answer, fd.offset = false, nil, a.got.Next
	f.client.fetcher.want(fd)
	return a.got, true, nil
}

// gap does what the policy says.
func (f *Follower) gap(ctx context.Context, fd *feed, cause error) (b Batch, ok bool, err error) {
	has, err := f.spanOf(ctx, fd)
	if err != nil {
		return Batch{}, false, err
	}
	g := Gap{Want: fd.offset, Has: has, Cause: cause}
	fault := &GapError{At: fd.at, Gap: g}
	log := f.client.logger.With("follower", f.cfg.Name, "topic", fd.at.Topic, "partition", fd.at.Partition,
		"want", g.Want, "first", has.First, "end", has.Next, "cause", cause)
	switch f.cfg.Gaps {
	case GapStop:
		return Batch{}, false, fault
	case GapSkip:
		f.client.metrics.gaps.WithLabelValues(f.cfg.Name, fd.at.Topic).Add(float64(max(1, g.Lost())))
		log.Error("records are lost: they were gone before they were read; going on with the oldest there is", "lost", g.Lost())
	case GapRestart:
		log.Warn("the log does not go on where it was read to; reading it anew")
	default:
		f.client.metrics.hold(f.cfg.Name, fd.at, true)
		log.Error("the partition is held: records were gone before they were read; set kafka.gaps to skip to go on without them")
		f.tell(fd.at, fault)
		return Batch{}, false, nil
	}
	fd.offset, fd.answer, fd.doubt = has.First, nil, false
	f.client.fetcher.want(fd)
	return Batch{At: fd.at, Next: has.First, End: has.Next, Gap: &g}, true, nil
}

// spanOf asks what a partition holds until it is known.
func (f *Follower) spanOf(ctx context.Context, fd *feed) (span Span, err error) {
	err = f.patiently(ctx, fd, func() (err error) {
		span, err = f.client.span(ctx, fd.at)
		return err
	})
	return span, err
}

// patiently does something until it works or its error does not pass.
func (f *Follower) patiently(ctx context.Context, fd *feed, do func() error) error {
	var pauses retry.Backoff
	for told := false; ; told = true {
		err := do()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && told {
			f.tell(fd.at, nil)
		}
		if err == nil || !Passing(err) {
			return err
		}
		f.tell(fd.at, err)
		f.client.logger.Warn("following cannot go on; trying again", "follower", f.cfg.Name, "partition", fd.at.String(), "error", err)
		if err := pauses.Wait(ctx); err != nil {
			return err
		}
	}
}

func (f *Follower) tell(at TopicPartition, err error) {
	if f.cfg.Told != nil {
		f.cfg.Told(at, err)
	}
}
