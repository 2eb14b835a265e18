package spec_test

import (
	"flag"
	"math"
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/spec"
)

var update = flag.Bool("update", false, "write the golden files")

func TestWindowsBeginAtTheirHop(t *testing.T) {
	cases := []struct{ window, at, begins, leaves string }{
		{"1h", "2026-06-15T10:07:00Z", "2026-06-15T09:05:00Z", "2026-06-15T10:10:00Z"},
		{"1h", "2026-06-15T10:05:00Z", "2026-06-15T09:05:00Z", "2026-06-15T10:10:00Z"},
		{"1h", "2026-06-15T10:04:59.999Z", "2026-06-15T09:00:00Z", "2026-06-15T10:05:00Z"},
		{"24h", "2026-06-15T10:07:00Z", "2026-06-14T10:00:00Z", "2026-06-15T11:00:00Z"},
		{"30d", "2026-06-15T10:07:00Z", "2026-05-16T00:00:00Z", "2026-06-16T00:00:00Z"},
		{"90d", "2026-06-15T10:07:00Z", "2026-03-17T00:00:00Z", "2026-06-16T00:00:00Z"},
		{"365d", "2026-06-15T10:07:00Z", "2025-06-15T00:00:00Z", "2026-06-16T00:00:00Z"},
		{"365d", "1970-01-01T00:00:00Z", "1969-01-01T00:00:00Z", "1970-01-02T00:00:00Z"},
		{"30d", "1969-12-31T23:59:59.999Z", "1969-12-01T00:00:00Z", "1970-01-01T00:00:00Z"},
	}
	for _, c := range cases {
		at, err := time.Parse(time.RFC3339Nano, c.at)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range spec.Windows() {
			if w.Name != c.window {
				continue
			}
			begins := w.StartMs(at.UnixMilli())
			leaves := w.LeavesMs(begins)
			text := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
			if text(begins) != c.begins || text(leaves) != c.leaves {
				t.Errorf("%s at %s begins %s and its first hop leaves %s, want %s and %s",
					c.window, c.at, text(begins), text(leaves), c.begins, c.leaves)
			}
		}
	}
}

// Each finer hop divides the next, and days.
func TestHopsNest(t *testing.T) {
	levels := spec.Levels()
	if diff := cmp.Diff([]time.Duration{5 * time.Minute, time.Hour, 24 * time.Hour}, levels); diff != "" {
		t.Fatal(diff)
	}
	for _, w := range spec.Windows() {
		if w.Hop > 0 && w.Length%w.Hop != 0 {
			t.Errorf("%s is no multiple of its hop %s", w.Name, w.Hop)
		}
	}
}

func TestEveryMeasureOfOrdersIsReadFromItsPosting(t *testing.T) {
	p := &orderv1.Posting{AtMs: 7, Orders: 1, QuantityMicros: 2, SpendMicros: -3, Refunds: 4, RefundMicros: 5}
	want := spec.Values{spec.Orders: 1, spec.Quantity: 2, spec.Spend: -3, spec.Refunds: 4, spec.Refunded: 5}
	added, taken := spec.ReadPosting(p, false), spec.ReadPosting(p, true)
	if got := added.Sums.Clamp(); got != want || added.AtMs != 7 {
		t.Errorf("added %v at %d, want %v", got, added.AtMs, want)
	}
	if added.Sums.Add(&taken.Sums); added.Sums != (spec.Sums{}) {
		t.Errorf("added and taken leaves %v", added.Sums)
	}
}

func TestNamesOfEvents(t *testing.T) {
	if got := spec.Read(&eventv1.Event{Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "N", OccurredMs: 7}); got.Name != "N" || got.AtMs != 7 {
		t.Errorf("a track call is remembered as %q at %d", got.Name, got.AtMs)
	}
	if got := spec.Read(&eventv1.Event{Type: eventv1.EventType_EVENT_TYPE_PAGE, Name: "N"}); got.Name != "page" {
		t.Errorf("a page view is remembered as %q", got.Name)
	}
}

// A sum adds, turns round and is cut as a big number is.
func TestSumIsABigNumber(t *testing.T) {
	limit := big.NewInt(spec.Limit)
	rapid.Check(t, func(t *rapid.T) {
		var sum spec.Sum
		exact := new(big.Int)
		for range rapid.IntRange(0, 40).Draw(t, "numbers") {
			x := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64, 0, 1, -1})).Draw(t, "x")
			sum, exact = sum.Plus(spec.SumOf(x)), exact.Add(exact, big.NewInt(x))
			if rapid.IntRange(0, 9).Draw(t, "turn") == 0 {
				sum, exact = sum.Negative(), exact.Neg(exact)
			}
			want := exact.Int64()
			if exact.CmpAbs(limit) > 0 {
				want = int64(exact.Sign()) * spec.Limit
			}
			if got := sum.Clamp(); got != want || sum.Sign() != exact.Sign() {
				t.Fatalf("%s reads as %d with sign %d", exact, got, sum.Sign())
			}
		}
	})
}

func TestAverageRoundsTowardZero(t *testing.T) {
	for spend, want := range map[int64]int64{7: 3, -7: -3, 0: 0} {
		if got := spec.Fill(spec.Windows()[0], &spec.Values{spec.Orders: 2, spec.Spend: spend}).AverageBasketMicros; got != want {
			t.Errorf("average of %d over 2: %d, want %d", spend, got, want)
		}
	}
	if got := spec.Fill(spec.Windows()[0], &spec.Values{spec.Spend: 5}).AverageBasketMicros; got != 0 {
		t.Errorf("average without orders: %d", got)
	}
}

// The compiled query, for review; go test ./services/feature/spec -update writes it.
func TestSQLGolden(t *testing.T) {
	s, err := spec.SQL(spec.Query{Workspace: "default", Customer: "c", AsOfMs: time.Date(2026, 6, 15, 10, 7, 0, 0, time.UTC).UnixMilli()})
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/one_customer.sql"
	if *update {
		if err := os.WriteFile(path, []byte(s.Text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), s.Text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	parameters := map[string]string{
		"workspace": "default", "customer": "c", "as_of": "1781518020000", "start_1h": "1781514300000", "start_24h": "1781431200000",
		"start_30d": "1778889600000", "start_90d": "1773705600000", "start_365d": "1749945600000",
	}
	if diff := cmp.Diff(parameters, s.Parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func TestSQLRefusesOtherNames(t *testing.T) {
	for _, name := range []string{"d.w", "d w", "`dw`", "1dw", "dw; DROP"} {
		if _, err := spec.SQL(spec.Query{Database: name}); err == nil {
			t.Errorf("database %q was taken", name)
		}
	}
}
