package freshet

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
)

const followMapping = `source_name: f
event: Row Seen
identifiers: {user_id: id}
timestamp: at
message_id: [n]
properties: {text: text}
`

// A directory is followed: a file that grows by pieces of lines, one that is cut, one that comes later and one that is replaced by another. Each row
// is sent once.
func TestFilesAreFollowed(t *testing.T) {
	d, dir, ledger := newDoor(t), t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "a.csv")
	put := func(path, content string, flags int) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flags, 0o600)
		if err == nil {
			_, err = f.WriteString(content)
		}
		if err != nil || f.Close() != nil {
			t.Fatal(err)
		}
	}
	await := func(want ...string) {
		t.Helper()
		testkit.Eventually(t, time.Minute, func() error {
			events, n := d.events()
			var got []string
			for id := range events {
				got = append(got, strings.TrimPrefix(id, "f-"))
			}
			if slices.Sort(got); !slices.Equal(got, want) || n != len(want) {
				return fmt.Errorf("%d records of %v, want %v", n, got, want)
			}
			return nil
		})
	}
	stop := start(t, "import", dir, "--map", write(t, "map.yaml", followMapping), "--url", d.URL, "--ledger", ledger, "--follow")
	put(path, "id,at,n,text\nu,2026-01-02,1,x\nu,2026-01-02,2,cut of", 0)
	await("1")
	put(path, "f here\nu,2026-01-02,3,x\n", os.O_APPEND)
	await("1", "2", "3")
	put(path, "id,at,n,text\nu,2026-01-02,4,x\n", os.O_TRUNC)
	await("1", "2", "3", "4")
	put(filepath.Join(dir, "b.csv"), "id,at,n,text\nu,2026-01-02,1,x\nu,2026-01-02,5,x\n", 0)
	await("1", "2", "3", "4", "5")
	stop()
	stop = start(t, "import", dir, "--map", write(t, "map.yaml", followMapping), "--url", d.URL, "--ledger", ledger, "--follow")
	next := filepath.Join(t.TempDir(), "next")
	put(next, "id,at,n,text\nu,2026-01-02,4,x\nu,2026-01-02,6,x\n", 0)
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
	await("1", "2", "3", "4", "5", "6")
	stop()
	if events, _ := d.events(); !strings.Contains(string(events["f-2"].PropertiesJson), "cut off here") {
		t.Errorf("half a line was sent: %s", events["f-2"].PropertiesJson)
	}
}

func TestWhatCannotBeFollowed(t *testing.T) {
	file, mapping := rowsFile(t, 1), write(t, "map.yaml", rowMapping)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{file}, "has no message_id: --follow needs it"},
		{[]string{file, "--dry-run"}, "--follow does not go with"},
		{[]string{"-"}, "--follow does not go with"},
	} {
		code, _, fault := run(t, "", append([]string{"import", "--follow", "--map", mapping, "--url", "http://127.0.0.1:1", "--ledger", t.TempDir()}, c.args...)...)
		if err := contains(fault, c.want); err != nil || code != 1 {
			t.Errorf("%v: %d %v", c.args, code, err)
		}
	}
}
