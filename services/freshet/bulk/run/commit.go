package run

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/freshet/freshet/services/freshet/bulk/ledger"
	"github.com/freshet/freshet/services/freshet/bulk/mapping"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// committer records batches in the order of the file, whatever the order of their answers.
type committer struct {
	job    *Job
	counts ledger.Counts
	units  int64 // done since the last save
	saved  time.Time
	place  rows.Place // up to which all is done; none when it is where the ledger's is
	before int64      // bytes of rejects before it
	frozen bool       // it stays
}

func (c *committer) run(ctx context.Context, order <-chan *batch) error {
	for b := range order {
		select {
		case <-b.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := c.commit(b); err != nil {
			return err
		}
		if c.job.OnProgress != nil {
			c.job.OnProgress(c.counts)
		}
		if c.job.Ledger != nil && c.job.Now().Sub(c.saved) >= saveEvery {
			if err := c.save(false); err != nil {
				return err
			}
		}
	}
	return nil
}

// commit counts a batch that is answered and writes down its rejects.
func (c *committer) commit(b *batch) error {
	refused := map[int]int{} // index of an event to that of its rejection
	for i, r := range b.answer.Rejected {
		if r.Index < 0 || r.Index >= len(b.items) {
			return fmt.Errorf("the collector rejected event %d of %d", r.Index, len(b.items))
		}
		refused[r.Index] = i
	}
	event := 0
	for _, u := range b.units {
		c.pass(u)
		n := int64(len(u.Rows))
		if !u.Further { // else its rows are those of the unit before
			c.counts.Rows += n
		}
		switch {
		case u.Fault != nil:
			c.counts.Rejected += n
			if err := c.reject(u, "mapping", u.Fault.Reason, u.Fault.Detail); err != nil {
				return err
			}
		case u.Event == nil && u.Further:
		case u.Event == nil:
			c.counts.Skipped += n
			if u.Known {
				c.counts.Unchanged += n
			}
		default:
			if i, bad := refused[event]; bad {
				r := b.answer.Rejected[i]
				c.counts.Refused++
				c.counts.Lost += n
				if err := c.reject(u, "collector", r.Reason, r.Detail); err != nil {
					return err
				}
			} else {
				c.counts.Accepted++
				if u.Undated {
					c.counts.Undated++
				}
				if c.job.Sent != nil {
					if err := c.job.Sent.Add(cmp.Or(u.Base, u.MessageID), u.Content); err != nil {
						return err
					}
				}
			}
			event++
		}
	}
	c.units += int64(len(b.units))
	return nil
}

// pass moves the place that a longer file will be read from to before a unit. It stays before a quote that the end of the file may have left open: with
// more behind it the row may be whole.
func (c *committer) pass(u mapping.Unit) {
	if c.job.Prefix == nil || c.frozen {
		return
	}
	if u.Behind.Offset > 0 {
		if c.place = u.Behind; c.job.Rejects != nil {
			c.before = c.job.Rejects.n
		}
	}
	c.frozen = u.Fault != nil && u.Fault.Reason == rows.ReasonQuotes && u.Rows[0].Offset > c.job.File.Size-2*rows.MaxRow
}

// mark puts the place into the ledger.
func (c *committer) mark(l *ledger.Ledger) error {
	if c.place.Offset == 0 {
		return nil
	}
	sum, err := c.job.Prefix.Sum(c.place.Offset)
	if err == nil && sum != "" {
		l.Place = &ledger.Place{Offset: c.place.Offset, Rows: c.place.Rows, Lines: c.place.Lines, Sum: sum, RejectBytes: c.before}
	}
	return err
}

func (c *committer) reject(u mapping.Unit, by, reason, detail string) error {
	c.counts.Add(by+" "+reason, int64(len(u.Rows)), u.Rows[0].Number, detail)
	if c.job.Rejects == nil {
		return nil
	}
	for _, row := range u.Rows {
		if err := c.job.Rejects.write(reject{row.Number, row.Line, by, reason, detail, u.MessageID, c.job.Reader.Data(row)}); err != nil {
			return err
		}
	}
	return nil
}

// save makes durable what is done: first what was sent and the rejects, then the record that counts on them.
func (c *committer) save(finished bool) error {
	l, now := c.job.Ledger, c.job.Now()
	if c.job.Sent != nil {
		if err := c.job.Sent.Sync(); err != nil {
			return err
		}
	}
	if c.job.Rejects != nil {
		n, err := c.job.Rejects.sync()
		if err != nil {
			return err
		}
		if l.Rejects, l.RejectBytes = c.job.Rejects.Path, n; finished && n == 0 {
			l.Rejects = "" // the file goes
		}
	}
	if err := c.mark(l); err != nil {
		return err
	}
	l.Units += c.units
	c.units, c.saved = 0, now
	l.Counts = c.counts
	if finished {
		l.Finished = now
	}
	return l.Save(now)
}
