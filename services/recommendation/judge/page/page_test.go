package page

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/services/recommendation/judge"
)

func TestThePageNeedsNothingElse(t *testing.T) {
	rows := []judge.Row{
		{Name: "ranker", Recall: evaluate.Interval{Value: .6, Low: .58, High: .62}, ByPlace: []float64{.1, .3, .6}, Coverage: .9, Head: .1, Diversity: .8,
			Figures: []judge.Figured{{Name: "ndcg@100", Interval: evaluate.Interval{Value: .4321}}}},
		{Name: "<b>popular", Recall: evaluate.Interval{Value: .02, Low: .01, High: .03}, ByPlace: []float64{0, .01, .02}, Coverage: .01, Head: 1, Diversity: .9},
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := Write(dir, "shop <1>, next-item", 3, rows); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "plots.html"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	if n := strings.Count(page, "<svg"); n != 4 {
		t.Errorf("%d pictures, want 4", n)
	}
	for _, want := range []string{"ranker", "0.6000", "0.5800 to 0.6200", "Recall@3", "&lt;b&gt;popular", "shop &lt;1&gt;", "0.800", "<th>ndcg@100", "<td>0.4321"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if n := strings.Count(page, ">ranker<"); n != 5 {
		t.Errorf("the best is named %d times, want once in the table and once in each picture", n)
	}
	if loads := regexp.MustCompile(`(src|href)\s*=|<script|<link|@import|url\(|<b>`).FindString(page); loads != "" {
		t.Errorf("the page has %q", loads)
	}
	if err := Write(filepath.Join(dir, "plots.html"), "", 3, rows); err == nil {
		t.Error("a file was taken for a directory")
	}
	if err := Write(dir, "", 3, nil); err == nil {
		t.Error("nothing was drawn without a fault")
	}
}

// Nothing that is drawn lies under the legend, and no bar is cut.
func TestNothingIsCovered(t *testing.T) {
	var rows []judge.Row
	for i := range 12 {
		v := .9 - float64(i)/20
		rows = append(rows, judge.Row{Name: fmt.Sprint("model ", i), Recall: evaluate.Interval{Value: v, Low: v - .05, High: v + .05}, ByPlace: []float64{v / 3, v / 2, v}, Coverage: v, Head: 1 - v})
	}
	for what, f := range map[string]func(int, []judge.Row) (*plot.Plot, error){"places": places, "bias": bias, "coverage": coverage} {
		p, err := f(3, rows)
		if err != nil {
			t.Fatal(err)
		}
		least, most, low, high := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
		for i := range rows {
			x := map[string][]float64{"places": {1, 3}, "bias": {rows[i].Head}, "coverage": {rows[i].Coverage}}[what]
			least, most, low, high = min(least, slices.Min(x)), max(most, slices.Max(x)), min(low, rows[i].Recall.Value/3), max(high, rows[i].Recall.Value)
		}
		if p.X.Min > least || most > .76*p.X.Max || p.Y.Min > low || high > p.Y.Max {
			t.Errorf("%s: from %v to %v of %v to %v, and up to %v of %v", what, least, most, p.X.Min, p.X.Max, high, p.Y.Max)
		}
		for _, tick := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if tick.Value > .8*p.X.Max {
				t.Errorf("%s: a tick at %v under the legend", what, tick.Value)
			}
		}
	}
	p, err := bars(3, rows)
	if err != nil {
		t.Fatal(err)
	}
	if p.X.Max <= .95 || p.Y.Min > -.5 || p.Y.Max < 11.5 {
		t.Errorf("bars: %v, %v to %v", p.X.Max, p.Y.Min, p.Y.Max)
	}
	seen := map[color.Color]bool{}
	for i := range rows {
		seen[hue(i)] = true
	}
	if len(seen) != len(rows) {
		t.Errorf("%d colours for %d models", len(seen), len(rows))
	}
}

func TestTicksOfPlacesAreRound(t *testing.T) {
	for k, want := range map[int][]float64{1: {1}, 5: {1, 2, 3, 4, 5}, 20: {1, 5, 10, 15, 20}, 100: {1, 20, 40, 60, 80, 100}, 7: {1, 2, 4, 6}} {
		var got []float64
		for _, tick := range whole(k) {
			got = append(got, tick.Value)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d places: %v, want %v", k, got, want)
		}
	}
}

// Every axis of numbers has some with a number on them, at round steps.
func TestAxesHaveNumbers(t *testing.T) {
	for most, want := range map[float64]string{.297: "0 0.05 0.1 0.15 0.2 0.25", 1.02: "0 0.2 0.4 0.6 0.8 1", .01: "0 0.002 0.004 0.006 0.008 0.01", 20: "0 5 10 15 20", .8: "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8"} {
		var got []string
		for _, tick := range (round{}).Ticks(0, most) {
			got = append(got, tick.Label)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("up to %v: %v, want %s", most, got, want)
		}
	}
}
