package history

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/services/feature/tally"
)

// Mode says from when on a fact counts: see the package comment.
type Mode uint8

// The modes.
const (
	// Known counts what had been received.
	Known Mode = iota
	// EventTime counts what had happened, whenever it was received, with merges and orders as known today.
	EventTime
)

// Row asks for one customer at one moment.
type Row struct {
	// Index is the caller's own number of it.
	Index int
	// Customer is a customer id, of today or of before a merge.
	Customer string
	// AtMs is the moment, Unix milliseconds.
	AtMs int64
}

// Answer is what was known for a row.
type Answer struct {
	Row
	// Surviving is the id that the customer went by: at that moment in mode Known, today in mode EventTime.
	Surviving string
	// Seen says that an event of the customer counted by then. Without one the values are those of somebody who did nothing.
	Seen bool
	// Values are the features by position, the tags not among them. They hold until the function that is given the answer returns.
	Values []catalog.Value
	// State is what they were read of. The rows of the customer that come later change it; that of the last one stays as it is.
	State *tally.State
}

// Request is what is asked for: rows, or everybody at some dates.
type Request struct {
	// Workspace is the tenant.
	Workspace string
	// Mode says what counts.
	Mode Mode
	// Rows are asked for in any order, a customer in as many as one likes.
	Rows []Row
	// Dates ask for every customer who was seen by then, instead of Rows: Unix milliseconds. The Index of such a row is that of its date.
	Dates []int64
}

// Reader reads histories. It does not change; many goroutines may use it.
type Reader struct {
	// ClickHouse has the facts, in Database, a plain name.
	ClickHouse driver.Conn
	Database   string
	// Catalog says what is read, and Engine is made of its plan.
	Catalog *catalog.Catalog
	Engine  *tally.Engine
	// MaxOrders is about how many order events are folded in one pass, whose postings are in memory, about 300 bytes each; a request over more takes as
	// many passes over the facts. Zero means 2,000,000.
	MaxOrders int
	// Workers is how many goroutines fold customers. Zero means GOMAXPROCS.
	Workers int
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// check refuses what cannot be asked.
func (r *Reader) check(q Request) error {
	if !plainName.MatchString(r.Database) {
		return fmt.Errorf("read histories: database %q is no plain name", r.Database)
	}
	if len(q.Rows) > 0 && len(q.Dates) > 0 {
		return errors.New("read histories: rows and dates are asked for at once; ask for one of them")
	}
	return nil
}

func (r *Reader) workers() int {
	if r.Workers > 0 {
		return r.Workers
	}
	return runtime.GOMAXPROCS(0)
}

func (r *Reader) maxOrders() uint64 {
	if r.MaxOrders > 0 {
		return uint64(r.MaxOrders)
	}
	return 2_000_000
}
