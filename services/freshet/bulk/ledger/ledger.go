// Package ledger remembers on disk how far each import came, so that one that was killed goes on and one that is done is not repeated. It is not a
// lock against other machines: two of them that import one file send the same message ids, which count once.
package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Key is what makes two imports the same one.
type Key struct {
	// Sum is the SHA-256 of the file's content, Mapping the hash of the mapping, Source its source_name.
	Sum, Mapping, Source string
	// Target is the collector, when it was named by its URL; "" for the stack whose data the ledger lies beside.
	Target string
}

// ID names the import: 32 hexadecimal digits.
func (k Key) ID() string {
	h := sha256.New()
	for _, part := range []string{k.Sum, k.Mapping, k.Source, k.Target} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Record is what is known of one import. Everything in it is durable at the collector.
type Record struct {
	Key
	ID   string
	File string
	// Began is when the import was first started, Finished when it was complete; zero until then.
	Began, Updated, Finished time.Time
	// Units is how many events and refused or skipped rows are done, from the beginning without a gap: where a resumed import goes on.
	Units  int64
	Counts Counts
	// Writer tells write keys apart: the first digits of the hash of the one that the import was begun with.
	Writer string `json:",omitempty"`
	// Rejects is the file of the refused rows, by its absolute path: this import's alone, until it is finished without any. RejectBytes is how much
	// of it belongs to the units done.
	Rejects     string
	RejectBytes int64
	// Place is up to where a file that is followed was read; nil for other files, and for those that are read from their beginning each time.
	Place *Place `json:",omitempty"`
}

// Place is a place in a file that may grow behind it. All that is before it is done.
type Place struct {
	// Offset is its byte, Rows and Lines are how many are before it.
	Offset, Rows, Lines int64
	// Sum is a hash of the bytes before it: another one means another file.
	Sum string
	// RejectBytes is how much of the file of rejects is of what is before it.
	RejectBytes int64
}

// Counts are what became of the rows.
type Counts struct {
	// Rows were read. Skipped of them were left out by `when`, Rejected became no event.
	Rows, Skipped, Rejected int64
	// Unchanged of the skipped rows are of events that another file sent before, with the same message id and content.
	Unchanged int64 `json:",omitempty"`
	// Undated of the accepted events have no time of their own: they count as of the import.
	Undated int64 `json:",omitempty"`
	// Accepted events are durable at the collector; Refused ones are in its dead letters, and Lost is the number of their rows.
	Accepted, Refused, Lost int64
	// Reasons by who found them and the word: "mapping bad_value", "collector no_identifier".
	Reasons map[string]Reason `json:",omitempty"`
}

// Reason is what is known of rows refused for one reason.
type Reason struct {
	// Count is of rows; FirstRow and Detail are of the first.
	Count, FirstRow int64
	Detail          string
}

// Plus adds the counts of another file. Of each reason, the first row is that of the first file that has one.
func (c *Counts) Plus(o Counts) {
	c.Rows += o.Rows
	c.Skipped += o.Skipped
	c.Rejected += o.Rejected
	c.Unchanged += o.Unchanged
	c.Undated += o.Undated
	c.Accepted += o.Accepted
	c.Refused += o.Refused
	c.Lost += o.Lost
	for reason, r := range o.Reasons {
		c.Add(reason, r.Count, r.FirstRow, r.Detail)
	}
}

// Add counts rows refused for a reason.
func (c *Counts) Add(reason string, count, first int64, detail string) {
	if c.Reasons == nil {
		c.Reasons = map[string]Reason{}
	}
	r, ok := c.Reasons[reason]
	if !ok {
		r.FirstRow, r.Detail = first, detail
	}
	r.Count += count
	c.Reasons[reason] = r
}

// Ledger is the entry of one import, held by this process until Close.
type Ledger struct {
	Record
	// Found says that the import was begun before.
	Found bool

	path string
	lock io.Closer
}

// Open finds or begins the entry of an import. An error says that another process holds it, or what is wrong with the folder.
func Open(dir string, key Key, file string, now time.Time) (*Ledger, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the ledger's folder: %w", err)
	}
	l := &Ledger{path: filepath.Join(dir, key.ID()+".json")}
	var err error
	if l.lock, err = vfs.Default.Lock(strings.TrimSuffix(l.path, ".json") + ".lock"); err != nil {
		return nil, fmt.Errorf("this file is being imported with this mapping by another process: %w", err)
	}
	l.Record, err = read(l.path)
	switch {
	case err == nil:
		l.Found = true
	case errors.Is(err, fs.ErrNotExist):
		l.Record = Record{Key: key, ID: key.ID(), File: file, Began: now}
	default:
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func read(path string) (Record, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Record{}, fmt.Errorf("read the ledger: %w", err)
	}
	var r Record
	if err := json.Unmarshal(b, &r); err != nil {
		return Record{}, fmt.Errorf("%s is no entry of the ledger: %w; remove it to import the file from the beginning", path, err)
	}
	return r, nil
}

// Restart forgets what was done; the file of rejects stays the import's.
func (l *Ledger) Restart(now time.Time) { l.RestartAt(nil, now) }

// RestartAt forgets what was done behind a place, which may be none.
func (l *Ledger) RestartAt(p *Place, now time.Time) {
	l.Record = Record{Key: l.Key, ID: l.ID, File: l.File, Began: now, Rejects: l.Rejects, Place: p}
	if l.Found = p != nil; l.Found {
		l.RejectBytes = p.RejectBytes
	}
}

// Save makes the entry durable: whole or, after a crash, as it was before.
func (l *Ledger) Save(now time.Time) error {
	l.Updated = now
	b, err := json.MarshalIndent(l.Record, "", "  ")
	if err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	if err := replace(l.path, append(b, '\n')); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	return nil
}

func replace(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Others are the other imports from the same source.
func (l *Ledger) Others() ([]Record, error) {
	files, err := filepath.Glob(filepath.Join(filepath.Dir(l.path), "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list the ledger: %w", err)
	}
	var out []Record
	for _, f := range files {
		r, err := read(f)
		if err == nil && r.Source == l.Source && r.Target == l.Target && r.ID != l.ID {
			out = append(out, r)
		}
	}
	return out, nil
}

// Close lets other processes have the entry.
func (l *Ledger) Close() error { return l.lock.Close() }
