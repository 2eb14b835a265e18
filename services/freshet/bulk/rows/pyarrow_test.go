package rows

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files of Parquet's reference library, as pandas and Spark write them: the same rows however they are packed and paged. An empty list is read as
// none. INT96, the old form of a time, is of UTC always, so that the one column without a zone has one there.
func TestParquetOfPyarrow(t *testing.T) {
	want := strings.Join([]string{
		"id|small|city|total|wide|ratio|paid|day|at_us|at_ns|wall|clock|raw|tags|person.name|person.age|nothing",
		"1@0: n:1|n:255|Köln|n:-1234567890.05|n:12345678901234567890123456789.125|n:0.5|b:true|2026-02-28|i:2026-03-01T12:00:00.123456Z|i:2026-03-01T12:00:00Z|" +
			"2026-03-01T13:00:00|23:59:59.000001|a,\"b\"\n|j:[\"x\",null,\"\"]|Ann|-|-",
		"2@0: -|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-|-",
		"3@0: n:-9223372036854775808|n:0|Köln|n:0.00|n:-0.001|n:-2|b:false|1969-12-31|i:1969-12-31T23:59:59Z|i:2026-07-01T00:00:00Z|" +
			"1970-01-01T00:00:00|00:00:00||-|-|-|-",
	}, "\n")
	files, err := filepath.Glob(filepath.Join("testdata", "pyarrow", "*.parquet"))
	if err != nil || len(files) != 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := want
		if filepath.Base(path) == "int96.parquet" {
			want = strings.NewReplacer("|2026-03-01T13:00:00|", "|i:2026-03-01T13:00:00Z|", "|1970-01-01T00:00:00|", "|i:1970-01-01T00:00:00Z|").Replace(want)
		}
		if got := table(t, string(content), Format{}); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", filepath.Base(path), got, want)
		}
	}
}
