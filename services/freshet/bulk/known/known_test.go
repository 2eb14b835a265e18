package known

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/freshet/bulk/mapping"
)

func nothing(*yaml.Node) error { return nil }

// TestNoExportIsTakenForAnother: each export is found by the columns that it is known by, whatever stands beside them and in whatever order, and by
// none less.
func TestNoExportIsTakenForAnother(t *testing.T) {
	all, err := All()
	if err != nil || len(all) < 12 {
		t.Fatal(len(all), err)
	}
	for _, x := range all {
		rapid.Check(t, func(t *rapid.T) {
			columns := rapid.Permutation(append(slices.Clone(x.by), "one", "two", "")).Draw(t, "columns")
			if got, ok, err := Find(columns); err != nil || !ok || got.Name != x.Name {
				t.Fatalf("%v is taken for %q, not for %q (%v)", columns, got.Name, x.Name, err)
			}
			lacks := rapid.IntRange(0, len(x.by)-1).Draw(t, "lacks")
			if got, ok, _ := Find(slices.Delete(slices.Clone(x.by), lacks, lacks+1)); ok && got.Name == x.Name {
				t.Fatalf("it is taken for %s without %s", x.Name, x.by[lacks])
			}
		})
	}
	for _, columns := range [][]string{ // a product that calls its columns so too
		{"Record Id", "Contact Owner.id", "Contact Owner", "First Name", "Last Name", "Account Name", "Email", "Created Time", "Modified Time"},
	} {
		if got, ok, _ := Find(columns); ok {
			t.Errorf("%v is taken for %s", columns, got.Name)
		}
	}
	if got, ok, _ := Find([]string{"Name", "Email", "Total", "Date", "id"}); ok {
		t.Errorf("a file of one's own is taken for %s", got.Name)
	}
}

// TestAFieldWithoutItsColumnIsLeftOut: of the narrowest export only what it has is mapped, under the names that it has, and the mapping loads and fits.
func TestAFieldWithoutItsColumnIsLeftOut(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		t.Run(x.Name, func(t *testing.T) {
			var columns []string
			for _, c := range x.by {
				columns = append(columns, " "+strings.ToUpper(c)+" ")
			}
			text, err := x.For(columns, nothing)
			if err != nil {
				t.Fatal(err)
			}
			spec, err := mapping.Load(strings.NewReader(text))
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if _, _, err := spec.Compile(mapping.File{}, columns, true); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// TestColumnsAreKnownByTheirLetters: width, capitals and blanks of a name do not count.
func TestColumnsAreKnownByTheirLetters(t *testing.T) {
	for _, same := range [][2]string{{"金额（元）", "金额(元)"}, {"交易号   ", "交易号"}, {"Time Zone", "time  zone"}, {"Ｎａｍｅ", "name"}} {
		if fold(same[0]) != fold(same[1]) {
			t.Errorf("%q and %q", same[0], same[1])
		}
	}
}
