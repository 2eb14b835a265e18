package fleet

import (
	"context"
	"errors"

	"github.com/freshet/freshet/pkg/stream"
	fleetv1 "github.com/freshet/freshet/proto/gen/freshet/fleet/v1"
)

// Scan calls fn for the keys of a partition that begin with a prefix, from `from` (nil: the first) on, in order, until fn returns false or fails, whoever
// has the partition. The slices are fn's to keep. limit is how many keys are wanted at most, so that no more are sent over; 0: all. What another replica has comes in pages, each as it was when
// it was read. While the partition is nowhere the error is service.ComeAgain.
func (t *Task) Scan(ctx context.Context, partition int, prefix, from []byte, limit int, fn func(key, value []byte) (bool, error)) error {
	s := scanning{t: t, partition: partition, prefix: prefix, from: from, left: limit, fn: fn}
	for !s.done {
		if err := t.twice(ctx, s.page); err != nil {
			return err
		}
	}
	return nil
}

// scanning is one Scan.
type scanning struct {
	t            *Task
	partition    int
	prefix, from []byte
	left         int // 0: no bound
	fn           func(key, value []byte) (bool, error)
	failed       error // what fn said
	done         bool
}

// take gives fn a key.
func (s *scanning) take(key, value []byte) (more bool, _ error) {
	if more, s.failed = s.fn(key, value); s.failed != nil {
		return false, s.failed
	}
	s.from = append(append(make([]byte, 0, len(key)+1), key...), 0)
	if s.left--; s.left == 0 {
		more = false
	}
	s.done = s.done || !more
	return more, nil
}

// page reads what this process has, or a page of what another has.
func (s *scanning) page(ctx context.Context) (map[seat]owner, error) {
	view, err := s.t.p.View(s.partition)
	if err == nil {
		err = view.Scan(s.prefix, s.from, s.take)
	}
	switch {
	case err == nil:
		s.done = true
		return nil, nil
	case s.failed != nil:
		return nil, s.failed
	case !errors.Is(err, stream.ErrNotOwner):
		return nil, err
	}
	o, ok := s.t.ownerOf(s.partition)
	tried := map[seat]owner{{s.t.p.Name(), s.partition}: o}
	if !ok {
		return tried, nil
	}
	answer, err := s.ask(ctx, o)
	switch {
	case err != nil:
		s.t.fleet.metrics.refused(s.t.p.Name(), "unreachable")
		return tried, nil //nolint:nilerr // whatever it is: there may be a stranger at the address
	case answer.GetMoved():
		s.t.fleet.metrics.refused(s.t.p.Name(), "moved")
		return tried, nil
	}
	s.t.read("there", len(answer.GetPairs()))
	s.done = !answer.GetMore()
	for _, p := range answer.GetPairs() {
		if more, err := s.take(p.GetKey(), p.GetValue()); !more || err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (s *scanning) ask(ctx context.Context, o owner) (*fleetv1.ScanResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	peer, err := s.t.fleet.peers.at(o.address)
	if err != nil {
		return nil, err
	}
	return peer.Scan(ctx, &fleetv1.ScanRequest{
		Task: s.t.p.Name(), Partition: int32(s.partition), Tenure: asProto(o.tenure), Prefix: s.prefix, From: s.from, Limit: int32(max(s.left, 0)),
	})
}
