package feature

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/services/feature/fill"
	"github.com/freshet/freshet/services/feature/tally"
)

const (
	// pageHoles is how many records are read for at once: each page reads all facts of a table once, and keeps a state of each, about a kilobyte.
	pageHoles = 20_000
	// lookEvery is how often partitions are looked at that came to this process.
	lookEvery = time.Second
)

// filler fills the records of this process's partitions after the catalogue has grown: one partition after the other, page by page. See package fill.
type filler struct {
	s *Service
	// fold reads what holes lack, and behind how much of it is not stored yet; tests have others.
	fold   func(ctx context.Context, wants []fill.Want, passedMs int64) ([]*tally.State, int64, error)
	settle func(ctx context.Context, told func(behind int64)) error

	// most is pageHoles; tests take smaller pages.
	most int

	mu    sync.Mutex
	boxes map[int]*inbox
	place map[int]float64 // how much of each partition is done
	lacks map[int]bool    // the columns that records were found to lack, by place in the plan
	full  map[int]*inbox  // the inboxes of partitions of which nothing is lacking
}

func newFiller(s *Service) *filler {
	facts := &fill.Facts{ClickHouse: s.deps.ClickHouse, Database: s.cfg.Database, Engine: s.book.engine}
	w := fill.Warehouse{Broker: s.deps.Broker, Group: s.cfg.WarehouseGroup}
	f := &filler{s: s, fold: facts.Fold, most: pageHoles, boxes: map[int]*inbox{}, place: map[int]float64{}, lacks: map[int]bool{}, full: map[int]*inbox{}}
	f.settle = func(ctx context.Context, told func(int64)) error {
		ends, err := w.Ends(ctx)
		for err == nil {
			var behind int64
			if behind, err = w.Behind(ctx, ends); err != nil || behind == 0 {
				return err
			}
			told(behind)
			err = retry.Sleep(ctx, 100*time.Millisecond)
		}
		return err
	}
	return f
}

// box is the inbox of a partition's new task.
func (f *filler) box(partition int) *inbox {
	b := newInbox()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.boxes[partition] = b
	return b
}

// run works until ctx ends. Faults are told and waited out.
func (f *filler) run(ctx context.Context) error {
	for ctx.Err() == nil {
		for _, partition := range f.s.processor.Owned() {
			if err := f.partition(ctx, partition); err != nil && ctx.Err() == nil {
				f.s.deps.Logger.WarnContext(ctx, "features cannot be filled from the facts now; they stay absent, and it is tried again", "partition", partition, "error", err)
			}
		}
		_ = retry.Sleep(ctx, lookEvery)
	}
	return nil
}

// partition fills every record of one partition, pass after pass, until a pass finds none that lacks anything.
func (f *filler) partition(ctx context.Context, partition int) error {
	f.mu.Lock()
	box := f.boxes[partition]
	f.mu.Unlock()
	if box == nil {
		return nil
	}
	view, err := f.s.processor.View(partition)
	if err != nil {
		return err
	}
	plan := f.s.book.catalog.Plan().Fingerprint
	for {
		was, _, err := view.Get([]byte(filledKey))
		if err != nil {
			return err
		}
		if isFilled(was, plan) {
			f.is(partition, box)
			return nil
		}
		n, err := f.pass(ctx, partition, view, box)
		switch {
		case err != nil:
			return err
		case n > 0:
			f.s.deps.Logger.InfoContext(ctx, "features filled from the facts", "partition", partition, "customers", n)
		default:
			if err := f.wait(ctx, partition, box, box.put(nil, &verdict{fingerprint: plan, was: was})); err != nil {
				return err
			}
			return nil // the next look finds it committed
		}
	}
}

// is notes that nothing is lacking.
func (f *filler) is(partition int, box *inbox) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.full[partition], f.place[partition] = box, 1
}

// pass goes through a partition once and gives what it read to the task. It says how many records lacked something.
func (f *filler) pass(ctx context.Context, partition int, view stream.View, box *inbox) (int, error) {
	n := 0
	var from []byte
	for {
		page, next, err := f.page(view, from)
		if err != nil {
			return n, err
		}
		f.note(partition, 0, page)
		if len(page) > 0 {
			if err := f.read(ctx, partition, page, box); err != nil {
				return n, err
			}
			if err := f.wait(ctx, partition, box, box.put(page, nil)); err != nil {
				return n, err
			}
		}
		n += len(page)
		f.note(partition, placeOf(next), nil)
		if next == nil {
			return n, nil
		}
		from = next
	}
}

// page is the next records that lack something, and where to go on; nil at the end.
func (f *filler) page(view stream.View, from []byte) (page []filled, next []byte, err error) {
	err = view.Scan(nil, from, func(key, value []byte) (bool, error) {
		if len(key) != len(customerID{}) {
			return true, nil
		}
		if len(page) >= f.most {
			next = slices.Clone(key)
			return false, nil
		}
		r, err := decodeRecord(f.s.book.engine, value, nil)
		if err != nil {
			return false, fmt.Errorf("read customer %x: %w", key, err)
		}
		for _, h := range r.holes {
			page = append(page, filled{id: customerID(key), workspace: r.workspace, hole: h})
		}
		return true, nil
	})
	return page, next, err
}

// read waits until the facts of a page are stored and folds them.
func (f *filler) read(ctx context.Context, partition int, page []filled, box *inbox) error {
	began := time.Now()
	err := f.settle(ctx, func(behind int64) {
		if time.Since(began) > 10*time.Second {
			began = time.Now()
			f.s.deps.Logger.InfoContext(ctx, "filling features waits until the warehouse has stored what the states hold", "partition", partition, "records_behind", behind)
		}
	})
	if err != nil {
		return err
	}
	wants := make([]fill.Want, len(page))
	for i := range page {
		wants[i] = page[i].hole.want(f.s.book.engine, page[i].workspace)
	}
	found, facts, err := f.fold(ctx, wants, box.passedMs())
	if err != nil {
		return err
	}
	for i := range page {
		page[i].found = found[i]
	}
	f.s.metrics.fillFacts.Add(float64(facts))
	return nil
}

// errTaskEnded says that a partition's task ended, or began anew, while it was being filled.
var errTaskEnded = errors.New("the partition's task has ended")

// wait waits until the task has a page in hand; it ends with an error when there is another task, or none.
func (f *filler) wait(ctx context.Context, partition int, box *inbox, taken <-chan struct{}) error {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-taken:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
			f.mu.Lock()
			ended := f.boxes[partition] != box || !slices.Contains(f.s.processor.Owned(), partition)
			f.mu.Unlock()
			if ended {
				return errTaskEnded
			}
		}
	}
}

// placeOf is how far a key is through all keys: ids are hashes, which lie evenly.
func placeOf(key []byte) float64 {
	if len(key) < 2 {
		return 1
	}
	return float64(binary.BigEndian.Uint16(key)) / (1 << 16)
}

// note keeps how far a partition ever was, and what its records lack.
func (f *filler) note(partition int, place float64, page []filled) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.place[partition] = max(f.place[partition], place)
	for i := range page {
		for _, c := range page[i].hole.in(f.s.book.engine) {
			f.lacks[c] = true
		}
	}
}

// progress is how much is done of the partitions of this process, 0 to 1, and the positions of the features that are filled meanwhile, rising.
func (f *filler) progress() (float64, []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum, n, open := 0.0, 0, false
	for _, p := range f.s.processor.Owned() {
		n++
		if f.full[p] != nil && f.full[p] == f.boxes[p] {
			sum++
			continue
		}
		open = true
		sum += min(f.place[p], 0.99)
	}
	if !open || n == 0 {
		return 1, nil
	}
	return sum / float64(n), f.s.book.catalog.MadeOf(slices.Sorted(maps.Keys(f.lacks)))
}
