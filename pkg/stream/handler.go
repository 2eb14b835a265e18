package stream

import (
	"context"
	"errors"
	"time"

	"github.com/freshet/freshet/pkg/broker"
)

// Handler folds the records of one partition. Its methods are called by one goroutine at a time.
// They must depend on the transaction and the record alone, be fast, and not keep the transaction.
type Handler interface {
	// Process folds one record. Permanent(err) undoes its writes and dead-letters it;
	// any other error makes the whole batch be tried again.
	Process(tx *Tx, rec broker.Record) error
	// Timer is called for a timer whose time has come. The timer is cleared before.
	Timer(tx *Tx, key []byte, due time.Time) error
}

// BatchPreparer is a Handler that wants to see a batch before it is folded, for
// work that is better done for many records at once. It has no transaction:
// what it does must be harmless when the batch is tried again.
type BatchPreparer interface {
	Prepare(ctx context.Context, recs []broker.Record) error
}

// Flusher is a Handler that wants the last word in every transaction.
type Flusher interface {
	Flush(tx *Tx) error
}

// Ticker is a Handler that is also called with every batch and about every TickEvery, for bounded
// pieces of background work.
type Ticker interface {
	// Tick does one piece. While it says that there is more, the task does not wait for the next call.
	Tick(tx *Tx) (more bool, err error)
}

// ErrNotOwner says that this process does not have the partition now.
var ErrNotOwner = errors.New("not owner of the partition")

// errFenced says that another owner has taken the partition over.
var errFenced = errors.New("another owner has taken the partition over")

type permanentError struct{ err error }

func (e permanentError) Error() string { return e.err.Error() }
func (e permanentError) Unwrap() error { return e.err }

// Permanent marks an error of Process that no retry can mend.
func Permanent(err error) error { return permanentError{err} }

// IsPermanent tells whether err was marked by Permanent.
func IsPermanent(err error) bool {
	var p permanentError
	return errors.As(err, &p)
}
