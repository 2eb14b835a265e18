package reasons

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/services/churn/row"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("%s:%d: %q, want %q. Read the change, then run with -update", path, i+1, a[i], b[i])
			}
		}
		t.Fatalf("%s: %d lines, want %d. Read the change, then run with -update", path, len(a), len(b))
	}
}

// examples are values of a feature that have sentences of their own.
func examples(f *catalog.Feature) []Contribution {
	out := []Contribution{{Column: f.Name, Missing: true}}
	numbers := []float64{0, 1, 3.4, 1234.5}
	switch keyOf(f) {
	case "text":
		text := map[string]string{"country": "GB", "language": "zh-CN", "acquisition_channel": "organic", "last_channel": "email"}[f.Name]
		return append(out, Contribution{Column: f.Name, Text: head(text, "Blue Shoes")})
	case "share":
		numbers = []float64{0, 0.034, 0.5, 1}
	case "ago", "span":
		numbers = []float64{0, 0.2, 1, 74.3, 1234.5}
	default:
		if f.Kind == catalog.KindCount || f.Unit == "orders" || f.Unit == "refunds" {
			numbers = []float64{0, 1, 3, 1234}
		}
	}
	for _, x := range numbers {
		out = append(out, Contribution{Column: f.Name, Number: x})
	}
	return out
}

// Every sentence that can be made of a catalogue's columns, in both languages.
func allSentences(b *Book, c *catalog.Catalog) string {
	var out strings.Builder
	for _, column := range row.New(c).Columns() {
		x := b.columns[column.Name]
		if x.secret {
			fmt.Fprintf(&out, "%s: never told\n", column.Name)
			continue
		}
		list := []Contribution{{Column: column.Name, Number: 1}, {Column: column.Name}}
		if x.feature != nil {
			list = examples(x.feature)
		}
		for _, v := range list {
			value := fmt.Sprint(v.Number)
			if v.Missing {
				value = "missing"
			}
			fmt.Fprintf(&out, "%s %s\n  %s\n  %s\n", v.Column, head(v.Text, value), b.fact(English, x, v), b.fact(Chinese, x, v))
		}
	}
	return out.String()
}

func TestAllSentences(t *testing.T) {
	c := catalogue(t, "")
	golden(t, "shipped.txt", allSentences(book(t, "", ""), c))
}

// A workspace's own features have general sentences, in its currency where it is known.
func TestSentencesOfOwnFeatures(t *testing.T) {
	c := catalogue(t, ownYAML)
	text := allSentences(book(t, ownYAML, "EUR"), c)
	at := strings.Index(text, "shoes_1h")
	own := text[at:]
	own = own[:strings.Index(own, "new_customer ")] + own[strings.Index(own, "runner "):]
	coupons := text[strings.Index(text, "coupons_90d missing"):]
	golden(t, "own.txt", coupons[:strings.Index(coupons, "spend_now")]+own)
}
