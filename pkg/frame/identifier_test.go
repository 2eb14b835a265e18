package frame

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIdentifiersOfSeveralRows holds that who a row is of is nothing to learn from, also when each has a row a date. A few ids that mean something stay.
func TestIdentifiersOfSeveralRows(t *testing.T) {
	var b strings.Builder
	b.WriteString("customer_id,account_id,plan_id,x\n")
	for date := range 3 {
		for i := range 400 {
			fmt.Fprintf(&b, "c%x,%d,%d,%d\n", i, 70_000+i, i%3, i*date)
		}
	}
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	f := raw.Frame()
	var names []string
	for _, c := range f.Columns {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "plan_id x" {
		t.Errorf("columns %s; %v", got, raw.Report())
	}
}
