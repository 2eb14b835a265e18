package page

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/services/recommendation/judge"
)

func TestThePageNeedsNothingElse(t *testing.T) {
	rows := []judge.Row{
		{Name: "ranker", Recall: evaluate.Interval{Value: .6, Low: .58, High: .62}, ByPlace: []float64{.1, .3, .6}, Coverage: .9, Head: .1, Diversity: .8},
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
	for _, want := range []string{"ranker", "0.6000", "0.5800 to 0.6200", "Recall@3", "&lt;b&gt;popular", "shop &lt;1&gt;", "0.800"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
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
