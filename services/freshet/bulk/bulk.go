// Package bulk is `freshet import`: it joins the parts (file, rows, mapping, run, ledger) to an import of one file. It is not for live events: those
// come from an SDK.
package bulk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/freshet/freshet/services/collector/intake"
	"github.com/freshet/freshet/services/freshet/bulk/draft"
	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/ledger"
	"github.com/freshet/freshet/services/freshet/bulk/mapping"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
	"github.com/freshet/freshet/services/freshet/bulk/run"
	"github.com/freshet/freshet/services/freshet/bulk/tally"
	"github.com/freshet/freshet/services/simulator/send"
)

// Import is one file under one mapping. Use one of Preview, DryRun and Send, once.
type Import struct {
	File *file.File
	// OnProgress, when set, is told how many more bytes of File were worked on.
	OnProgress func(bytes int)

	spec   *mapping.Spec
	reader rows.Reader
	mapper *mapping.Mapper
	began  time.Time
	shown  int64
	rows   atomic.Int64 // in all
	new    atomic.Int64 // of this run
	bad    atomic.Int64
}

// Prepare loads the mapping and holds it against the file. Faults are those of either; warnings are for people.
func Prepare(in *file.File, mappingFile string) (i *Import, warnings []string, err error) {
	spec, err := load(mappingFile)
	if err != nil {
		return nil, nil, err
	}
	reader, err := rows.OpenAll(in, spec.Format)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	columns, closed := reader.Columns()
	is := mapping.File{Name: in.Name}
	if len(spec.MessageID) == 0 { // ids are made of the content: a preview under another mapping need not read the whole file
		if is.Sum, err = in.Sum(); err != nil {
			return nil, nil, err
		}
	}
	mapper, warnings, err := spec.Compile(is, columns, closed)
	if err != nil {
		return nil, nil, fmt.Errorf("%s does not fit %s:\n%w", mappingFile, in.Name, err)
	}
	for _, note := range rows.Notes(reader) {
		warnings = append(warnings, in.Name+": "+note)
	}
	if t := spec.Type; spec.Timestamp == nil && (t == "track" || t == "page" || t == "screen") {
		warnings = append(warnings, mappingFile+": there is no timestamp: every event will be dated at its import; timestamp names the column that says when it happened")
	}
	reader.Bind(mapper.Columns(), mapper.Rest())
	return &Import{File: in, spec: spec, reader: reader, mapper: mapper, began: time.Now()}, warnings, nil
}

// Settings say where and how to send.
type Settings struct {
	Client      *send.Client
	Connections int
	// Ledger is the folder of the ledger; Target the collector as the user named it, "" for the stack beside the ledger.
	Ledger, Target string
	// Rejects is where refused rows go, another name when it is another import's; "" for a file beside Beside.
	Rejects, Beside string
	// Writer tells write keys apart, for a warning.
	Writer string
	// Follow is the path of a file that is imported again and again as it changes: its entry in the ledger is that of the path, and only what was not
	// sent before is sent. It is read from where it was read to, when all before that is as it was, else from its beginning. Replaced says that it
	// is known to be another file.
	Follow   string
	Replaced bool
	// Again begins a finished or an interrupted import anew.
	Again bool
	// Note is told what the user should know.
	Note func(line string)
}

// DryRun does everything but sending: events are judged as a collector with the default settings would.
func (i *Import) DryRun(ctx context.Context) (Result, error) {
	checker, totals := intake.NewChecker(time.Now), &tally.Tally{}
	job := i.job(1)
	job.Deliver = func(_ context.Context, items [][]byte) (send.Answer, error) {
		a := send.Answer{}
		for n, item := range items {
			e, r := checker.Read(item)
			if r != nil {
				a.Rejected = append(a.Rejected, send.Rejected{Index: n, Reason: r.Reason, Detail: r.Detail})
				continue
			}
			a.Accepted++
			totals.Add(e)
		}
		return a, nil
	}
	counts, err := job.Run(ctx)
	return Result{Counts: counts, Rows: counts.Rows, Elapsed: time.Since(i.began), Files: 1, DryRun: true, Totals: totals}, err
}

// Send imports the file, or goes on with it.
func (i *Import) Send(ctx context.Context, s Settings) (Result, error) {
	return i.send(ctx, s, s.Client.Deliver)
}

func (i *Import) send(ctx context.Context, s Settings, deliver func(context.Context, [][]byte) (send.Answer, error)) (res Result, err error) {
	sum, err := i.identity(s)
	if err != nil {
		return res, err
	}
	key := ledger.Key{Sum: sum, Mapping: i.spec.Hash(), Source: i.spec.SourceName, Target: s.Target}
	l, err := ledger.Open(s.Ledger, key, i.File.Name, time.Now())
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	var prefix *file.Prefix
	if s.Follow != "" {
		if prefix, err = i.goOn(l, s); err != nil {
			return res, err
		}
	} else if err := i.look(l, s); err != nil {
		return res, err
	}
	if !l.Finished.IsZero() {
		return Result{Counts: l.Counts, Finished: l.Finished, Files: 1, Before: 1, Rejects: kept(l.Rejects, l.RejectBytes)}, nil
	}
	if err := claim(l, s); err != nil {
		return res, err
	}
	rejects, err := run.OpenRejects(l.Rejects, l.RejectBytes)
	if err != nil {
		return res, err
	}
	sent, err := i.sent(s)
	if err != nil {
		return res, errors.Join(err, rejects.Close(false))
	}
	if sent != nil {
		if sent.Import = l.ID; s.Follow != "" {
			sent.Import += time.Now().String() // what this file had before is known too
		}
		defer func() { err = errors.Join(err, sent.Close()) }()
	}
	before := l.Counts.Rows
	job := i.job(s.Connections)
	job.Deliver, job.Ledger, job.Sent, job.Rejects, job.Began, job.Prefix = deliver, l, sent, rejects, l.Counts, prefix
	i.rows.Store(before)
	counts, err := job.Run(ctx)
	err = errors.Join(err, rejects.Close(!l.Finished.IsZero()))
	return Result{Counts: counts, Rows: counts.Rows - before, Elapsed: time.Since(i.began), Files: 1, Rejects: kept(l.Rejects, l.RejectBytes), Recorded: true}, err
}

// sent opens what was sent under the mapping; nil when rows have no ids of their own. With Again nothing of it is looked up.
func (i *Import) sent(s Settings) (*ledger.Sent, error) {
	if len(i.spec.MessageID) == 0 {
		return nil, nil
	}
	key := ledger.Key{Sum: "sent", Mapping: i.spec.Hash(), Source: i.spec.SourceName, Target: s.Target}
	sent, err := ledger.OpenSent(s.Ledger, key, s.Again)
	if err != nil {
		return nil, err
	}
	if sent.Full() {
		s.Note(fmt.Sprintf("warning: %d message ids are remembered, and no more will be: of what is in several files, only those count once for longer than 7 days", ledger.MaxSent))
	}
	return sent, nil
}

// claim finds the import its file of rejects and records it before anything is written there: it is this import's from now on, also after a crash.
func claim(l *ledger.Ledger, s Settings) error {
	if l.Units == 0 { // nothing of it arrived yet, of a wrong key for instance
		l.Writer = s.Writer
	}
	if !l.Found && s.Rejects != "" && s.Follow == "" {
		l.Rejects = ""
	}
	if l.Rejects == "" {
		path := s.Rejects
		if path == "" {
			path = s.Beside + ".rejects.ndjson"
		}
		var err error
		if l.Rejects, err = run.ClaimRejects(path); err != nil {
			return err
		}
	}
	return l.Save(time.Now())
}

// look tells what the ledger knows of the file, and forgets it with Again.
func (i *Import) look(l *ledger.Ledger, s Settings) error {
	others, err := l.Others()
	if err != nil {
		return err
	}
	grown := ledger.Record{}
	for _, o := range others {
		switch {
		case o.Counts.Accepted == 0:
		case o.Sum == l.Sum:
			s.Note(fmt.Sprintf("warning: the same content was imported under another mapping, begun %s: %d events of it were accepted. Rows keep their message ids, so what "+
				"came within 7 days stays as it was; later, it would count twice. Undo or correct the first import, or give this one another source_name",
				o.Began.Local().Format(time.DateTime), o.Counts.Accepted))
		case o.Mapping == l.Mapping && o.File == l.File && i.File.Name != "stdin" && o.Began.After(grown.Began):
			grown = o
		}
	}
	if !grown.Began.IsZero() && !l.Found && len(i.spec.MessageID) == 0 {
		s.Note(fmt.Sprintf("warning: %s was imported with this mapping before, with other content, begun %s: %d events were accepted. Rows that are in both files count twice, "+
			"because the mapping has no message_id: docs/import.md says how to choose one", l.File, grown.Began.Local().Format(time.DateTime), grown.Counts.Accepted))
	}
	if l.Units > 0 && !s.Again && l.Writer != "" && l.Writer != s.Writer {
		s.Note("warning: this import was begun with another write key: if that is another source, it has nothing of this file: give it a --ledger of its own")
	}
	switch {
	case l.Found && s.Again:
		l.Restart(time.Now())
	case l.Found && l.Finished.IsZero() && l.Units > 0:
		s.Note(fmt.Sprintf("going on behind row %d, where the import begun %s was interrupted", l.Counts.Rows, l.Began.Local().Format(time.DateTime)))
	}
	return nil
}

// kept is the file of rejects, if it was not empty: by its short path where it lies below the working directory.
func kept(path string, size int64) []string {
	if size == 0 {
		return nil
	}
	if here, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(short) {
			return []string{short}
		}
	}
	return []string{path}
}

func (i *Import) job(connections int) *run.Job {
	return &run.Job{File: i.File, Reader: i.reader, Mapper: i.mapper, Connections: max(connections, 1), OnProgress: i.progress, Now: time.Now}
}

// progress takes the counts of what is done.
func (i *Import) progress(c ledger.Counts) {
	i.new.Add(c.Rows - i.rows.Load())
	i.rows.Store(c.Rows)
	i.bad.Store(c.Rejected + c.Lost)
	if done := min(i.File.Done(), i.File.Size); i.OnProgress != nil && done > i.shown {
		i.OnProgress(int(done - i.shown))
		i.shown = done
	}
}

// Note is the state of a running import, for a progress bar.
func (i *Import) Note() string {
	rate := float64(i.new.Load()) / max(time.Since(i.began).Seconds(), 0.001)
	return fmt.Sprintf("%d rows, %d rejected, %.0f rows/s", i.rows.Load(), i.bad.Load(), rate)
}

// Infer writes a draft of a mapping for the file to w, and what a person needs to judge it to report, also of the other files of the import.
func Infer(in *file.File, w, report io.Writer, others ...string) error {
	d, err := draft.Infer(in, others...)
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	if _, err := io.WriteString(w, d.Mapping); err != nil {
		return err
	}
	return d.Report(report)
}
