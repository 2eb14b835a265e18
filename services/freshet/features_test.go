package freshet

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// trained is a row of the training set that the test makes.
type trained struct {
	Customer *string  `parquet:"customer,optional" json:"customer"`
	Label    *string  `parquet:"label,optional" json:"label"`
	Seen     *bool    `parquet:"seen,optional" json:"seen"`
	Events   *int64   `parquet:"events_lifetime,optional" json:"events_lifetime"`
	Spend    *float64 `parquet:"spend_lifetime,optional" json:"spend_lifetime"`
}

// A file of labels comes back in its order, with what was known then beside it, in every format that is written; and a date gives everybody.
func TestATrainingSetOnARealStack(t *testing.T) {
	file := up(t)
	before := time.Now().UTC().Add(-time.Hour).Format(time.RFC3339)
	sendLines(t, file,
		`{"type":"track","userId":"7","messageId":"h1","event":"Product Viewed"}`,
		`{"type":"track","userId":"7","messageId":"h2","event":"Order Completed","properties":{"order_id":"h","total":12.5,"currency":"EUR","products":[{"product_id":"p","price":12.5,"quantity":1}]}}`,
		`{"type":"track","userId":"8","messageId":"h3","event":"Product Viewed"}`)
	settled(t, file)
	after := time.Now().UTC().Format(time.RFC3339Nano)
	labels := write(t, "labels.csv", strings.Join([]string{"label,time,customer", "stayed," + after + ",user_id:7", "\"left, sadly\"," + before + ",user_id:7",
		"nobody," + after + ",user_id:none", "stayed," + after + ",user_id:8", ""}, "\n"))
	dir := t.TempDir()
	for _, ending := range []string{".csv", ".ndjson", ".parquet"} {
		out := filepath.Join(dir, "set"+ending)
		must(t, "features", "history", labels, "-o", out, "--names", "events_lifetime,spend_lifetime", "--addresses-file", file)
		got := readSet(t, out)
		for i, want := range []struct {
			label, customer string
			seen            bool
			events          int64
			spend           float64
		}{{"stayed", "user_id:7", true, 2, 12.5}, {"left, sadly", "user_id:7", false, 0, 0}, {"nobody", "user_id:none", false, 0, 0}, {"stayed", "user_id:8", true, 1, 0}} {
			if len(got) != 4 {
				t.Fatalf("%s: %d rows, want 4", ending, len(got))
			}
			g := got[i]
			if *g.Label != want.label || *g.Customer != want.customer || *g.Seen != want.seen || *g.Events != want.events || *g.Spend != want.spend {
				t.Errorf("%s, row %d: %s %s %t %d %f; want %v", ending, i, *g.Label, *g.Customer, *g.Seen, *g.Events, *g.Spend, want)
			}
		}
	}
	all := filepath.Join(dir, "all.parquet")
	must(t, "features", "history", "--dates", after+","+before, "-o", all, "--addresses-file", file)
	rows, err := parquet.ReadFile[struct {
		Customer string `parquet:"customer_id,optional"`
		Events   *int64 `parquet:"events_lifetime,optional"`
	}](all)
	if err != nil || len(rows) != 2 || *rows[0].Events+*rows[1].Events != 3 {
		t.Errorf("everybody is %v, %v; want two customers with three events", rows, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.part")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	refusesSets(t, file, labels, dir)
}

// refusesSets checks what is said of wrong command lines; none leaves a file.
func refusesSets(t *testing.T, file, labels, dir string) {
	t.Helper()
	for want, args := range map[string][]string{
		"ends with one of":                   {labels, "-o", filepath.Join(dir, "x.xlsx")},
		"either a FILE of rows or --dates":   {"-o", filepath.Join(dir, "x.csv")},
		"--mode is known or event_time":      {labels, "-o", filepath.Join(dir, "x.csv"), "--mode", "guess"},
		`no column "who"`:                    {labels, "-o", filepath.Join(dir, "x.csv"), "--customer", "who"},
		"is no time":                         {labels, "-o", filepath.Join(dir, "x.csv"), "--time", "label"},
		`no feature or tag "nothing"`:        {labels, "-o", filepath.Join(dir, "x.csv"), "--names", "nothing"},
		"--dates: ":                          {"--dates", "tomorrow", "-o", filepath.Join(dir, "x.csv")},
		"dates_ms[0]: 32503680000000 is not": {"--dates", "3000-01-01", "-o", filepath.Join(dir, "x.csv")},
	} {
		code, out, fault := run(t, "", append(append([]string{"features", "history"}, args...), "--addresses-file", file)...)
		if code == 0 || !strings.Contains(fault, want) {
			t.Errorf("%v: %d, %s%s; want %q", args, code, out, fault, want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "x.*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func readSet(t *testing.T, name string) (out []trained) {
	t.Helper()
	if filepath.Ext(name) == ".parquet" {
		out, err := parquet.ReadFile[trained](name)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(name) == ".ndjson" {
		for line := range strings.Lines(string(b)) {
			var r trained
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			out = append(out, r)
		}
		return out
	}
	lines, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		var r trained
		of := func(name string) string {
			for i, c := range lines[0] {
				if c == name {
					return line[i]
				}
			}
			t.Fatalf("no column %s in %v", name, lines[0])
			return ""
		}
		customer, label := of("customer"), of("label")
		r.Customer, r.Label = &customer, &label
		numbers := `{"seen":` + of("seen") + `,"events_lifetime":` + of("events_lifetime") + `,"spend_lifetime":` + of("spend_lifetime") + `}`
		if err := json.Unmarshal([]byte(numbers), &r); err != nil {
			t.Fatal(err, numbers)
		}
		out = append(out, r)
	}
	return out
}
