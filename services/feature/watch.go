package feature

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// Watching follows features.v1, so any replica tells of any customer.
//
// Guarantee: from the first answer on, each change of a customer's features is told once, in order for the customer, and a token goes on behind the answer
// it came with: nothing is left out, and what was told behind the token may be told again, with the version it had (TestAWatchGoesOnFromItsToken). What could
// lose a change: records that retention removed before they were read, which ends the watch with OUT_OF_RANGE; and sets of a catalogue that this release cannot
// read, which are passed over with an error in the log.
//
// Memory: a watch holds one batch of records, one answer, and the old values of the customers met last, within knownBytes. A caller who takes no answers for
// as long as its patience is told to go (TestASlowWatcherIsToldToGo).
const (
	// maxWatches is how many watches a process has at once: each reads features.v1 by itself.
	maxWatches = 32
	// maxWatched is how many customers one watch may name.
	maxWatched = 1000
	// watchBeat is how often a watch without changes says that it lives; watchPatience is how long a caller may take for an answer.
	watchBeat, watchPatience = 10 * time.Second, 10 * time.Second
)

// watches are the watches of a process.
type watches struct {
	layouts        *featuretopic.Directory
	places         chan struct{}
	beat, patience time.Duration
	stopping       context.Context
	stop           context.CancelFunc
	metrics        *metrics
}

func newWatches(l *catalog.Layout, m *metrics) *watches {
	w := &watches{layouts: featuretopic.New(l), places: make(chan struct{}, maxWatches), beat: watchBeat, patience: watchPatience, metrics: m}
	w.stopping, w.stop = context.WithCancel(context.Background()) // ends with StopStreams
	return w
}

// StopStreams ends the watches, which callers would keep open for ever. A gRPC server waits for its streams: call this when it begins to stop.
func (s *Service) StopStreams(context.Context) { s.watches.stop() }

// watch is one caller's.
type watch struct {
	s      *Service
	out    grpc.ServerStreamingServer[featurev1.WatchFeaturesResponse]
	ctx    context.Context
	follow *broker.Follower
	places []broker.Place // behind what was read, by partition
	readMs int64
	changes
	// answers is what the sender takes; sent has the fault that ended it.
	answers chan *featurev1.WatchFeaturesResponse
	sent    chan error
	// given is the token of the answer that the sender was given last, and may still have in hand; gone that of the one before, which is out.
	given, gone string
}

// WatchFeatures tells changes as they happen.
func (g server) WatchFeatures(req *featurev1.WatchFeaturesRequest, out grpc.ServerStreamingServer[featurev1.WatchFeaturesResponse]) error {
	all := g.s.watches
	select {
	case all.places <- struct{}{}:
		all.metrics.watches.Inc()
		defer func() { all.metrics.watches.Dec(); <-all.places }()
	default:
		return status.Errorf(codes.ResourceExhausted, "%d watches are open here already; try again when one has ended, or elsewhere", maxWatches)
	}
	ctx, cancel := context.WithCancel(out.Context())
	defer cancel()
	defer context.AfterFunc(all.stopping, cancel)()
	w := &watch{s: g.s, out: out, ctx: ctx, answers: make(chan *featurev1.WatchFeaturesResponse), sent: make(chan error, 1)}
	err := w.begin(req)
	if err == nil {
		err = w.run()
	}
	if all.stopping.Err() != nil && out.Context().Err() == nil {
		return status.Error(codes.Unavailable, "this replica stops; go on with the last answer's resume elsewhere, or in a moment")
	}
	return err
}

// begin finds out what is to be watched, and from where.
func (w *watch) begin(req *featurev1.WatchFeaturesRequest) error {
	if err := w.s.book.known(req.GetNames()); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	workspace := customer.Workspace(req.GetWorkspace())
	ids, err := w.s.watched(w.ctx, workspace, req.GetIds())
	if err != nil {
		return err
	}
	at, err := w.s.book.watchable(req)
	if err != nil {
		return err
	}
	w.changes = newChanges(w.s.book.catalog, at, workspace, ids, req.GetLiveOnly())
	if w.places, err = w.s.places(w.ctx, req.GetResume()); err != nil {
		return err
	}
	w.given = tokenOf(w.places)
	w.gone = w.given
	if req.GetResume() == "" {
		w.meet(w.ctx, w.s)
	}
	var from []broker.Start
	for i, p := range w.places {
		from = append(from, broker.Start{At: broker.TopicPartition{Topic: topics.Features.Name, Partition: i}, Place: p})
	}
	w.follow = w.s.deps.Broker.Follow(w.ctx, broker.FollowConfig{Name: "feature.watch", Gaps: broker.GapStop}, from...)
	return nil
}

// watched finds the customers that a request names; nil is everybody.
func (s *Service) watched(ctx context.Context, workspace string, refs []string) (map[string]bool, error) {
	if len(refs) > maxWatched {
		return nil, status.Errorf(codes.InvalidArgument, "ids: %d customers, at most %d are allowed; without ids everybody is watched", len(refs), maxWatched)
	}
	if len(refs) == 0 {
		return nil, nil
	}
	ids := map[string]bool{}
	for _, ref := range refs {
		id, err := customer.Lookup(ctx, s.deps.Identity, workspace, ref)
		if err != nil {
			return nil, err
		}
		ids[id] = true
	}
	return ids, nil
}

// watchable are the positions that a request asks for.
func (b *book) watchable(req *featurev1.WatchFeaturesRequest) (at []int, err error) {
	for i := range b.catalog.Features {
		f := &b.catalog.Features[i]
		open := f.Sensitivity == "none" || req.GetReveal()
		named := slices.Contains(req.GetNames(), f.Name)
		if named && !open {
			return nil, status.Errorf(codes.PermissionDenied, "names: %s is %s: ask with reveal", f.Name, f.Sensitivity)
		}
		if named || len(req.GetNames()) == 0 && open {
			at = append(at, i)
		}
	}
	for i := range b.catalog.Tags {
		if t := &b.catalog.Tags[i]; len(req.GetNames()) == 0 || slices.Contains(req.GetNames(), t.Name) {
			at = append(at, t.Position)
		}
	}
	return at, nil
}

// run tells what comes until the caller, the process or a fault ends it.
func (w *watch) run() error {
	// A sender that waits for a slow caller waits until the stream has ended, which is when this handler has returned.
	go w.send()
	defer close(w.answers)
	return w.read()
}

// send sends answers, of which one at a time is out.
func (w *watch) send() {
	for a := range w.answers {
		if err := w.out.Send(a); err != nil {
			w.sent <- err
			return
		}
	}
}

// read gives answers to the sender. The first one says from where the watch is.
func (w *watch) read() error {
	if err := w.give(&featurev1.WatchFeaturesResponse{}); err != nil {
		return err
	}
	for {
		batch, err := w.next()
		switch {
		case w.ctx.Err() != nil:
			return status.FromContextError(w.ctx.Err()).Err()
		case errors.Is(err, context.DeadlineExceeded):
			if err := w.give(&featurev1.WatchFeaturesResponse{}); err != nil {
				return err
			}
			continue
		case errors.Is(err, broker.ErrOffsetGone):
			return status.Errorf(codes.OutOfRange, "records that the watch stands before are gone from %s: read the present values, and watch from now",
				topics.Features.Name)
		case err != nil:
			return fmt.Errorf("watch features: %w", err)
		}
		if err := w.tell(batch); err != nil {
			return err
		}
	}
}

// next waits for records, as long as a beat.
func (w *watch) next() (broker.Batch, error) {
	ctx, cancel := context.WithTimeout(w.ctx, w.s.watches.beat)
	defer cancel()
	return w.follow.Next(ctx)
}

const (
	// changesAPart and changeBytesAPart are what one answer has at most, but for its last change.
	changesAPart, changeBytesAPart = 100, 256 << 10
)

// tell gives what changed in a batch.
func (w *watch) tell(batch broker.Batch) error {
	part, size := &featurev1.WatchFeaturesResponse{}, 0
	at := &w.places[batch.At.Partition]
	for _, rec := range batch.Records {
		c := w.of(w.ctx, w.s, rec)
		*at = at.After(rec)
		w.readMs = max(w.readMs, rec.Time.UnixMilli())
		if c == nil {
			continue
		}
		part.Changes = append(part.Changes, c)
		if size += len(rec.Value); len(part.Changes) < changesAPart && size < changeBytesAPart {
			continue
		}
		if err := w.give(part); err != nil {
			return err
		}
		part, size = &featurev1.WatchFeaturesResponse{}, 0
	}
	*at = batch.After
	if len(part.GetChanges()) == 0 {
		return nil
	}
	return w.give(part)
}

// give waits until the sender takes an answer, which is when the one before is out.
func (w *watch) give(a *featurev1.WatchFeaturesResponse) error {
	a.ReadMs, a.Resume = w.readMs, tokenOf(w.places)
	patience := time.NewTimer(w.s.watches.patience)
	defer patience.Stop()
	select {
	case w.answers <- a:
		w.gone, w.given = w.given, a.GetResume()
		return nil
	case err := <-w.sent:
		return err
	case <-w.ctx.Done():
		return status.FromContextError(w.ctx.Err()).Err()
	case <-patience.C:
		w.s.watches.metrics.slow.Inc()
		return status.Errorf(codes.ResourceExhausted, "the answers are taken too slowly: none for %s. Go on with the resume of the last one you have, or with %s",
			w.s.watches.patience, w.gone)
	}
}
