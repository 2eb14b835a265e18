package explained

import (
	"fmt"
	"strings"
	"testing"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

const day = int64(86_400_000)

func count(n int64) *featurev1.FeatureValue {
	return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: n}}
}

// shownOf is an explanation as it is written, without the spaces that align it.
func shownOf(t *testing.T, x *featurev1.ExplainFeatureResponse) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, x); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for l := range strings.Lines(b.String()) {
		lines = append(lines, strings.Join(strings.Fields(l), " "))
	}
	return strings.Join(lines, "\n")
}

// A picture has a line a tile with a bar by its amount; what is below zero is hollow, and hostile names stay text.
func TestAPartIsDrawn(t *testing.T) {
	got := shownOf(t, &featurev1.ExplainFeatureResponse{
		Sentence: "views_30d is 12.", Feature: &featurev1.Feature{Kind: "count", Unit: "events"}, Value: count(12), AsOfMs: 30 * day, WindowStartMs: day, HopMs: day,
		ChangesMs: 31 * day,
		Parts: []*featurev1.Part{{Reading: "the sum of 3 spans", Combine: "sum", Total: count(12), Tiles: []*featurev1.Tile{
			{StartMs: 9 * day, LengthMs: day, Amount: count(16)}, {StartMs: 5 * day, LengthMs: day, Amount: count(-8)}, {StartMs: 2 * day, LengthMs: day, Amount: count(4)}},
			Keys: []*featurev1.PartKey{{Key: "a\x1b[31m", Amount: count(10), Share: "0.8"}, {Amount: count(2)}}}},
		Events: []*featurev1.ContributingEvent{{EventId: "e1", Name: "View", OccurredMs: 9 * day, Keys: []string{"x", "y"}}},
	})
	for _, want := range []string{
		"value 12 events", "window 1970-01-02 00:00:00Z to 1970-01-31 00:00:00Z, in steps of 1d", "changes 1970-02-01 00:00:00Z at the earliest",
		"the sum of 3 spans = 12",
		"1970-01-10 00:00:00Z, 1d 16 " + strings.Repeat("█", 32) + "\n1970-01-06 00:00:00Z, 1d -8 " + strings.Repeat("▒", 16) + "\n1970-01-03 00:00:00Z, 1d 4 " + strings.Repeat("█", 8),
		"10 0.8\n(all others) 2", "1970-01-10 00:00:00Z View x, y e1",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing of:\n%s", want, got)
		}
	}
	if strings.Contains(got, "\x1b") {
		t.Error("a terminal takes orders from a key")
	}
}

// A sum of too many tiles is drawn by spans of time, of which each tile is in one.
func TestManyTilesAreDrawnBySpans(t *testing.T) {
	for _, n := range []int{mostRows, mostRows + 1, 100, 400} {
		p := &featurev1.Part{Combine: "sum"}
		sum := 0.0
		for i := n; i > 0; i-- {
			p.Tiles = append(p.Tiles, &featurev1.Tile{StartMs: int64(i) * day, LengthMs: day, Amount: count(int64(i))})
			sum += float64(i)
		}
		drawn := 0.0
		list := rows(p, &featurev1.ExplainFeatureResponse{AsOfMs: int64(n+1)*day - 1})
		for _, r := range list {
			drawn += r.amount
		}
		if len(list) > mostRows || drawn != sum {
			t.Errorf("%d tiles: %d lines that come to %v, want %v", n, len(list), drawn, sum)
		}
	}
	p := &featurev1.Part{Combine: "visits"}
	for i := range 30 {
		p.Tiles = append(p.Tiles, &featurev1.Tile{StartMs: day - int64(i)})
	}
	if list := rows(p, &featurev1.ExplainFeatureResponse{}); list[len(list)-1].when != "and 6 more" {
		t.Errorf("30 visits end with %q", list[len(list)-1].when)
	}
}

func TestLengthsAreShort(t *testing.T) {
	for ms, want := range map[int64]string{day: "1d", 2 * day: "2d", 3_600_000: "1h", 300_000: "5m", 5_400_000: "1h30m", 1500: "1.5s", 0: "0s", 605_000: "10m5s", 36_000_000: "10h"} {
		if got := length(ms); got != want {
			t.Errorf("%d ms: %q, want %q", ms, got, want)
		}
	}
}

// A tag's conditions say which of them speak for it.
func TestConditionsAreMarked(t *testing.T) {
	got := shownOf(t, &featurev1.ExplainFeatureResponse{Sentence: "s", Tag: &featurev1.Tag{Name: "lapsed"}, Conditions: []*featurev1.Condition{
		{Text: "a > 1 (is 2)", Holds: true}, {Text: "b > 1 (is 2)", Holds: true, Denied: true}, {Text: "c > 1 (is 0)", Denied: true}, {Text: "d > 1 (is 0)"}},
		EventsNote: "a tag looks at features"})
	for i, want := range []string{"yes a > 1 (is 2)", "no not: b > 1 (is 2)", "yes not: c > 1 (is 0)", "no d > 1 (is 0)", "a tag looks at features"} {
		if !strings.Contains(got, want) {
			t.Error(fmt.Sprint(i), want, got)
		}
	}
}
