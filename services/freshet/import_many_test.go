package freshet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder makes a folder of files.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A directory, a pattern and a list of files are one import: one summary, a ledger and a file of rejects each, and nothing sent before the mapping fits
// all.
func TestManyFilesAreOneImport(t *testing.T) {
	d, ledger := newDoor(t), t.TempDir()
	dir := folder(t, map[string]string{"b.csv": "id,at,n,text\n3,2026-01-02,3,x\n", "a.csv": "id,at,n,text\n1,2026-01-02,1,x\n2,2026-01-02,y,x\n", ".hidden": "x"})
	rest := []string{"--map", write(t, "map.yaml", rowMapping), "--url", d.URL, "--ledger", ledger, "--max-rejects", "1"}
	if err := contains(must(t, append([]string{"import", dir, "--dry-run"}, rest...)...), "2 files\n3 rows read: 2 events would be sent, 1 rows rejected"); err != nil {
		t.Error(err)
	}
	code, out, fault := run(t, "", append([]string{"import", dir}, rest...)...)
	if err := contains(out+fault, "left out: "+filepath.Join(dir, ".hidden"), "2 files\n3 rows read: 2 events accepted, 1 rows rejected by the mapping", "mapping bad_value: 1 rows, first row 2",
		"rejected rows are in "+filepath.Join(dir, "a.csv")+".rejects.ndjson"); err != nil || code != 0 {
		t.Error(code, err)
	}
	if _, n := d.events(); n != 2 {
		t.Errorf("%d records", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "c.csv"), []byte("id,at,n,text\n4,2026-01-02,4,x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out = must(t, append([]string{"import", filepath.Join(dir, "*.csv")}, rest...)...)
	if err := contains(out, "3 files, of which 2 were imported with this mapping before", "4 rows read: 3 events accepted"); err != nil {
		t.Error(err)
	}
	if events, n := d.events(); n != 3 || len(events) != 3 {
		t.Errorf("%d records", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "d.csv"), []byte("id,at\n5,2026-01-02\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "aa.csv"), []byte("id,at,n,text\n6,2026-01-02,6,x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, fault = run(t, "", append([]string{"import", dir}, rest...)...)
	if err := contains(fault, "does not fit "+filepath.Join(dir, "d.csv"), `there is no column "n"`); err != nil || code != 1 || strings.Contains(out, "accepted") {
		t.Error(code, err, out)
	}
	if _, n := d.events(); n != 3 {
		t.Errorf("a directory was sent by half: %d records", n)
	}
}

func TestAPreviewGoesOverFiles(t *testing.T) {
	dir := folder(t, map[string]string{"a.csv": "id,at,n,text\n1,2026-01-02,1,x\n", "b.csv": "id,at,n,text\n2,2026-01-02,2,x\n3,2026-01-02,3,x\n"})
	out := must(t, "import", dir, "--map", write(t, "map.yaml", rowMapping), "--preview", "2")
	if err := contains(out, filepath.Join(dir, "a.csv")+":\nrow 1:", filepath.Join(dir, "b.csv")+":\nrow 1:"); err != nil || strings.Contains(out, `"userId": "3"`) {
		t.Error(err, out)
	}
}
