package broker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/pkg/retry"
)

// Start is where following a partition begins: a place that was kept, or Place{Offset: First}.
type Start struct {
	At    TopicPartition
	Place Place
}

// FollowConfig is how partitions are followed.
type FollowConfig struct {
	// Name says in logs and metrics who follows: <service>.<purpose>.
	Name string
	// Gaps is what to do about a Break. Empty means the client's Config.Gaps.
	Gaps GapPolicy
	// Told is told what is wrong with a partition, and nil when it goes on. It must not block; calls may be concurrent for
	// different partitions. Nil: nobody is told; the log says it too.
	Told func(at TopicPartition, err error)
	// Pace is asked, when a batch is given, how long to wait before more of its partition is asked for, so that it brings more at
	// a time. It is called by Next. Nil: not at all.
	Pace func(Batch) time.Duration
}

// Follower reads partitions from some place on, in order, for as long as they are kept. For one goroutine.
//
// Guarantee: of each partition, every record from its start on comes once and in order of offsets, except behind a Break.
// Faults that pass are waited out, however long (TestFollowingOutlivesAnOutage). A new leader is found at once
// (TestANewLeaderIsFoundAtOnce). A lost offset is met by the policy, and never passed over in silence
// (TestEveryPolicyMeetsALostOffset). Whether the log is still the one that was read is asked at the start, after each fault
// and when the leader's epoch changes, before further records are given (TestAnotherLogIsABreak); and each fetch asks for that
// log and no other (TestATopicMadeAnewBetweenTwoFetchesIsABreak), where the brokers can: see byIDs, and doubtAfter for older ones. What compaction has emptied is stepped over (TestFollowingStepsOverEmptiedBatches).
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
		cfg.Gaps = c.Gaps()
	}
	f := &Follower{client: c, cfg: cfg, ready: make(chan *feed, len(from)), ended: make(chan struct{})}
	for _, s := range from {
		f.feeds = append(f.feeds, &feed{
			follower: f, at: s.At, place: s.Place, epoch: -1, layer: c.fetcher.enter(s.At), size: partitionBytes, fresh: true,
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
// partition ends. Later ones have records, or a Break. While the caller works on a batch the next one is fetched, and no more
// than that. Next fails when ctx or following ends, and with a *Break under GapStop.
func (f *Follower) Next(ctx context.Context) (Batch, error) {
	if f.turn == nil {
		f.client.fetcher.release(f)
	}
	for len(f.begin) > 0 {
		b, ok, err := f.start(ctx, f.begin[0])
		if ctx.Err() != nil && err != nil {
			return Batch{}, ctx.Err()
		}
		f.begin = f.begin[1:]
		if ok || err != nil {
			return b, err
		}
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

// start makes sure of the place to begin at. Ok: what Next returns, since there is a break.
func (f *Follower) start(ctx context.Context, fd *feed) (b Batch, ok bool, err error) {
	switch broken, err := f.stand(ctx, fd); {
	case err != nil:
		return Batch{}, false, err
	case broken != nil:
		return f.meet(ctx, fd, broken)
	}
	f.client.fetcher.want(fd)
	return Batch{}, false, nil
}

// stand asks whether the log is still the one that the place is in.
func (f *Follower) stand(ctx context.Context, fd *feed) (broken *Break, err error) {
	err = f.patiently(ctx, fd, func() error {
		place, err := f.ask(ctx, fd.at, fd.place)
		if err == nil {
			fd.place, fd.doubt, fd.came = place, false, time.Now()
		}
		return err
	})
	if errors.As(err, &broken) {
		return broken, nil
	}
	return nil, err
}

// standAtOnce is how many places are asked for at a time.
const standAtOnce = 4

// ask is Client.Stand in its turn.
func (f *Follower) ask(ctx context.Context, at TopicPartition, place Place) (Place, error) {
	select {
	case f.client.standing <- struct{}{}:
	case <-ctx.Done():
		return Place{}, ctx.Err()
	}
	defer func() { <-f.client.standing }()
	return f.client.Stand(ctx, at, place)
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

// doubtAfter is how long a partition may bring nothing before a broker that knows no ids in a fetch (Kafka before 3.1) is asked whether
// it is still the same log: a topic can be deleted, made anew and have grown past the place between two fetches, and neither an error
// nor the leader's epoch tells. While records come without a pause, the deletion shows as an error.
const doubtAfter = time.Second

// take makes of a partition's answer what Next returns. Not ok: nothing, the partition is held or asked again.
func (f *Follower) take(ctx context.Context, fd *feed) (b Batch, ok bool, err error) {
	a := fd.answer
	var broken *Break
	if errors.As(a.err, &broken) { // the broker says what it lost
		broken.At = fd.place
		return f.meet(ctx, fd, broken)
	}
	fd.doubt = fd.doubt || !a.byID && len(a.got.Records) > 0 && time.Since(fd.came) > doubtAfter
	if fd.doubt || a.err != nil || a.got.Epoch >= 0 && fd.epoch >= 0 && a.got.Epoch != fd.epoch {
		if broken, err = f.stand(ctx, fd); err != nil {
			return Batch{}, false, err
		}
		if broken != nil {
			return f.meet(ctx, fd, broken)
		}
	}
	if a.err != nil { // and yet the place is there: a broker that was behind
		f.client.fetcher.later([]*feed{fd})
		return Batch{}, false, nil
	}
	for i := range a.got.Records {
		a.got.Records[i].Life = fd.place.Life
	}
	if n := len(a.got.Records); n > 0 {
		fd.place, fd.epoch, fd.came = fd.place.After(a.got.Records[n-1]), a.got.Epoch, time.Now()
	}
	a.got.After, fd.answer = fd.place, nil
	f.want(fd, a.got)
	return a.got, true, nil
}

// want asks for what comes next in a partition, at its pace.
func (f *Follower) want(fd *feed, b Batch) {
	if f.cfg.Pace != nil {
		if wait := f.cfg.Pace(b); wait > 0 {
			time.AfterFunc(wait, func() { f.client.fetcher.want(fd) })
			return
		}
	}
	f.client.fetcher.want(fd)
}

// meet does about a break what the policy says.
func (f *Follower) meet(ctx context.Context, fd *feed, broken *Break) (b Batch, ok bool, err error) {
	place := broken.Accept(fd.place)
	switch f.cfg.Gaps {
	case GapStop:
		return Batch{}, false, broken
	case GapSkip:
	case GapRestart:
		place = Place{Offset: First}
	default:
		f.client.metrics.hold(f.cfg.Name, fd.at, true)
		f.client.logger.Error("the partition is held: records were gone before they were read", "follower", f.cfg.Name, "kind", broken.Kind.String(), "error", broken)
		f.tell(fd.at, broken)
		return Batch{}, false, nil
	}
	err = f.patiently(ctx, fd, func() error {
		there, err := f.ask(ctx, fd.at, place)
		if err == nil {
			place = there
		}
		return err
	})
	if err != nil && !errors.Is(err, ErrOffsetGone) { // a further break is met when the place is asked for
		return Batch{}, false, err
	}
	f.passOver(broken)
	fd.place, fd.epoch, fd.answer, fd.doubt = place, -1, nil, err != nil
	f.client.fetcher.want(fd)
	return Batch{At: fd.at, Next: place.Offset, End: broken.Have.Next, Epoch: -1, After: place, Break: broken}, true, nil
}

// passOver says that following goes on behind a break.
func (f *Follower) passOver(broken *Break) {
	if f.cfg.Gaps == GapRestart {
		f.client.logger.Warn("the log is not what it was: reading it anew", "follower", f.cfg.Name, "kind", broken.Kind.String(), "error", broken)
		return
	}
	f.client.PassedOver(f.cfg.Name, broken)
}

// PassedOver says, in the log and in freshet_kafka_gap_records_total, that a reader of that name goes on without what is missing.
func (c *Client) PassedOver(name string, broken *Break) {
	c.metrics.gaps.WithLabelValues(name, broken.Partition.Topic, broken.Kind.String()).Add(float64(max(1, broken.Missing)))
	c.logger.Error("records are lost: they were gone before they were read; going on without them",
		"follower", name, "kind", broken.Kind.String(), "error", broken)
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
