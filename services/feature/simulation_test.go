package feature

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/factsql"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// aRound is how many events are simulated, held against each other, and forgotten, before the next ones: memory does not grow with their number.
const aRound = 50_000

// A year of a shop, with merges, stragglers of customers that were merged away, late events, repeats of anything, crashes, refunds, cancellations and
// properties that change their types: what the tasks keep, what they published last, what ClickHouse computes of the facts and what the plainest
// computation says are the same, value by value of the shipped catalogue. FRESHET_SIMULATION is the number of events (make simulation: ten million).
func TestSimulation(t *testing.T) {
	n := aRound
	if text := os.Getenv("FRESHET_SIMULATION"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 {
			t.Fatalf("FRESHET_SIMULATION=%s: give a number of events", text)
		}
	}
	f := newFacts(t)
	var sum tallied
	began := time.Now()
	for round := 0; sum.events < n && !t.Failed(); round++ {
		s := newSimulation(t, round)
		for range min(aRound, n-sum.events) {
			s.next()
		}
		s.end()
		s.write(f)
		sum.add(s.compare(f))
		t.Logf("%d events, %d customers, %d merged, %d late by more than a day, %d of orders taken back, %d repeats, %d crashes: %d values compared of stream, last set, SQL and oracle, %d differ; %s",
			sum.events, sum.customers, sum.merges, sum.late, sum.refunds, sum.repeats, sum.crashes, sum.values, sum.differ, time.Since(began).Round(time.Second))
	}
	if sum.merges == 0 || sum.late == 0 || sum.refunds == 0 || sum.repeats == 0 || sum.values == 0 {
		t.Errorf("nothing of some kind was simulated: %+v", sum)
	}
}

// tallied is what was simulated and compared.
type tallied struct{ events, customers, merges, late, refunds, repeats, crashes, values, differ int }

func (a *tallied) add(b tallied) {
	a.events, a.customers, a.merges, a.late, a.refunds = a.events+b.events, a.customers+b.customers, a.merges+b.merges, a.late+b.late, a.refunds+b.refunds
	a.repeats, a.crashes, a.values, a.differ = a.repeats+b.repeats, a.crashes+b.crashes, a.values+b.values, a.differ+b.differ
}

// compare holds the four against each other as of now.
func (s *simulation) compare(f *facts) tallied {
	now := s.now.UnixMilli()
	want := s.truth.All(s.kept.catalog, now)
	kept, told := s.streamed(now), s.lastTold()
	computed := s.ofFacts(f, slices.Sorted(maps.Keys(want)), now)
	s.did.customers = len(want)
	if len(kept) != len(want) {
		s.fails.Errorf("the tasks keep %d living customers, and there are %d", len(kept), len(want))
	}
	traits := s.kept.traits()
	for id, values := range want {
		public := withoutPersonal(slices.Clone(values), traits) // TestPersonalTraitsAreNotPublished
		for i := range s.kept.catalog.Features {
			s.did.values++
			s.same(id, "the task keeps", i, values[i], kept[id])
			s.same(id, "was published last", i, public[i], told[id])
			s.same(id, "ClickHouse computes", i, values[i], computed[id])
		}
	}
	return s.did
}

func (s *simulation) same(id, what string, i int, want catalog.Value, got []catalog.Value) {
	if i < len(got) && sameValue(want, got[i]) {
		return
	}
	if s.did.differ++; s.did.differ > 10 {
		return
	}
	var one catalog.Value
	if i < len(got) {
		one = got[i]
	}
	f := &s.kept.catalog.Features[i]
	s.fails.Errorf("round %d, customer %s: %s: %s, %s over %q (-want +got):\n%s", s.round, id, what, f.Name, f.Formula(), f.Window.Name, cmp.Diff(want, one))
}

func sameValue(a, b catalog.Value) bool {
	return a.Present == b.Present && a.Int == b.Int && a.Text == b.Text && slices.Equal(a.List, b.List)
}

// streamed are the values of the living customers' records.
func (s *simulation) streamed(now int64) map[string][]catalog.Value {
	out := map[string][]catalog.Value{}
	book := s.kept.copy()
	for id, rec := range s.records() {
		if rec.gone == nil && rec.version > 0 {
			out[id] = slices.Clone(book.at(rec, now))
		}
	}
	return out
}

// lastTold are the values of the last sets published: time has moved them up to now.
func (s *simulation) lastTold() map[string][]catalog.Value {
	last := map[string]*featurev1.FeatureSet{}
	for at, log := range s.logs {
		if at.Topic != topics.Features.Name {
			continue
		}
		for _, rec := range log {
			fs := &featurev1.FeatureSet{}
			if err := proto.Unmarshal(rec.Value, fs); err != nil {
				s.fails.Fatal(err)
			}
			if old := last[fs.CustomerId]; old == nil || old.Version < fs.Version {
				last[fs.CustomerId] = fs
			}
		}
	}
	out := map[string][]catalog.Value{}
	for id, fs := range last {
		out[id] = s.kept.valuesOf(fs)
	}
	return out
}

// ofFacts are the values that ClickHouse computes.
func (s *simulation) ofFacts(f *facts, ids []string, now int64) map[string][]catalog.Value {
	out := map[string][]catalog.Value{}
	for some := range slices.Chunk(ids, 200) {
		q, err := factsql.Compile(s.kept.catalog.Plan(), factsql.Query{Database: f.names.Database(schema.DW), Workspace: "default", Customers: some, AsOfMs: now})
		if err != nil {
			s.fails.Fatal(err)
		}
		rows, err := f.conn.Query(clickhouse.Context(s.fails.Context(), clickhouse.WithParameters(q.Parameters)), q.Text)
		if err != nil {
			s.fails.Fatalf("%.2000v", err)
		}
		for rows.Next() {
			id, readings, err := q.Scan(rows)
			if err != nil {
				s.fails.Fatal(err)
			}
			out[id] = s.kept.catalog.Values(readings, now, nil)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			s.fails.Fatal(err)
		}
	}
	return out
}
