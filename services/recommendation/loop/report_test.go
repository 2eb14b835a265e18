package loop

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/experiment"
	"github.com/freshet/freshet/services/warehouse/factskit"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// table is a batch of rows of a table of the layer dm.
func tableOf(t *testing.T, f *factskit.Facts, name, columns string) driver.Batch {
	t.Helper()
	b, err := f.Conn.PrepareBatch(t.Context(), "INSERT INTO "+f.Names.Rows(schema.DM, name)+" ("+columns+")")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shop fills the tables: 2,000 visitors of the control, of whom 10 % click, and 2,000 of another variant, of whom 20 % do; every second click is bought from for 10, and every tenth of
// those is given back. Of the first ten visitors each had two lists. And one row of another workspace, and a list of last year.
func shop(t *testing.T, f *factskit.Facts, at time.Time) {
	lists := tableOf(t, f, "recommendations", "workspace, request_id, position, customer_id, scene, variant, answered_at, item_id, source")
	outs := tableOf(t, f, "recommendation_outcomes", "workspace, outcome_id, kind, sign, customer_id, request_id, position, scene, variant, item_id, source, answered_at, occurred_at, value_micros, order_id")
	ten := int64(10_000_000)
	n := 0
	out := func(kind string, sign int8, who, list, variant string, value *int64, order string) {
		n++
		must(t, outs.Append("default", fmt.Sprint("o", n), kind, sign, who, list, uint16(1), "home", variant, "i1", "taste", at, at, value, order))
	}
	for i := range 4000 {
		variant, every, who := "control", 10, fmt.Sprint("v", i)
		if i%2 == 1 {
			variant, every = "better", 5
		}
		for l := range 1 + btoi(i < 10) {
			list := fmt.Sprint("l", i, "-", l)
			must(t, lists.Append("default", list, uint16(1), who, "home", variant, at, "i1", "taste"))
			out("impression", 1, who, list, variant, nil, "")
			if l > 0 || (i/2)%every != 0 {
				continue
			}
			out("click", 1, who, list, variant, nil, "")
			if k := i / 2 / every; k%2 == 0 {
				out("purchase", 1, who, list, variant, &ten, fmt.Sprint("n", i))
				out("purchase", 1, who, list, variant, &ten, fmt.Sprint("n", i)) // two lines, one order
				if k%20 == 0 {
					out("purchase", -1, who, list, variant, &ten, fmt.Sprint("n", i))
					out("purchase", -1, who, list, variant, &ten, fmt.Sprint("n", i))
				}
			}
		}
	}
	must(t, lists.Append("other", "x", uint16(1), "x", "home", "control", at, "i1", "taste"))
	must(t, lists.Append("default", "old", uint16(1), "v0", "home", "control", at.AddDate(-1, 0, 0), "i1", "taste"))
	must(t, lists.Send())
	must(t, outs.Send())
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestReport(t *testing.T) {
	f := factskit.New(t)
	at := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	shop(t, f, at)
	s := &Service{now: time.Now, deps: Deps{
		ClickHouse: f.Conn, DM: f.Names.Database(schema.DM),
		Shares: func(_, scene string) ([]string, []float64) { return []string{"control", "better"}, []float64{50, 50} },
	}}
	got, err := s.Report(t.Context(), &recommendationv1.GetReportRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 2 || got.Rows[0].By["scene"] != "home" || got.Rows[0].By["variant"] != "better" {
		t.Fatalf("rows: %v", got.Rows)
	}
	r := got.Rows[0]
	// 400 clicked, 200 bought, 20 gave everything back.
	if r.Lists != 2005 || r.Visitors != 2000 || r.Impressions != 2005 || r.Clicks != 400 || r.Purchases != 180 || r.Revenue != 3600 {
		t.Errorf("better: %v", r)
	}
	if math.Abs(r.Ctr-400./2005) > 1e-9 || r.Conversion != .09 || r.RevenuePerVisitor != 1.8 {
		t.Errorf("better: %v", r)
	}
	if c := got.Rows[1]; c.Clicks != 200 || c.Purchases != 90 || c.Visitors != 2000 {
		t.Errorf("control: %v", c)
	}
	if len(got.Comparisons) != 3 {
		t.Fatalf("comparisons: %v", got.Comparisons)
	}
	click, revenue := got.Comparisons[0], got.Comparisons[2]
	if click.Figure != "click" || click.Control != .1 || click.Value != .2 || click.Uplift < .999 || click.Low <= 0 || click.High <= click.Difference || click.PValue > .001 || click.Mismatch != "" {
		t.Errorf("clicks: %v", click)
	}
	if !strings.HasPrefix(click.Words, "better: 20.00 % clicked against 10.00 % of the control; it is better by") {
		t.Errorf("words: %s", click.Words)
	}
	if revenue.Figure != "revenue" || math.Abs(revenue.Value-1.8) > 1e-9 || math.Abs(revenue.Control-.9) > 1e-9 {
		t.Errorf("revenue: %v", revenue)
	}
}

func TestReportByOtherThings(t *testing.T) {
	f := factskit.New(t)
	shop(t, f, time.Now().Add(-time.Hour).Truncate(time.Millisecond))
	s := &Service{now: time.Now, deps: Deps{ClickHouse: f.Conn, DM: f.Names.Database(schema.DM), Shares: func(string, string) ([]string, []float64) {
		return []string{"control", "better"}, []float64{90, 10}
	}}}
	got, err := s.Report(t.Context(), &recommendationv1.GetReportRequest{By: "source, position", Scene: "home"})
	if err != nil || len(got.Rows) != 1 || got.Rows[0].By["source"] != "taste" || got.Rows[0].By["position"] != "1" || got.Rows[0].Visitors != 4000 || got.Rows[0].Purchases != 270 {
		t.Errorf("%v, %v", got, err)
	}
	for _, c := range got.Comparisons {
		if !strings.Contains(c.Mismatch, "better 50.00 % instead of 10.00 %") || !strings.HasPrefix(c.Words, "do not go by this: ") {
			t.Errorf("a spoilt test is told as %q, %q", c.Mismatch, c.Words)
		}
	}
	got, err = s.Report(t.Context(), &recommendationv1.GetReportRequest{Scene: "' OR 1 = 1 --"})
	if err != nil || len(got.Rows)+len(got.Comparisons) != 0 {
		t.Errorf("a scene that is not there: %v, %v", got, err)
	}
	got, err = s.Report(t.Context(), &recommendationv1.GetReportRequest{ToMs: time.Now().Add(-48 * time.Hour).UnixMilli()})
	if err != nil || len(got.Rows) != 0 {
		t.Errorf("before the lists: %v, %v", got, err)
	}
}

func TestReportSaysWhatIsWrong(t *testing.T) {
	s := &Service{now: time.Now}
	for name, c := range map[string]struct {
		req  *recommendationv1.GetReportRequest
		code codes.Code
		want string
	}{
		"no ClickHouse":      {&recommendationv1.GetReportRequest{}, codes.FailedPrecondition, "set clickhouse.address"},
		"by the weather":     {&recommendationv1.GetReportRequest{By: "scene,weather"}, codes.InvalidArgument, `"weather" is not one of`},
		"by one thing twice": {&recommendationv1.GetReportRequest{By: "scene,scene"}, codes.InvalidArgument, "there twice"},
		"upside down":        {&recommendationv1.GetReportRequest{FromMs: 2, ToMs: 1}, codes.InvalidArgument, "from_ms"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Report(t.Context(), c.req)
			if status.Code(err) != c.code || !strings.Contains(err.Error(), c.want) {
				t.Error(err)
			}
		})
	}
}

// A visitor who met two variants, because his id changed or the shares did, is of the first one; a list from before there were variants is in no test.
func TestAVisitorIsOfTheVariantThatHeMetFirst(t *testing.T) {
	f := factskit.New(t)
	at := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	lists := tableOf(t, f, "recommendations", "workspace, request_id, position, customer_id, scene, variant, answered_at, item_id, source")
	for i := range 5 {
		for ago, variant := range []string{"better", "control", ""} { // the later first, as they may be stored
			must(t, lists.Append("default", fmt.Sprint(i, variant), uint16(1), fmt.Sprint("v", i), "cart", variant, at.Add(-time.Duration(ago)*time.Minute), "i1", "taste"))
		}
	}
	must(t, lists.Send())
	s := &Service{now: time.Now, deps: Deps{ClickHouse: f.Conn, DM: f.Names.Database(schema.DM)}}
	w, err := s.asked(&recommendationv1.GetReportRequest{})
	must(t, err)
	got, err := s.trials(t.Context(), w)
	if err != nil || len(got) != 1 || len(got[0].names) != 1 || got[0].variants[control][experiment.Click].Visitors != 5 {
		t.Errorf("%+v, %v", got, err)
	}
}
