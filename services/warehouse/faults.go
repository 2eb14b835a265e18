package warehouse

import (
	"errors"
	"fmt"
	"sync"

	"github.com/freshet/freshet/pkg/broker"
)

// faults remembers what keeps each partition from going on, for readiness.
type faults struct {
	mu sync.Mutex
	by map[broker.TopicPartition]error
}

func (f *faults) set(tp broker.TopicPartition, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by == nil {
		f.by = map[broker.TopicPartition]error{}
	}
	f.by[tp] = err
}

func (f *faults) clear(tp broker.TopicPartition) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.by, tp)
}

// err joins all faults; nil when there are none.
func (f *faults) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for tp, err := range f.by {
		errs = append(errs, fmt.Errorf("%s: %w", tp, err))
	}
	return errors.Join(errs...)
}
