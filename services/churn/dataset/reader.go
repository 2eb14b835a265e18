package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/retry"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/churn/row"
)

// Config says how large a table is, and when there is enough for one.
type Config struct {
	// Step is the time between two dates of a training table. At most so many dates have to reach over two horizons more, or it is longer. 1 to 366 days.
	Step time.Duration `koanf:"step"`
	// Dates is how many dates a table has at most. 3 to 60.
	Dates int `koanf:"dates"`
	// Rows is how many rows a table has at most: with more, customers are drawn by hash. About 8 bytes a row and feature are in memory, several times
	// while models are compared. 1,000 to 10,000,000.
	Rows int `koanf:"rows"`
	// MinCustomers is how many customers must have bought, or done what the target counts, before there is a training. 100 or more.
	MinCustomers int `koanf:"min_customers"`
}

// Default suits a shop on one machine.
func Default() Config { return Config{Step: 30 * day, Dates: 12, Rows: 300_000, MinCustomers: 500} }

const day = 24 * time.Hour

// Validate reports every fault under its key.
func (c Config) Validate() error {
	var faults []error
	fail := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Step < day || c.Step > 366*day {
		fail("step: %s is not within 24h and 8784h", c.Step)
	}
	if c.Dates < 3 || c.Dates > 60 {
		fail("dates: %d is not within 3 and 60", c.Dates)
	}
	if c.Rows < 1000 || c.Rows > 10_000_000 {
		fail("rows: %d is not within 1000 and 10000000", c.Rows)
	}
	if c.MinCustomers < 100 {
		fail("min_customers: %d is below 100", c.MinCustomers)
	}
	return errors.Join(faults...)
}

// Reader asks for tables. It does not change; many goroutines may use it.
type Reader struct {
	Features featurev1.FeatureServiceClient
	// Catalog is the feature service's, Forecasts are over it.
	Catalog   *catalog.Catalog
	Forecasts *forecast.Set
	Workspace string
	Config    Config
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Patience is how long a feature service that is busy or away is waited for. Zero means 10 minutes.
	Patience time.Duration
	// Progress, when set, is told what is done, and how much of it.
	Progress func(what string, done, of int)
}

func (r *Reader) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

func (r *Reader) tell(what string, done, of int) {
	if r.Progress != nil {
		r.Progress(what, done, of)
	}
}

// Plan is how the catalogue's features become columns.
func (r *Reader) Plan() *row.Plan { return row.New(r.Catalog) }

// answers take what is answered: begin is told at the start of every attempt, since one that broke off is made again, and take gets each row.
type answers struct {
	begin func() error
	take  func(*featurev1.HistoricalFeatures) error
}

// ask makes a request until it is answered whole.
func (r *Reader) ask(ctx context.Context, req *featurev1.GetHistoricalFeaturesRequest, a answers) error {
	req.Workspace = r.Workspace
	patience := r.Patience
	if patience == 0 {
		patience = 10 * time.Minute
	}
	backoff := retry.Backoff{First: 200 * time.Millisecond, Most: 10 * time.Second}
	for until := r.now().Add(patience); ; {
		err := r.once(ctx, req, a)
		code := status.Code(err)
		if err == nil || ctx.Err() != nil || code != codes.Unavailable && code != codes.ResourceExhausted || r.now().After(until) {
			if err != nil {
				err = fmt.Errorf("ask the feature service for what was known: %w", err)
			}
			return err
		}
		if err := backoff.Wait(ctx); err != nil {
			return err
		}
	}
}

func (r *Reader) once(ctx context.Context, req *featurev1.GetHistoricalFeaturesRequest, a answers) error {
	if err := a.begin(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, err := r.Features.GetHistoricalFeatures(ctx, req)
	if err != nil {
		return err
	}
	for {
		part, err := in.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.check(part.GetColumns()); err != nil {
			return err
		}
		for _, row := range part.GetRows() {
			if err := a.take(row); err != nil {
				return err
			}
		}
	}
}

// check refuses answers of a catalogue in which a name means something else: the two services have different files.
func (r *Reader) check(columns []*featurev1.HistoricalColumn) error {
	l := r.Catalog.Layout()
	for _, c := range columns {
		if i, ok := l.Position(c.GetName()); !ok || l.Fields[i].Kind.String() != c.GetKind() {
			return fmt.Errorf("the feature service's %s is a %s, and here it is none: give both services the same features file", c.GetName(), c.GetKind())
		}
	}
	return nil
}
