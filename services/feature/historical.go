package feature

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/service"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/history"
)

const (
	// maxRows and maxDates bound one request for histories.
	maxRows, maxDates = 100_000, 1000
	// maxHistories is how many requests for histories a process answers at once: each reads all facts of its customers, takes every core, and has two
	// connections to ClickHouse while it lasts.
	maxHistories = 2
	// rowsAPart and bytesAPart are what one part of an answer has at most, but for the last row of it: clients take 4 MiB unless told otherwise.
	rowsAPart, bytesAPart = 250, 1 << 20
)

// GetHistoricalFeatures gives what was known then. Any replica answers: it is all in ClickHouse.
func (g server) GetHistoricalFeatures(req *featurev1.GetHistoricalFeaturesRequest, out grpc.ServerStreamingServer[featurev1.GetHistoricalFeaturesResponse]) error {
	if err := g.checkHistory(req); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	select {
	case g.s.histories <- struct{}{}:
		defer func() { <-g.s.histories }()
	default:
		return status.Errorf(codes.ResourceExhausted, "%d histories are being read here already; try again when one is done", maxHistories)
	}
	q := history.Request{Workspace: customer.Workspace(req.GetWorkspace()), Dates: req.GetDatesMs()}
	if req.GetMode() == featurev1.HistoryMode_HISTORY_MODE_EVENT_TIME {
		q.Mode = history.EventTime
	}
	var err error
	if q.Rows, err = g.historyRows(out.Context(), q.Workspace, req.GetRows()); err != nil {
		return err
	}
	t := g.s.book.teller(req.GetNames(), out.Send)
	if err := t.head(); err != nil {
		return err
	}
	reader := history.Reader{ClickHouse: g.s.deps.ClickHouse, Database: g.s.cfg.Database, Catalog: g.s.book.catalog, Engine: g.s.book.engine}
	if err := reader.Read(out.Context(), q, t.tell); err != nil {
		if out.Context().Err() == nil && clickhouse.Away(err) {
			return service.ComeAgain("ClickHouse, which histories are read from, is away", factsAgain)
		}
		return err
	}
	return t.flush()
}

// checkHistory says what cannot be asked.
func (g server) checkHistory(req *featurev1.GetHistoricalFeaturesRequest) error {
	rows, dates := len(req.GetRows()), len(req.GetDatesMs())
	switch {
	case rows == 0 && dates == 0 || rows > 0 && dates > 0:
		return fmt.Errorf("rows: there are %d of them and %d dates_ms; ask for either", rows, dates)
	case rows > maxRows:
		return fmt.Errorf("rows: %d, at most %d are allowed", rows, maxRows)
	case dates > maxDates:
		return fmt.Errorf("dates_ms: %d, at most %d are allowed", dates, maxDates)
	}
	if _, ok := featurev1.HistoryMode_name[int32(req.GetMode())]; !ok {
		return fmt.Errorf("mode: %d is none", req.GetMode())
	}
	now := g.s.deps.Now()
	moment := func(what string, i int, ms int64) error {
		if err := checkAsOf(&timestamppb.Timestamp{Seconds: ms / 1000}, now); err != nil || ms > now.UnixMilli() {
			return fmt.Errorf("%s[%d]: %d is not within 1902 and now", what, i, ms)
		}
		return nil
	}
	for i, row := range req.GetRows() {
		if err := moment("rows", i, row.GetAtMs()); err != nil {
			return err
		}
	}
	for i, ms := range req.GetDatesMs() {
		if err := moment("dates_ms", i, ms); err != nil {
			return err
		}
	}
	return g.s.book.known(req.GetNames())
}

// historyRows finds the ids of rows that name an identifier. Somebody whom identity does not know stays as named: no fact has such an id.
func (g server) historyRows(ctx context.Context, workspace string, rows []*featurev1.HistoricalRow) ([]history.Row, error) {
	var out []history.Row
	ids := map[string]string{}
	for i, row := range rows {
		id := row.GetId()
		if !customer.IsID(id) {
			found, ok := ids[id]
			if !ok {
				var err error
				if found, err = customer.Lookup(ctx, g.s.deps.Identity, workspace, id); status.Code(err) == codes.NotFound {
					found = id
				} else if err != nil {
					return nil, status.Errorf(status.Code(err), "rows[%d]: %s", i, status.Convert(err).Message())
				}
				ids[id] = found
			}
			id = found
		}
		out = append(out, history.Row{Index: i, Customer: id, AtMs: row.GetAtMs()})
	}
	return out, nil
}

// historyTeller writes answers in parts. Many goroutines may tell.
type historyTeller struct {
	book  *book
	names []string
	at    []int // positions, in the order of names
	tags  bool  // a tag is among them
	send  func(*featurev1.GetHistoricalFeaturesResponse) error

	mu   sync.Mutex
	part *featurev1.GetHistoricalFeaturesResponse
	size int
	done int64
}

// teller tells of the features and tags of these names; none means all.
func (b *book) teller(names []string, send func(*featurev1.GetHistoricalFeaturesResponse) error) *historyTeller {
	t := &historyTeller{book: b, names: names, send: send, part: &featurev1.GetHistoricalFeaturesResponse{}}
	if len(names) == 0 {
		for _, f := range b.catalog.Layout().Fields {
			t.names = append(t.names, f.Name)
		}
	}
	for _, n := range t.names {
		i, _ := b.catalog.Layout().Position(n)
		t.at = append(t.at, i)
		t.tags = t.tags || i >= len(b.catalog.Features)
	}
	return t
}

// head tells what the values are of.
func (t *historyTeller) head() error {
	l := t.book.catalog.Layout()
	first := &featurev1.GetHistoricalFeaturesResponse{Schema: l.Fingerprint}
	for i, n := range t.names {
		first.Columns = append(first.Columns, &featurev1.HistoricalColumn{Name: n, Kind: l.Fields[t.at[i]].Kind.String()})
	}
	return t.send(first)
}

// tell takes one answer.
func (t *historyTeller) tell(a history.Answer) error {
	values := withoutPersonal(a.Values, t.book.traits())
	var hold []bool
	if t.tags {
		hold = t.book.tags.Look(t.book.row(nil, values), nil).Match(a.AtMs)
	}
	row := &featurev1.HistoricalFeatures{Row: int32(a.Index), CustomerId: a.Surviving, AtMs: a.AtMs, Seen: a.Seen, Values: make([]*featurev1.FeatureValue, len(t.at))}
	for i, at := range t.at {
		if tag := at - len(values); tag >= 0 {
			held := catalog.Value{Present: true}
			if hold[tag] {
				held.Int = 1
			}
			row.Values[i] = valueOf(catalog.KindCount, 0, held)
			continue
		}
		f := &t.book.catalog.Features[at]
		row.Values[i] = valueOf(f.Kind, f.EntryKind, values[at])
	}
	size := proto.Size(row)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part.Rows = append(t.part.Rows, row)
	if t.size += size; len(t.part.Rows) < rowsAPart && t.size < bytesAPart {
		return nil
	}
	return t.out()
}

// out sends the part in hand; mu is held.
func (t *historyTeller) out() error {
	t.done += int64(len(t.part.Rows))
	t.part.Done, t.part.Schema = t.done, t.book.catalog.Layout().Fingerprint
	part := t.part
	t.size, t.part = 0, &featurev1.GetHistoricalFeaturesResponse{}
	return t.send(part)
}

// flush sends what is left.
func (t *historyTeller) flush() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out()
}
