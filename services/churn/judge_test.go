package churn

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// Of whom a target's condition does not hold there is no score, and the answer says why.
func TestOnlyThoseWhomItIsPredictedForAreScored(t *testing.T) {
	w := newWorld(t)
	w.both()
	k := newBench(t, w.cfg, w.deps())
	never := told(shipped.Layout(), &featurev1.FeatureSet{CustomerId: id(1)}, map[string]int64{"last_seen": start})
	k.send(t, never)
	long := ordered(2, start, 301)
	k.send(t, long)
	if got := line(k.sets[0]); got != "EVENT churn=- spend=-" {
		t.Errorf("who never bought: %s", got)
	}
	if got := line(k.sets[1]); got != "EVENT churn=- spend=50.000 !order_overdue" {
		t.Errorf("who bought long ago: %s", got)
	}
	if why := k.sets[1].GetScores()[0].GetMissing(); why != "not one of those whom it is predicted for: orders_lifetime >= 1 && days_since_last_order <= 300" {
		t.Errorf("missing: %q", why)
	}
}

// A set of a customer who is being filled: no score while a number that the model needs is not known, with the reason; the other targets go on.
func TestAFeatureThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.serve("churn_risk_60d", second, slope{Column: "complaints_365d", Base: .2, By: .1}, halves)
	k := newBench(t, w.cfg, w.deps())
	whole, plain := shipped.Layout(), shipped.Layout().Plain()
	numbers := map[string]int64{"last_order": start - 10*dayMs, "orders_lifetime": 1, "spend_lifetime": 100_000_000}
	k.send(t, told(whole, &featurev1.FeatureSet{CustomerId: id(1)}, numbers))
	k.send(t, told(plain, &featurev1.FeatureSet{CustomerId: id(2)}, numbers))
	full := map[string]int64{"complaints_365d": 0}
	for name, n := range numbers {
		full[name] = n
	}
	k.send(t, told(plain, &featurev1.FeatureSet{CustomerId: id(3)}, full))
	for i, want := range []string{"EVENT churn=0.200/low spend=50.000", "EVENT churn=- spend=50.000", "EVENT churn=0.200/low spend=50.000"} {
		if got := line(k.sets[i]); got != want {
			t.Errorf("customer %d: %s, want %s: %v", i+1, got, want, k.sets[i].GetScores())
		}
	}
	if why := k.sets[1].GetScores()[0].GetMissing(); !strings.Contains(why, "being filled") || !strings.Contains(why, "complaints_365d") {
		t.Errorf("missing: %q", why)
	}
}

// A set of a catalogue that grew meanwhile, or that is older: what its catalogue does not have is not none.
func TestASetOfAnotherCatalogue(t *testing.T) {
	its := other(t)
	w := newWorld(t)
	w.serve("spend_next_90d", first, spends, nil)
	w.serve("churn_risk_60d", second, slope{Column: "complaints_365d", Base: .2, By: .1}, halves)
	k := newBench(t, w.cfg, w.deps())
	fs := told(its.Layout(), &featurev1.FeatureSet{CustomerId: id(1)}, map[string]int64{"last_order": start - 10*dayMs, "orders_lifetime": 1, "spend_lifetime": 100_000_000})
	directory := featuretopic.New(shipped.Layout())
	k.t.judge.catalogues = directory
	fs.Version, fs.Workspace = 1, "default"
	value, err := proto.Marshal(fs)
	if err != nil {
		t.Fatal(err)
	}
	record := broker.Record{Topic: topics.Features.Name, Key: []byte(id(1)), Value: value}
	if err := k.t.process(k, record); err != nil {
		t.Fatal(err)
	}
	if err := k.t.flush(k); err == nil || !strings.Contains(err.Error(), "not known yet") {
		t.Fatalf("a catalogue that was not read: %v", err)
	}
	if err := directory.Add(&featurev1.Catalogue{Schema: its.Layout().Fingerprint, Definitions: string(its.Source())}); err != nil {
		t.Fatal(err)
	}
	if err := k.t.flush(k); err != nil {
		t.Fatal(err)
	}
	if got := line(k.sets[0]); got != "EVENT churn=- spend=50.000" {
		t.Errorf("%s", got)
	}
	if why := k.sets[0].GetScores()[0].GetMissing(); !strings.Contains(why, "another catalogue") || !strings.Contains(why, "complaints_365d") {
		t.Errorf("missing: %q", why)
	}
}

// other is a catalogue of a few features.
func other(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Parse(nil, []byte(`features:
  - {name: last_order, description: x, level: value, unit: moment, from: orders, aggregate: last_time}
  - {name: orders, description: x, level: value, from: orders, aggregate: sum, value: orders, windows: [lifetime]}
  - {name: spend, description: x, level: value, from: orders, aggregate: sum, value: spend, windows: [lifetime]}
`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Real trees give what they were trained to give, the same in the task and in a read, and Explain adds up.
func TestRealTrees(t *testing.T) {
	w := newWorld(t)
	m := grown(t, 7, 60)
	k := newBench(t, w.cfg, w.deps())
	board := &Board{Mark: 7, Seats: []Seat{{Champion: NewBound(first, .6, .3, m)}, {Missing: "no model yet"}}}
	k.t.judge.models = boards{board}
	k.send(t, ordered(1, start, 5), ordered(2, start, 95))
	stays, leaves := k.sets[0].GetScores()[0].GetValue(), k.sets[1].GetScores()[0].GetValue()
	if !(stays < .3 && leaves > .6) {
		t.Errorf("who ordered 5 days ago leaves with %.3f, who ordered 95 days ago with %.3f", stays, leaves)
	}
	deps := w.deps()
	deps.Models = boards{board}
	s, err := New(w.cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	r, err := decodeRecord(k.kv[string(customerKey(id(2)))])
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.explain(read{id: id(2), record: r, at: k.Now()}, 0, "en", 3)
	if err != nil {
		t.Fatal(err)
	}
	if out.GetScore().GetValue() != leaves || len(out.GetReasons()) != 3 || out.GetReasons()[0].GetFeatures()[0] != "last_order" || !strings.Contains(out.GetReasons()[0].GetText(), "raises") {
		t.Errorf("%v", out)
	}
	sum := out.GetBase() + out.GetRest()
	for _, x := range out.GetReasons() {
		sum += x.GetContribution()
	}
	scorer, err := m.Bind(s.book.plan.Columns())
	if err != nil {
		t.Fatal(err)
	}
	trees, ok := scorer.(*treesScorer)
	if !ok {
		t.Fatal("other trees")
	}
	v, err := s.catalogues.Vector(r.schema, r.values)
	if err != nil {
		t.Fatal(err)
	}
	cells := s.book.plan.Fill(nil, v, start)
	trees.Score(cells)
	if want := m.m.Score(trees.row); sum-want > 1e-9 || want-sum > 1e-9 {
		t.Errorf("base, reasons and rest come to %v, the model says %v", sum, want)
	}
}
