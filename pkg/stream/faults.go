package stream

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// faults are the partitions of a processor that are held: something is wrong that no waiting mends. One partition being held
// stops neither the process nor its neighbours (TestAFailingHandlerHoldsOnePartition), and is said loudly: in the log, in
// freshet_stream_held, and by not being ready.
type faults struct {
	name    string
	logger  *slog.Logger
	metrics *metrics

	mu sync.Mutex
	by map[fault]error
}

// fault is what may be wrong with a partition: one of its two kinds going away says nothing of the other.
type fault struct {
	partition int
	of        string
}

const (
	ofInputs  = "inputs"
	ofHandler = "handler"
)

func newFaults(name string, logger *slog.Logger, m *metrics) *faults {
	return &faults{name: name, logger: logger, metrics: m, by: map[fault]error{}}
}

// hold says that a partition cannot go on.
func (f *faults) hold(partition int, of string, err error) {
	f.mu.Lock()
	_, before := f.by[fault{partition, of}]
	f.by[fault{partition, of}] = err
	f.metrics.held(partition, true)
	f.mu.Unlock()
	if !before {
		f.logger.Error("the partition is held and the others go on: see what the error says; a handler is tried again by itself, records that are gone are asked for again at the next start",
			"processor", f.name, "partition", partition, "of", of, "error", err)
	}
}

// mended says that a kind of fault is over.
func (f *faults) mended(partition int, of string) {
	f.mu.Lock()
	_, before := f.by[fault{partition, of}]
	delete(f.by, fault{partition, of})
	held := f.by[fault{partition, ofInputs}] != nil || f.by[fault{partition, ofHandler}] != nil
	f.metrics.held(partition, held)
	f.mu.Unlock()
	if before {
		f.logger.Info("a fault of the partition is over", "processor", f.name, "partition", partition, "of", of)
	}
}

// forget is for a partition that this process no longer has.
func (f *faults) forget(partition int) {
	f.mended(partition, ofInputs)
	f.mended(partition, ofHandler)
}

// err joins what holds partitions; nil when none is held.
func (f *faults) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for what, err := range f.by {
		errs = append(errs, fmt.Errorf("%s: partition %d is held: %w", f.name, what.partition, err))
	}
	return errors.Join(errs...)
}
