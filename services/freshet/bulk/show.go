package bulk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/terminal"
	"github.com/freshet/freshet/services/freshet/bulk/ledger"
	"github.com/freshet/freshet/services/freshet/bulk/mapping"
	"github.com/freshet/freshet/services/freshet/bulk/tally"
)

// errEnough ends a preview.
var errEnough = errors.New("enough")

// Preview prints the first n events beside their rows, and says how many there were.
func (i *Import) Preview(w io.Writer, n int) (shown int, err error) {
	emit := func(u mapping.Unit) error {
		if shown == n {
			return errEnough
		}
		shown++
		for _, row := range u.Rows {
			if u.Further {
				break // they stand above
			}
			fmt.Fprintf(w, "row %d: %s\n", row.Number, terminal.Safe(string(i.reader.Data(row))))
		}
		switch {
		case u.Fault != nil:
			fmt.Fprintf(w, "rejected, %s: %s\n\n", u.Fault.Reason, terminal.Safe(u.Fault.Detail))
		case u.Event == nil:
			fmt.Fprint(w, "skipped\n\n")
		default:
			var b bytes.Buffer
			if err := json.Indent(&b, u.Event, "", "  "); err != nil {
				return fmt.Errorf("row %d became no JSON: %w", u.Rows[0].Number, err)
			}
			fmt.Fprintf(w, "%s\n\n", b.Bytes())
		}
		return nil
	}
	for shown < n {
		row, err := i.reader.Next()
		end := errors.Is(err, io.EOF)
		if end {
			err = i.mapper.End(emit)
		} else if err == nil {
			err = i.mapper.Add(row, emit)
		}
		if err != nil && !errors.Is(err, errEnough) {
			return shown, err
		}
		if end {
			break
		}
	}
	return shown, nil
}

// Result is what became of a file.
type Result struct {
	Counts ledger.Counts
	// Rows of Counts were done by this run.
	Rows    int64
	Elapsed time.Duration
	// Finished is when the file was imported, when that was before and this run sent nothing.
	Finished time.Time
	// Files are how many these are the counts of; Before of them were finished before, so that this run sent nothing of them.
	Files, Before int
	// Rejects are the files of the refused rows; DryRun says that nothing was sent.
	Rejects []string
	DryRun  bool
	// Totals is what the events of a dry run come to.
	Totals *tally.Tally
	// Recorded says that the ledger holds what is done.
	Recorded bool
}

// Plus adds what became of another file.
func (r *Result) Plus(o Result) {
	r.Counts.Plus(o.Counts)
	r.Rows += o.Rows
	r.Elapsed += o.Elapsed
	r.Finished = o.Finished
	r.Files += o.Files
	r.Before += o.Before
	r.Rejects = append(r.Rejects, o.Rejects...)
	r.DryRun = r.DryRun || o.DryRun
	if r.Totals == nil {
		r.Totals = o.Totals
	} else if o.Totals != nil {
		r.Totals.Plus(o.Totals)
	}
	r.Recorded = r.Recorded || o.Recorded
}

// Print tells what became of the file.
func (r Result) Print(w io.Writer) {
	c := r.Counts
	accepted, refused := "accepted", "refused by the collector"
	if r.DryRun {
		accepted, refused = "would be sent", "that a collector would refuse"
	}
	switch {
	case r.Files > 1 && r.Before > 0:
		fmt.Fprintf(w, "%d files, of which %d were imported with this mapping before: nothing of those was sent (--again does it again)\n", r.Files, r.Before)
	case r.Files > 1:
		fmt.Fprintf(w, "%d files\n", r.Files)
	case !r.Finished.IsZero():
		fmt.Fprintf(w, "this file was imported with this mapping before, until %s; nothing was sent (--again does it again)\n", r.Finished.Local().Format(time.DateTime))
	}
	fmt.Fprintf(w, "%d rows read: %d events %s, %d rows rejected by the mapping, %d events of %d rows %s, %d rows skipped\n",
		c.Rows, c.Accepted, accepted, c.Rejected, c.Refused, c.Lost, refused, c.Skipped)
	if c.Unchanged > 0 {
		fmt.Fprintf(w, "  %d of the skipped rows are as another file sent them\n", c.Unchanged)
	}
	if c.Undated > 0 {
		fmt.Fprintf(w, "warning: %d events have no time of their own: they are dated at the import\n", c.Undated)
	}
	for _, reason := range slices.Sorted(maps.Keys(c.Reasons)) {
		is := c.Reasons[reason]
		fmt.Fprintf(w, "  %s: %d rows, first row %d: %s\n", reason, is.Count, is.FirstRow, terminal.Safe(is.Detail))
	}
	if r.Totals != nil {
		fmt.Fprintf(w, "what would be stored comes to %s\n", r.Totals)
	}
	for _, path := range r.Rejects {
		fmt.Fprintf(w, "rejected rows are in %s\n", path)
	}
	if r.Rows > 0 {
		fmt.Fprintf(w, "%d rows in %s, %.0f rows/s\n", r.Rows, r.Elapsed.Round(time.Millisecond), float64(r.Rows)/max(r.Elapsed.Seconds(), 0.001))
	}
}
