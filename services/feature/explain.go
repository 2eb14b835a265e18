package feature

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/pkg/service"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/history"
	"github.com/freshet/freshet/services/feature/tally"
)

// evidence is a customer at a moment, and the state that the values are read of. Every number of an explanation comes from it and is read as the value
// was: the parts of each feature come to its value (TestPartsComeToTheValue).
type evidence struct {
	*answer
	book     *book
	state    *tally.State
	readings []catalog.Reading
	// reveal tells personal and sensitive values.
	reveal bool
}

// ExplainFeature says how a value came about. UNAVAILABLE with a message that begins with "not owner": another replica has the customer's state.
func (g server) ExplainFeature(ctx context.Context, req *featurev1.ExplainFeatureRequest) (*featurev1.ExplainFeatureResponse, error) {
	workspace := customer.Workspace(req.GetWorkspace())
	if err := checkAsOf(req.GetAsOf(), g.s.deps.Now()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if _, ok := g.s.book.catalog.Layout().Position(req.GetName()); !ok {
		return nil, status.Errorf(codes.InvalidArgument, "name: the catalogue has no feature or tag %q; GET /v1/features and /v1/tags list all", req.GetName())
	}
	id, err := customer.Lookup(ctx, g.s.deps.Identity, workspace, req.GetId())
	if err != nil {
		return nil, err
	}
	var e *evidence
	if req.GetAsOf() == nil {
		e, err = g.s.evidenceNow(ctx, workspace, id)
	} else {
		e, err = g.s.evidenceThen(ctx, workspace, id, req.GetAsOf().AsTime())
	}
	if err != nil {
		return nil, toStatus(err)
	}
	e.reveal = req.GetReveal()
	if t := g.s.book.catalog.Tag(req.GetName()); t != nil {
		return e.tag(t), nil
	}
	f := g.s.book.catalog.Feature(req.GetName())
	out := e.feature(f)
	if e.tells(f) {
		out.Events, out.EventsNote = g.s.lastFacts(ctx, e, f)
	}
	return out, nil
}

// evidenceNow is of the committed state.
func (s *Service) evidenceNow(ctx context.Context, workspace, id string) (*evidence, error) {
	a, err := s.live(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	state := a.record.state
	return &evidence{answer: a, book: s.book, state: state, readings: state.Read(a.asOfMs, nil)}, nil
}

// evidenceThen is of the facts that had happened by then: they are folded anew, since a state knows only what can be read from now on.
func (s *Service) evidenceThen(ctx context.Context, workspace, id string, at time.Time) (*evidence, error) {
	bounded, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	e := &evidence{book: s.book}
	reader := history.Reader{ClickHouse: s.deps.ClickHouse, Database: s.cfg.Database, Catalog: s.book.catalog, Engine: s.book.engine}
	asked := history.Request{Workspace: workspace, Mode: history.EventTime, Rows: []history.Row{{Customer: id, AtMs: at.UnixMilli()}}}
	err := reader.Read(bounded, asked, func(got history.Answer) error {
		e.take(id, workspace, got)
		return nil
	})
	if err != nil && ctx.Err() == nil && (bounded.Err() != nil || clickhouse.Away(err)) {
		return nil, service.ComeAgain("ClickHouse, which explanations with as_of are read from, is away", factsAgain)
	}
	if err != nil {
		return nil, fmt.Errorf("read customer %s from the facts: %w", id, err)
	}
	return e, nil
}

// take keeps what was known then. Since when a tag holds is not known of the past: it is there as of the moment.
func (e *evidence) take(id, workspace string, got history.Answer) {
	book, rec := e.book.copy(), &record{state: got.State}
	book.hold(rec, got.Values, got.AtMs)
	values := book.withTags(rec, append([]catalog.Value(nil), got.Values...))
	e.answer = &answer{id: id, workspace: workspace, asOfMs: got.AtMs, values: values, record: rec}
	e.state, e.readings = got.State, got.State.Read(got.AtMs, nil)
}

// tells says that a feature's value may be told.
func (e *evidence) tells(f *catalog.Feature) bool { return e.reveal || f.Sensitivity == "none" }

// head is what every explanation begins with.
func (e *evidence) head() *featurev1.ExplainFeatureResponse {
	return &featurev1.ExplainFeatureResponse{
		CustomerId: e.id, Workspace: e.workspace, Version: e.version, AsOfMs: e.asOfMs, Schema: e.book.catalog.Layout().Fingerprint,
	}
}

// feature explains a feature, but for the events.
func (e *evidence) feature(f *catalog.Feature) *featurev1.ExplainFeatureResponse {
	out := e.head()
	out.Feature, out.Words, out.Value = featureOf(f), f.Words(), &featurev1.FeatureValue{}
	if f.Window.Length > 0 {
		out.WindowStartMs, out.HopMs = f.Window.StartMs(e.asOfMs), f.Window.Hop.Milliseconds()
		out.WindowNominalMs = e.asOfMs - f.Window.Length.Milliseconds()
	}
	if !e.tells(f) {
		out.Absent = fmt.Sprintf("left out because it is %s: ask with reveal", f.Sensitivity)
		out.Sentence = fmt.Sprintf("%s is not told: it is %s, and the request does not ask to reveal it.", f.Name, f.Sensitivity)
		return out
	}
	out.Value, out.Parts = ValueOf(f, e.values[f.Position]), e.parts(f)
	for _, at := range f.MadeOf() {
		of := &e.book.catalog.Features[at]
		out.MadeOf = append(out.MadeOf, &featurev1.MadeOf{Name: of.Name, Value: ValueOf(of, e.values[at]), Words: of.Words(), Parts: e.parts(of)})
	}
	out.ChangesMs = e.changes(f)
	out.Absent = e.absent(f)
	out.Sentence = e.sentence(f, out)
	return out
}

// tag explains a tag: its comparisons, with the values that they see.
func (e *evidence) tag(t *catalog.Tag) *featurev1.ExplainFeatureResponse {
	out := e.head()
	at := t.Position - len(e.book.catalog.Features)
	row := e.book.row(e.record, e.values)
	out.Tag, out.Words = tagOf(t), t.When
	for _, p := range e.book.tags.Parts(at, row, e.asOfMs) {
		c := &featurev1.Condition{Text: p.Text, Holds: p.Holds, Denied: p.Denied, Name: p.Name, FlipsMs: p.FlipsMs}
		if f := e.book.catalog.Feature(p.Name); f != nil && f.Name != rule.Traits && !e.tells(f) {
			c.Text, c.FlipsMs = fmt.Sprintf("%s (left out because it is %s)", p.Plain, f.Sensitivity), 0
		}
		out.Conditions = append(out.Conditions, c)
	}
	if v := e.values[t.Position]; v.Present {
		out.TagValue = &featurev1.TagValue{SinceMs: v.Int}
		for _, c := range out.GetConditions() {
			if c.GetHolds() != c.GetDenied() {
				out.TagValue.Because = append(out.TagValue.Because, told(c))
			}
		}
	} else {
		out.Absent = missing(out.GetConditions())
	}
	out.ChangesMs = e.tagChanges(at, out.GetConditions())
	out.Sentence = e.tagSentence(t, out)
	out.EventsNote = "a tag looks at features: explain those that its conditions name"
	return out
}

// tagChanges is the earliest moment at which time alone can change a tag: by a comparison with it, or by a feature that a comparison looks at.
func (e *evidence) tagChanges(at int, list []*featurev1.Condition) int64 {
	var next earliestOf
	if ms, ok := e.book.tags.Look(e.book.row(e.record, e.values), nil).NextFlip(at, e.asOfMs); ok {
		next.at(ms)
	}
	for _, c := range list {
		if f := e.book.catalog.Feature(c.GetName()); f != nil {
			next.at(e.changes(f))
		}
	}
	return next.ms
}

// earliestOf keeps the earliest of some moments, of which 0 is none.
type earliestOf struct{ ms int64 }

func (n *earliestOf) at(ms int64) {
	if ms != 0 && (n.ms == 0 || ms < n.ms) {
		n.ms = ms
	}
}
