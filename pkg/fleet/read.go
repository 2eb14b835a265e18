package fleet

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/stream"
	fleetv1 "github.com/freshet/freshet/proto/gen/freshet/fleet/v1"
)

const (
	// Patience is how long a read waits for a partition that is on its way from one replica to another.
	Patience = 3 * time.Second
	// tryFor is how long another replica may take for one answer.
	tryFor = 2 * time.Second
	// comeAgain is what a caller is told to wait when the partition was nowhere within Patience.
	comeAgain = time.Second
)

// Read names a key.
type Read struct {
	// Partition is the one that the key belongs to.
	Partition int
	// Key is as the task keeps it.
	Key []byte
}

// Value is what stands under a key.
type Value struct {
	// Data is the reader's to keep; Found is false when there is none.
	Data  []byte
	Found bool
	// At is the owner's clock, before it looked.
	At time.Time
}

// Get reads keys, in order, from whoever has their partitions. While one of them is nowhere the error is service.ComeAgain.
func (t *Task) Get(ctx context.Context, reads ...Read) ([]Value, error) {
	out := make([]Value, len(reads))
	left := make([]int, len(reads))
	for i := range left {
		left[i] = i
	}
	g := getting{t: t, reads: reads, out: out}
	err := t.twice(ctx, func(ctx context.Context) (tried map[seat]owner, err error) {
		if left, err = g.here(left); err != nil || len(left) == 0 {
			return nil, err
		}
		left, tried = g.there(ctx, left)
		return tried, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// twice makes a try and, if that gives owners that could not answer, a second one as soon as there are others.
func (t *Task) twice(ctx context.Context, try func(context.Context) (map[seat]owner, error)) error {
	tried, err := try(ctx)
	if err != nil || len(tried) == 0 {
		return err
	}
	if t.fleet != nil {
		patience := Patience
		if deadline, ok := ctx.Deadline(); ok {
			patience = min(patience, time.Until(deadline)/2)
		}
		waiting, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		t.fleet.directory.await(waiting, tried)
		if tried, err = try(ctx); err != nil || len(tried) == 0 {
			return err
		}
		t.fleet.metrics.nowhere(t.p.Name())
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return service.ComeAgain("what was asked for is on its way from one replica to another", comeAgain)
}

// getting is one Get.
type getting struct {
	t     *Task
	reads []Read
	out   []Value
}

// here reads what this process has, and gives what is left.
func (g *getting) here(which []int) (left []int, err error) {
	at := time.Now
	if g.t.fleet != nil {
		at = g.t.fleet.deps.Now
	}
	for _, i := range which {
		r := g.reads[i]
		v := Value{At: at()}
		view, err := g.t.p.View(r.Partition)
		if err == nil {
			v.Data, v.Found, err = view.Get(r.Key)
		}
		switch {
		case errors.Is(err, stream.ErrNotOwner):
			left = append(left, i)
		case err != nil:
			return nil, err
		default:
			g.out[i] = v
		}
	}
	g.t.read("here", len(which)-len(left))
	return left, nil
}

// there asks the owners, each for all that it has, and gives what is left, with the owners that did not answer for it.
func (g *getting) there(ctx context.Context, which []int) (left []int, tried map[seat]owner) {
	tried = map[seat]owner{}
	by := map[string][]int{}
	owners := map[int]owner{} // by partition
	for _, i := range which {
		o, ok := g.t.ownerOf(g.reads[i].Partition)
		owners[g.reads[i].Partition] = o
		if !ok {
			tried[seat{g.t.p.Name(), g.reads[i].Partition}] = o
			left = append(left, i)
			continue
		}
		by[o.address] = append(by[o.address], i)
	}
	var mu sync.Mutex
	ask := func(address string, which []int) {
		unanswered := g.ask(ctx, address, owners, which)
		mu.Lock()
		defer mu.Unlock()
		for _, i := range unanswered {
			tried[seat{g.t.p.Name(), g.reads[i].Partition}] = owners[g.reads[i].Partition]
		}
		left = append(left, unanswered...)
	}
	var asking sync.WaitGroup
	for address, which := range by {
		if len(by) == 1 {
			ask(address, which)
			continue
		}
		asking.Go(func() { ask(address, which) })
	}
	asking.Wait()
	return left, tried
}

// ownerOf is another replica that has a partition, as far as is known; false when there is none.
func (t *Task) ownerOf(partition int) (owner, bool) {
	if t.fleet == nil {
		return owner{}, false
	}
	o, ok := t.fleet.directory.of(seat{t.p.Name(), partition})
	return o, ok && o.address != t.fleet.deps.Address()
}

// ask asks one replica, again for what an answer had no room for, and gives what it did not answer.
func (g *getting) ask(ctx context.Context, address string, owners map[int]owner, which []int) (left []int) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	peer, err := g.t.fleet.peers.at(address)
	for err == nil && len(which) > 0 {
		began := time.Now()
		req, places := g.request(owners, which)
		var answer *fleetv1.ReadResponse
		answer, err = peer.Read(ctx, req)
		g.t.fleet.metrics.asked(g.t.p.Name(), time.Since(began))
		if err != nil || len(answer.GetParts()) != len(places) {
			break
		}
		which = which[:0:0]
		for p, part := range answer.GetParts() {
			if part.GetMoved() {
				left = append(left, places[p]...)
				continue
			}
			n := min(len(part.GetValues()), len(places[p]))
			for k, v := range part.GetValues()[:n] {
				g.out[places[p][k]] = Value{Data: v.GetData(), Found: v.GetFound(), At: time.UnixMilli(answer.GetNowMs())}
			}
			g.t.read("there", n)
			which = append(which, places[p][n:]...)
		}
	}
	if len(left) > 0 {
		g.t.fleet.metrics.refused(g.t.p.Name(), "moved")
	}
	if len(which) > 0 { // whatever the error is: there may be a stranger at the address
		g.t.fleet.metrics.refused(g.t.p.Name(), "unreachable")
		g.t.fleet.deps.Logger.DebugContext(ctx, "another replica could not be asked", "task", g.t.p.Name(), "address", address, "error", err)
	}
	return append(left, which...)
}

// request asks for keys by partition; places says of each part which reads it answers.
func (g *getting) request(owners map[int]owner, which []int) (req *fleetv1.ReadRequest, places [][]int) {
	req = &fleetv1.ReadRequest{Task: g.t.p.Name()}
	at := map[int]int{}
	for _, i := range which {
		n := g.reads[i].Partition
		p, ok := at[n]
		if !ok {
			p = len(places)
			at[n] = p
			places = append(places, nil)
			req.Parts = append(req.Parts, &fleetv1.ReadPart{Partition: int32(n), Tenure: asProto(owners[n].tenure)})
		}
		places[p] = append(places[p], i)
		req.Parts[p].Keys = append(req.Parts[p].Keys, g.reads[i].Key)
	}
	return req, places
}

// read counts keys that were read.
func (t *Task) read(from string, n int) {
	if t.fleet != nil {
		t.fleet.metrics.read(t.p.Name(), from, n)
	}
}
