package trainset

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// told are the columns and values of one row of every kind, at moment 1,000,000.
func told() ([]*featurev1.HistoricalColumn, *featurev1.HistoricalFeatures) {
	var columns []*featurev1.HistoricalColumn
	row := &featurev1.HistoricalFeatures{CustomerId: "c", AtMs: 1_000_000, Seen: true}
	add := func(name, kind string, v *featurev1.FeatureValue) {
		columns = append(columns, &featurev1.HistoricalColumn{Name: name, Kind: kind})
		row.Values = append(row.Values, v)
	}
	add("n", "count", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: 0}})
	add("money", "decimal", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Decimal{Decimal: "12.500001"}})
	add("when", "moment", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_MomentMs{MomentMs: 1500}})
	add("since", "age", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_MomentMs{MomentMs: 999_000}})
	add("gap", "duration", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_DurationMs{DurationMs: 7}})
	add("word", "text", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Text{Text: "a \"b\", ä"}})
	add("loyal", "tag", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: 1}})
	add("none", "decimal", &featurev1.FeatureValue{})
	add("tops", "list", &featurev1.FeatureValue{Value: &featurev1.FeatureValue_List{List: &featurev1.FeatureList{Entries: []*featurev1.FeatureEntry{{Key: "two words"}}}}})
	return columns, row
}

// made writes that row, behind a file's column that is called as one of ours.
func made(t *testing.T, name string) string {
	t.Helper()
	var out bytes.Buffer
	s := &set{name: name, out: &out, kept: []string{"customer", "seen"}}
	columns, row := told()
	if err := s.open(columns); err != nil {
		t.Fatal(err)
	}
	if err := s.w.write(append([]cell{textCell("me"), {}}, s.cells(row)...)); err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Every kind of value is written in every format; an absent one is neither 0 nor an empty text where the format can say so; of two columns with one name ours
// gives way.
func TestEveryKindInEveryFormat(t *testing.T) {
	wantCSV := "customer,seen,customer_id,at,seen_,n,money,when,since,gap,word,loyal,none,tops\n" +
		`me,,c,1970-01-01T00:16:40.000Z,true,0,12.500001,1970-01-01T00:00:01.500Z,1000,7,"a ""b"", ä",true,,`
	if got := made(t, "x.csv"); !strings.HasPrefix(got, wantCSV) || !strings.Contains(got, "two words") {
		t.Errorf("csv:\n%s\nwant\n%s", got, wantCSV)
	}
	wantJSON := `{"customer":"me","customer_id":"c","at":"1970-01-01T00:16:40.000Z","seen_":true,"n":0,"money":12.500001,"when":"1970-01-01T00:00:01.500Z","since":1000,` +
		`"gap":7,"word":"a \"b\", ä","loyal":true,"tops":{`
	if got := made(t, "x.ndjson"); !strings.HasPrefix(got, wantJSON) {
		t.Errorf("ndjson:\n%s\nwant\n%s", got, wantJSON)
	}
	type row struct {
		Customer string    `parquet:"customer,optional"`
		Seen     bool      `parquet:"seen_,optional"`
		At       time.Time `parquet:"at,optional,timestamp(millisecond)"`
		N        *int64    `parquet:"n,optional"`
		Money    *float64  `parquet:"money,optional"`
		None     *float64  `parquet:"none,optional"`
		Since    *int64    `parquet:"since,optional"`
		Word     string    `parquet:"word,optional"`
		Loyal    *bool     `parquet:"loyal,optional"`
	}
	file := made(t, "x.parquet")
	rows, err := parquet.Read[row](strings.NewReader(file), int64(len(file)))
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	if r := rows[0]; r.Customer != "me" || !r.Seen || r.At.UnixMilli() != 1_000_000 || *r.N != 0 || *r.Money != 12.500001 || r.None != nil || *r.Since != 1000 ||
		r.Word != "a \"b\", ä" || !*r.Loyal {
		t.Errorf("parquet: %+v", r)
	}
}

func TestACatalogueThatChangesMeanwhileEndsIt(t *testing.T) {
	s := &set{name: "x.csv", out: io.Discard}
	columns, _ := told()
	if err := s.open(columns); err != nil {
		t.Fatal(err)
	}
	if err := s.open(columns); err != nil {
		t.Errorf("the same catalogue: %v", err)
	}
	if err := s.open(columns[1:]); err == nil || !strings.Contains(err.Error(), "begin again") {
		t.Errorf("another catalogue: %v", err)
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]int64{"2026-03-01": 1772323200000, "2026-03-01T12:00:00Z": 1772366400000, "2026-03-01T13:00:00+01:00": 1772366400000,
		"2026-03-01 12:00:00": 1772366400000, "1772366400000": 1772366400000, "": 0, "20260301": 0, "soon": 0} {
		got, err := parseTime(text)
		if (want == 0) != (err != nil) || err == nil && got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
}
