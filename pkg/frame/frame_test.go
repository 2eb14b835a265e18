package frame

import (
	"bytes"
	"compress/gzip"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/freshet/freshet/pkg/testkit"
)

// table reads a CSV file of these lines.
func table(t *testing.T, lines ...string) *Raw {
	t.Helper()
	raw, err := readCSV(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestKinds(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		lines []string
		want  []Column
	}{
		"numbers, with a missing one":             {[]string{"a,b", "1,x", "-2.5e1,y", ",x"}, []Column{{"a", Number, []float64{1, -25, nan}, nil}, {"b", Category, []float64{0, 1, 0}, []string{"x", "y"}}}},
		"one text among numbers makes a category": {[]string{"a,b", "1,x", "two,y"}, []Column{{"a", Category, []float64{0, 1}, []string{"1", "two"}}, {"b", Category, []float64{0, 1}, []string{"x", "y"}}}},
		"decimal commas behind a semicolon":       {[]string{"a;b", "1,5;2", "2,5;3"}, []Column{{"a", Number, []float64{1.5, 2.5}, nil}, {"b", Number, []float64{2, 3}, nil}}},
		"an infinity is a missing value":          {[]string{"a,b", "1,2", "inf,3"}, []Column{{"a", Number, []float64{1, nan}, nil}, {"b", Number, []float64{2, 3}, nil}}},
		"hexadecimal is text":                     {[]string{"a,b", "0x1p3,2", "1,3"}, []Column{{"a", Category, []float64{0, 1}, []string{"0x1p3", "1"}}, {"b", Number, []float64{2, 3}, nil}}},
		"a byte order mark is no name":            {[]string{"\ufeffa,b", "1,2", "2,3"}, []Column{{"a", Number, []float64{1, 2}, nil}, {"b", Number, []float64{2, 3}, nil}}},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.want { // a code of a category is by its name
				if c.want[i].Kind == Category && c.want[i].Levels[0] > c.want[i].Levels[1] {
					t.Fatal("levels are alphabetical")
				}
			}
			if diff := cmp.Diff(c.want, table(t, c.lines...).Frame().Columns, cmp.Comparer(same)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func TestMissing(t *testing.T) {
	for _, nothing := range []string{"", " ", "NA", "n/a", "NaN", "null", "NULL", `\N`, "<NA>"} {
		f := table(t, "a,b,c", "1,x,1", nothing+","+nothing+",2", "3,y,3").Frame()
		if a, b := f.Find("a"), f.Find("b"); a.Kind != Number || !math.IsNaN(a.Values[1]) || !math.IsNaN(b.Values[1]) || len(b.Levels) != 2 {
			t.Errorf("%q: %+v %+v", nothing, a, b)
		}
	}
	if f := table(t, "a,b", "none,1", "some,2").Find(t, "a"); len(f.Levels) != 2 {
		t.Error("none is a category")
	}
}

// Find makes the frame and finds a column of it.
func (r *Raw) Find(t *testing.T, name string) *Column {
	t.Helper()
	c := r.Frame().Find(name)
	if c == nil {
		t.Fatalf("no column %s: %v", name, r.report)
	}
	return c
}

func TestReport(t *testing.T) {
	lines := []string{"customerID,code,same,nothing,day,x,y,tops"}
	for i := range 40 {
		lines = append(lines, strings.Join([]string{string(rune('0'+i/10)) + string(rune('0'+i%10)), "k" + strings.Repeat("z", i), "1", "", "2026-01-0" + string(rune('1'+i%9)), "1", "2", `"[{""k"":` + strconv.Itoa(i) + `}]"`}, ","))
	}
	lines[3] = lines[3] + ",one more"
	lines[4] = strings.Replace(lines[4], ",1,2,", ",3,4,", 1)
	raw := table(t, lines...)
	var got []string
	for _, c := range raw.Frame().Columns {
		got = append(got, c.Name)
	}
	if !cmp.Equal(got, []string{"x", "y"}) {
		t.Errorf("columns %v", got)
	}
	report := strings.Join(raw.Report(), "\n")
	for _, want := range []string{"row 4", "customerID", "code", "same", "nothing is empty", "day holds dates", "tops holds lists"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not tell of %q:\n%s", want, report)
		}
	}
}

func TestManyLevels(t *testing.T) {
	lines := []string{"a,b"}
	for i := range 1000 {
		lines = append(lines, strings.Repeat("q", 1+i%250)+","+"1")
	}
	c := table(t, append(lines, "q,2")...).Find(t, "a")
	if len(c.Levels) != MaxLevels {
		t.Fatalf("%d levels", len(c.Levels))
	}
	rest := 0
	for i := range c.Values {
		if l, ok := c.Level(i); ok && l == Other {
			rest++
		}
	}
	if rest != 51*4 {
		t.Errorf("%d rows in %s", rest, Other)
	}
}

func TestLabel(t *testing.T) {
	for name, c := range map[string]struct {
		values   string
		positive string
		want     []float64
		fault    string
	}{
		"yes is one":                {"Yes No Yes", "", []float64{1, 0, 1}, ""},
		"numbers":                   {"0 1 0", "", []float64{0, 1, 0}, ""},
		"the one that is named":     {"stay go stay", "stay", []float64{1, 0, 1}, ""},
		"missing ones stay missing": {"Yes NA No", "", []float64{1, math.NaN(), 0}, ""},
		"neither says yes":          {"stay go stay", "", nil, "--positive"},
		"one value":                 {"1 1 1", "", nil, "nothing to learn"},
		"three values":              {"1 2 3", "", nil, "must have two"},
	} {
		lines := []string{"label,x"}
		for _, v := range strings.Fields(c.values) {
			lines = append(lines, v+",1")
		}
		got, _, err := table(t, lines...).Label("label", c.positive)
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) || !cmp.Equal(got, c.want, cmp.Comparer(same)) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	if _, _, err := table(t, "a,b", "1,2").Label("c", ""); err == nil || !strings.Contains(err.Error(), "there are a, b") {
		t.Error(err)
	}
}

func TestAmounts(t *testing.T) {
	raw := table(t, "spend,left,word", "0,0,x", "12.5,1,y", ",0,z", "3,1,x")
	got, err := raw.Amounts("spend")
	if err != nil || !cmp.Equal(got, []float64{0, 12.5, math.NaN(), 3}, cmp.Comparer(same)) {
		t.Errorf("%v %v", got, err)
	}
	if !raw.IsAmount("spend") || raw.IsAmount("left") || raw.IsAmount("word") || raw.IsAmount("nowhere") {
		t.Error("amounts are numbers of more than two values")
	}
	if _, err := raw.Amounts("word"); err == nil || !strings.Contains(err.Error(), `row 1: "x" is no number`) {
		t.Error(err)
	}
}

func TestGroups(t *testing.T) {
	raw := table(t, "who,x", "a,1", "b,2", "a,3", ",4", ",5")
	got, repeated, err := raw.Groups("who")
	if err != nil || !repeated || got[0] != got[2] || got[0] == got[1] || got[3] == got[4] {
		t.Errorf("%v %v %v", got, repeated, err)
	}
	if _, repeated, _ := raw.Groups("x"); repeated {
		t.Error("each row has another number")
	}
	if _, _, err := raw.Groups("nobody"); err == nil || !strings.Contains(err.Error(), "there are who, x") {
		t.Error(err)
	}
}

func TestTimes(t *testing.T) {
	raw := table(t, "t,u,x", "2026-01-02,1767312000,1", "2026-01-02T00:00:00Z,1767312000000,2")
	for _, column := range []string{"t", "u"} {
		got, err := raw.Times(column)
		if err != nil || !got[0].Equal(got[1]) || got[0].UTC().Format("2006-01-02T15:04") != "2026-01-02T00:00" {
			t.Errorf("%s: %v %v", column, got, err)
		}
	}
	if _, err := table(t, "t,x", "2026-01-02,1", "soon,2").Times("t"); err == nil || !strings.Contains(err.Error(), `row 2: "soon"`) {
		t.Error(err)
	}
}

// The same table comes out of each form of file.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	text := []byte("n,c\n1.5,x\n,y\n2.5,\n")
	type row struct {
		N *float64 `parquet:"n,optional"`
		C *string  `parquet:"c,optional"`
	}
	x, y, a, b := "x", "y", 1.5, 2.5
	var packed, columnar bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[row](&columnar)
	if _, err := w.Write([]row{{&a, &x}, {nil, &y}, {&b, nil}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []interface{ Close() error }{z, w} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var frames []*Frame
	for name, content := range map[string][]byte{"a.csv": text, "a.csv.gz": packed.Bytes(), "a.parquet": columnar.Bytes()} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		raw, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		f := raw.Frame()
		for i, j := 0, len(f.Columns)-1; i < j && f.Columns[0].Name != "n"; i, j = i+1, j-1 { // a parquet file may order its columns by name
			f.Columns[i], f.Columns[j] = f.Columns[j], f.Columns[i]
		}
		frames = append(frames, f)
	}
	for _, f := range frames[1:] {
		if diff := cmp.Diff(frames[0], f, cmp.Comparer(same)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestFaultsOfFiles(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, want string }{
		"empty.csv":     {"", "header"},
		"header.csv":    {"a,b\n", "no row"},
		"prose.csv":     {"hello world\nhow are you\n", "one column"},
		"false.parquet": {"a,b\n1,2\n", "false.parquet"},
		"false.csv.gz":  {"a,b\n1,2\n", "false.csv.gz"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTelco(t *testing.T) {
	raw, err := Read(testkit.Data(t, "telco_churn.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	label, one, err := raw.Label("Churn", "")
	f := raw.Frame("Churn")
	churned := 0
	for _, y := range label {
		churned += int(y)
	}
	total := f.Find("TotalCharges")
	if err != nil || one != "Yes" || raw.Rows() != 7043 || churned != 1869 || len(f.Columns) != 19 || total == nil || total.Kind != Number {
		t.Errorf("%v %q, %d rows, %d churned, columns %v", err, one, raw.Rows(), churned, len(f.Columns))
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("a,b\n1,2\n")
	f.Add("\ufeffa;b\n\"1,5\";x\n")
	f.Fuzz(func(_ *testing.T, s string) {
		raw, err := readCSV(strings.NewReader(s))
		if err != nil {
			return
		}
		fr := raw.Frame()
		_, _, _ = raw.Label(raw.Names()[0], "")
		_, _ = raw.Times(raw.Names()[0])
		fr.Take(nil)
	})
}
