package freshet

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// people is a table of customers who leave the more the longer they are away; closed is written after the fact.
func people(t *testing.T, rows int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("customer_id,snapshot,away,plan,closed,left\n")
	for i := range rows {
		away, left := r.IntN(100), "no"
		if r.IntN(100) < away {
			left = "yes"
		}
		closed := map[string]int{"no": 0, "yes": 1}[left]
		if i%50 == 7 {
			left = ""
		}
		fmt.Fprintf(&b, "c%d,2026-01-%02d,%d,%s,%d,%s\n", i, 1+i*28/rows, away, []string{"free", "pro"}[r.IntN(2)], closed, left)
	}
	return write(t, "people.csv", b.String())
}

func TestChurnEvaluate(t *testing.T) {
	table := people(t, 1200)
	page := filepath.Join(t.TempDir(), "card.html")
	out := must(t, "churn", "evaluate", "--table", table, "--label", "left", "--time", "snapshot", "--leave", "closed", "--report", page, "--json")
	var c struct {
		Rows   int
		One    string
		Chosen string
		Report struct{ AUC float64 }
		Notes  []string
	}
	if err := json.Unmarshal([]byte(out), &c); err != nil || c.Rows != 1176 || c.One != "yes" || c.Report.AUC < .75 || c.Report.AUC > .92 {
		t.Fatalf("%+v %v", c, err)
	}
	if err := contains(strings.Join(c.Notes, "\n"), "24 rows have no label", "customer_id"); err != nil {
		t.Error(err)
	}
	html, err := os.ReadFile(page)
	if err != nil || contains(string(html), "<svg", "away", "higher raises it") != nil {
		t.Errorf("%v: %.300s", err, html)
	}
	told := must(t, "churn", "evaluate", "--table", table, "--label", "left", "--time", "snapshot")
	if err := contains(told, "column closed alone has an AUC of", "AUC", "lift at 10 %", "logistic regression"); err != nil {
		t.Error(err)
	}
}

func TestWrongChurnLinesAreExplained(t *testing.T) {
	table := people(t, 100)
	for line, want := range map[string]string{
		"churn evaluate": "give --table and --label",
		"churn evaluate --table nowhere.csv --label left":                  "nowhere.csv",
		"churn evaluate --table " + table + " --label gone":                `there is no column "gone"; there are customer_id`,
		"churn evaluate --table " + table + " --label plan":                "--positive",
		"churn evaluate --table " + table + " --label away":                "must have two",
		"churn evaluate --table " + table + " --label left --time plan":    "is no time",
		"churn evaluate --table " + table + " --label left --leave nobody": `there is no column "nobody"`,
		"churn evaluate --table " + table + " --label left --folds 1":      "folds",
		"churn forget": "it is one of evaluate",
	} {
		if code, _, fault := run(t, "", strings.Fields(line)...); code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", line, code, fault)
		}
	}
}
