package freshet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRatesImport(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bank := write("eurofxref.csv", "Date, USD, JPY, \n27 November 2026, 1.0800, 160.00, \n")
	sources := filepath.Join(dir, "sources.yaml")
	args := func(more ...string) []string {
		return append([]string{"rates", "import", bank, "--file", sources}, more...)
	}
	fails := func(want string, args []string) {
		t.Helper()
		if code, _, fault := run(t, "", args...); code == 0 || !strings.Contains(fault, want) {
			t.Errorf("exit %d, %q, want %q", code, fault, want)
		}
	}
	fails("there is no sources file", args())
	must(t, "source", "add", "web", "--file", sources)
	fails("Say both in "+sources, args())
	raw, err := os.ReadFile(sources)
	if err != nil {
		t.Fatal(err)
	}
	write("sources.yaml", string(raw)+"\nworkspaces:\n  - name: default\n    currency: EUR\n    rates: rates.csv\n  - name: shop\n    currency: CHF\n    rates: chf.csv\n")
	if err := contains(must(t, args()...), "2 rates added to EUR, from 2026-11-27 to 2026-11-27; 0 were there"); err != nil {
		t.Error(err)
	}
	if err := contains(must(t, args()...), "0 rates added to EUR", "2 were there"); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "rates.csv"))
	if want := "date,currency,rate\n2026-11-27,JPY,0.00625\n2026-11-27,USD,0.925925925926\n"; err != nil || string(text) != want {
		t.Errorf("%v:\n%s\nwant\n%s", err, text, want)
	}
	write("eurofxref.csv", "Date, USD\n27 November 2026, 1.25\n")
	if err := contains(must(t, args()...), "1 are there with another value and stay"); err != nil {
		t.Error(err)
	}
	if err := contains(must(t, args("--replace")...), "1 had another value and were replaced"); err != nil {
		t.Error(err)
	}
	fails("has no rate that leads to CHF", args("--workspace", "shop"))
	if _, err := os.Stat(filepath.Join(dir, "chf.csv")); err == nil {
		t.Error("a file was made of nothing")
	}
}
