package trainset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// batch is how many rows one request asks for: more is faster, since each reads all facts of its customers, and takes more memory here.
const batch = 20_000

// Options say what is asked.
type Options struct {
	Features featurev1.FeatureServiceClient
	Mode     featurev1.HistoryMode
	// Names are the features and tags to read; none means all.
	Names []string
	// Customer and Time name the columns of the file. Times are RFC 3339, a date (its first moment, UTC), or Unix milliseconds.
	Customer, Time string
	// Progress is told of rows that were answered; nil tells nobody.
	Progress func(n int)
}

// Dates writes everybody who was a customer at some dates, as they come.
func Dates(ctx context.Context, o Options, dates []time.Time, name string, out io.Writer) error {
	ask := &featurev1.GetHistoricalFeaturesRequest{Mode: o.Mode, Names: o.Names}
	for _, d := range dates {
		ask.DatesMs = append(ask.DatesMs, d.UnixMilli())
	}
	s := &set{o: o, name: name, out: out}
	err := s.ask(ctx, ask, func(_ int, cells []cell) error { return s.w.write(cells) })
	return errors.Join(err, s.close())
}

// Rows writes what was known for each row of a file, in its order.
func Rows(ctx context.Context, o Options, in rows.Reader, name string, out io.Writer) error {
	s := &set{o: o, name: name, out: out}
	if err := s.bind(in); err != nil {
		return err
	}
	for {
		mine, ask, err := s.read(in)
		if err != nil {
			return err
		}
		if len(mine) == 0 {
			return s.close()
		}
		answers := make([][]cell, len(mine))
		err = s.ask(ctx, ask, func(i int, cells []cell) error {
			if i < 0 || i >= len(answers) || answers[i] != nil {
				return fmt.Errorf("the answer has a row %d twice, or none was asked", i)
			}
			answers[i] = slices.Concat(mine[i], cells)
			return nil
		})
		if err != nil {
			return err
		}
		for i, cells := range answers {
			if cells == nil {
				return fmt.Errorf("the answer lacks row %d of %d", i, len(mine))
			}
			if err := s.w.write(cells); err != nil {
				return fmt.Errorf("write %s: %w", name, err)
			}
		}
	}
}

// set is one output while it is made.
type set struct {
	o    Options
	name string
	out  io.Writer
	w    writer
	// kept are the columns of the input, the customer's and the time's first.
	kept    []string
	columns []column // of the features
	label   *column  // the column behind all others, nil when there is none
	among   *Among   // who has a row, nil for all
}

func (s *set) bind(in rows.Reader) error {
	all, _ := in.Columns()
	for _, c := range []string{s.o.Customer, s.o.Time} {
		if !slices.Contains(all, c) {
			return fmt.Errorf("the file has no column %q; it has %s. Name them with --customer and --time", c, strings.Join(all, ", "))
		}
	}
	s.kept = []string{s.o.Customer, s.o.Time}
	for _, c := range all {
		if !slices.Contains(s.kept, c) {
			s.kept = append(s.kept, c)
		}
	}
	in.Bind(s.kept, false)
	return nil
}

// read takes a batch of rows: what is kept of each, and the request.
func (s *set) read(in rows.Reader) (mine [][]cell, ask *featurev1.GetHistoricalFeaturesRequest, err error) {
	ask = &featurev1.GetHistoricalFeaturesRequest{Mode: s.o.Mode, Names: s.o.Names}
	for len(mine) < batch {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && row.Fault != nil {
			err = row.Fault
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read the rows: %w", err)
		}
		at, err := parseTime(row.Value(1).Text)
		if err != nil {
			return nil, nil, fmt.Errorf("row %d, column %s: %w", row.Number, s.o.Time, err)
		}
		ask.Rows = append(ask.Rows, &featurev1.HistoricalRow{Id: row.Value(0).Text, AtMs: at})
		var kept []cell
		for i := range s.kept {
			v := row.Value(i)
			kept = append(kept, cell{present: v.Text != "", text: v.Text})
		}
		mine = append(mine, kept)
	}
	return mine, ask, nil
}

// ask makes a request and gives each answer's cells, by its place, to take.
func (s *set) ask(ctx context.Context, ask *featurev1.GetHistoricalFeaturesRequest, take func(int, []cell) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, err := s.o.Features.GetHistoricalFeatures(ctx, ask)
	if err != nil {
		return fmt.Errorf("ask for what was known: %w", err)
	}
	for {
		part, err := in.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("ask for what was known: %w", err)
		}
		if len(part.GetColumns()) > 0 {
			if err := s.open(part.GetColumns()); err != nil {
				return err
			}
		}
		for _, row := range part.GetRows() {
			if s.among != nil && !s.among.holds(s.columns, row) {
				continue
			}
			if err := take(int(row.GetRow()), s.cells(row)); err != nil {
				return err
			}
		}
		if s.o.Progress != nil {
			s.o.Progress(len(part.GetRows()))
		}
	}
}

// answered are the columns of every answer, before the features.
var answered = []column{{name: "customer_id"}, {name: "at", form: formMoment}, {name: "seen", form: formTruth}}

// open begins the output when it is known what there will be in it. A catalogue that changes between two batches ends it.
func (s *set) open(told []*featurev1.HistoricalColumn) error {
	var columns []column
	for _, c := range told {
		kind := c.GetKind()
		if s.label != nil && kind == "moment" {
			kind = "age" // a model cannot learn from a date; how long ago it was is as good on the next date
		}
		columns = append(columns, column{c.GetName(), formOf(kind), kind})
	}
	if s.w != nil {
		if !slices.Equal(columns, s.columns) {
			return errors.New("the catalogue changed meanwhile: begin again")
		}
		return nil
	}
	s.columns = columns
	var all []column
	for _, name := range s.kept {
		all = append(all, column{name: name})
	}
	all = slices.Concat(all, answered, columns)
	if s.label != nil {
		all = append(all, *s.label)
	}
	seen := map[string]bool{}
	for i, c := range all {
		for name := c.name; seen[all[i].name]; name += "_" { // a column of the file that is called as one of ours
			all[i].name = name + "_"
		}
		seen[all[i].name] = true
	}
	var err error
	s.w, err = newWriter(s.name, s.out, all)
	return err
}

func (s *set) cells(row *featurev1.HistoricalFeatures) []cell {
	out := make([]cell, 0, len(answered)+len(s.columns))
	truth := int64(0)
	if row.GetSeen() {
		truth = 1
	}
	out = append(out, textCell(row.GetCustomerId()), wholeCell(row.GetAtMs()), wholeCell(truth))
	for i, v := range row.GetValues() {
		out = append(out, cellOf(s.columns[i], v, row.GetAtMs()))
	}
	return out
}

// close completes the output.
func (s *set) close() error {
	if s.w == nil {
		return errors.New("there are no rows to ask for")
	}
	if err := s.w.close(); err != nil {
		return fmt.Errorf("write %s: %w", s.name, err)
	}
	return nil
}
