package freshet

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
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

// A label of numbers is an amount; a customer at several dates is found by the name that Freshet's tables have.
func TestChurnEvaluateAmounts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("customer_id,at,since_last,orders,mean_order,since_first,spend_30d\n")
	for i := range 900 {
		since, orders := r.Float64()*90, 1+r.IntN(6)
		spend := 0.0
		if r.Float64()*90 > since {
			spend = float64(orders) * 10 * r.Float64()
		}
		fmt.Fprintf(&b, "c%d,2026-01-%02d,%.1f,%d,%.2f,%.1f,%.2f\n", i%300, 1+i*28/900, since, orders, 5+10*r.Float64(), since+float64(orders-1)*9, spend)
	}
	out := must(t, "churn", "evaluate", "--table", write(t, "spend.csv", b.String()), "--label", "spend_30d", "--time", "at", "--horizon", "1d", "--json",
		"--baselines", "recency=since_last,frequency=orders,mean=mean_order,age=since_first")
	var c struct {
		Kind      string
		Customers int
		Amounts   struct{ Spearman, Total float64 }
		Families  []struct {
			Family   string
			Baseline bool
		}
		Notes []string
	}
	if err := json.Unmarshal([]byte(out), &c); err != nil || c.Kind != "real" || c.Customers != 300 || c.Amounts.Spearman < .3 || c.Amounts.Total < .6 || c.Amounts.Total > 1.6 {
		t.Errorf("%+v %v", c, err)
	}
	var names []string
	for _, f := range c.Families {
		if f.Baseline {
			names = append(names, f.Family)
		}
	}
	if !slices.Equal(names, []string{"RFM ridge", "BG/NBD, Gamma-Gamma"}) {
		t.Errorf("baselines %v", names)
	}
	if err := contains(strings.Join(c.Notes, "\n"), "customer_id says whose row it is"); err != nil {
		t.Error(err)
	}
}

func TestWrongChurnLinesAreExplained(t *testing.T) {
	table := people(t, 100)
	for line, want := range map[string]string{
		"churn evaluate": "give --table and --label",
		"churn evaluate --table nowhere.csv --label left":                   "nowhere.csv",
		"churn evaluate --table " + table + " --label gone":                 `there is no column "gone"; there are customer_id`,
		"churn evaluate --table " + table + " --label plan":                 "--positive",
		"churn evaluate --table " + table + " --label snapshot":             "must have two",
		"churn evaluate --table " + table + " --label plan --real":          `"free" is no number`,
		"churn evaluate --table " + table + " --label left --customer me":   `there is no column "me"`,
		"churn evaluate --table " + table + " --label left --baselines a=b": `"a" is none of recency`,
		"churn evaluate --table " + table + " --label left --time plan":     "is no time",
		"churn evaluate --table " + table + " --label left --leave nobody":  `there is no column "nobody"`,
		"churn evaluate --table " + table + " --label left --folds 1":       "folds",
		"churn forget": "it is one of dataset, evaluate",
	} {
		if code, _, fault := run(t, "", strings.Fields(line)...); code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", line, code, fault)
		}
	}
}

// TestChurnDataset makes a table on a stack: who is in it, what their label is, and that nothing behind the date is told.
func TestChurnDataset(t *testing.T) {
	file := up(t)
	day := func(ago int) time.Time { return time.Now().UTC().AddDate(0, 0, -ago) }
	var lines []string
	for who, bought := range map[string][]int{"stays": {200, 100, 30}, "leaves": {200, 40}, "comes later": {20}, "buys just behind": {200, 80}} {
		for _, ago := range bought {
			lines = append(lines, fmt.Sprintf(`{"type":"track","userId":%q,"event":"Order Completed","timestamp":%q,"properties":{"order_id":"%s-%d","total":10,"currency":"GBP"}}`,
				who, day(ago).Format(time.RFC3339), who, ago))
		}
	}
	lines = append(lines, fmt.Sprintf(`{"type":"track","anonymousId":"till 4","event":"Order Completed","timestamp":%q,"properties":{"order_id":"till","total":10,"currency":"GBP"}}`, day(200).Format(time.RFC3339)))
	if code, _, fault := run(t, strings.Join(lines, "\n"), "send", "--history", "-", "--addresses-file", file); code != 0 {
		t.Fatal(fault)
	}
	out := filepath.Join(t.TempDir(), "churn.csv")
	testkit.Eventually(t, time.Minute, func() error {
		code, told, fault := run(t, "", "churn", "dataset", "--dates", day(150).Format(time.DateOnly), "--horizon", "60d", "--mode", "event_time", "--among", "has(first_named)", "-o", out, "--addresses-file", file)
		if code != 0 || !strings.Contains(told, "3 rows, 2 of them with churned_60d") {
			return fmt.Errorf("%d: %s%s", code, told, fault)
		}
		return nil
	})
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	table, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(table) != 4 || table[0][len(table[0])-1] != "churned_60d" {
		t.Fatalf("%v\n%s", err, text)
	}
	orders := slices.Index(table[0], "orders_lifetime")
	last := slices.Index(table[0], "last_order")
	stayed := 0
	for _, row := range table[1:] {
		if ms, err := strconv.ParseInt(row[last], 10, 64); err != nil || ms < 49*86_400_000 || ms > 52*86_400_000 {
			t.Errorf("the last order was 50 days before the date: %v", row)
		}
		if row[orders] != "1" {
			t.Errorf("an order behind the date is told: %v", row)
		}
		if row[len(row)-1] == "false" {
			stayed++
		}
	}
	if stayed != 1 {
		t.Errorf("%d stayed", stayed)
	}
	date := "--mode event_time --dates " + day(150).Format(time.DateOnly) + " -o " + filepath.Join(t.TempDir(), "x.csv")
	for args, want := range map[string]string{
		" --horizon 60d": "4 rows, 3 of them with churned_60d", // the till's customer, too
		" --horizon 60d --outcome any --among orders_lifetime<1||anonymous_visitor":  "1 rows, 0 of them with repurchase_60d",
		" --horizon 140d --outcome any --names tenure --among !anonymous_visitor":    "3 rows, 3 of them with repurchase_140d",
		" --horizon 140d --outcome sum --counts spend_lifetime --names spend_30d":    "4 rows, 3 of them with a spend_next_140d",
		" --horizon 140d --outcome sum --counts events_lifetime --among tenure>60.5": "nobody had bought by",
	} {
		if code, told, fault := run(t, "", append(append([]string{"churn", "dataset"}, strings.Fields(date+args)...), "--addresses-file", file)...); !strings.Contains(told+fault, want) {
			t.Errorf("%s: %d, %s%s", args, code, told, fault)
		}
	}
	spent := filepath.Join(t.TempDir(), "spent.csv")
	must(t, append(append([]string{"churn", "dataset", "-o", spent, "--addresses-file", file}, strings.Fields(date)[:4]...), "--horizon", "140d", "--outcome", "sum", "--counts", "spend_lifetime")...)
	if sums, err := os.ReadFile(spent); err != nil || strings.Count(string(sums), ",20.00\n") != 1 {
		t.Errorf("who stays spends 20 more: %v\n%s", err, sums)
	}
	for args, want := range map[string]string{
		"--dates 2011-01-01 --outcome most -o x.csv":                           "none, any or sum",
		"--dates 2011-01-01 --among nothing>1 -o x.csv":                        "no feature of the catalogue",
		date + " --counts country":                                             "country is no count and no amount",
		"--dates " + day(10).Format(time.DateOnly) + " --horizon 60d -o x.csv": "is not known yet",
		"--dates 2026-01-01 --horizon 60 -o x.csv":                             "write 60d",
		"-o x.csv":           "give --dates",
		"--dates 2026-01-01": "name a file that ends with",
		"--dates 1999-01-01 -o " + filepath.Join(t.TempDir(), "x.csv"): "nobody had bought by 1999-01-01",
	} {
		if code, _, fault := run(t, "", append(append([]string{"churn", "dataset"}, strings.Fields(args)...), "--addresses-file", file)...); code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", args, code, fault)
		}
	}
}
