package rows

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestColumnsThatGetAnotherNameAreNoted(t *testing.T) {
	r, err := open(t, "Amount,,Amount,x,,\n1,2,3,4,5,6\n", Format{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"column 2 of the header has no name: it is called column_2", `the header has the name "Amount" more than once: column 3 is called Amount_2`}
	if got := Notes(only{r}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every column has a name of its own, whatever the header has.
func TestNamesOfColumnsAreDistinct(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		header := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "a_2", "a_3", "column_1", "column_2", "b"}), 1, 9).Draw(rt, "header")
		columns, _ := name(header)
		seen := map[string]int{}
		for i, c := range columns {
			if before, ok := seen[c]; ok {
				rt.Errorf("%q: columns %d and %d are both called %s", header, before+1, i+1, c)
			}
			if seen[c] = i; header[i] != "" && slices.Index(header, header[i]) == i && c != header[i] {
				rt.Errorf("%q: column %d lost its name for %s", header, i+1, c)
			}
		}
	})
}

// A reader of rows alone gives the rows that OpenAll gives, without what is none.
func TestOpenLeavesOutWhatIsNoRow(t *testing.T) {
	var got []string
	r, err := open(t, "a,b\n1,x\n,\na,b\nTotal,3\n2,y\n", Format{Ignore: []string{"Total*"}})
	if err != nil {
		t.Fatal(err)
	}
	r = only{r}
	r.Bind([]string{"a"}, false)
	for row, err := r.Next(); err == nil; row, err = r.Next() {
		got = append(got, fmt.Sprint(row.Number, row.Value(0).Text))
	}
	if strings.Join(got, " ") != "11 52" {
		t.Error(got)
	}
}
