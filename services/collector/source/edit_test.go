package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/keyfile"
)

// edited runs an edit on a file and gives back what it then says, which has to be readable.
func edited(t *testing.T, path string, now time.Time, edit func(*Document) error) (File, string) {
	t.Helper()
	if err := Edit(t.Context(), path, now, edit); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(raw, path, now)
	if err != nil {
		t.Fatal(err)
	}
	return f, string(raw)
}

func add(s Source, key *string) func(*Document) error {
	return func(d *Document) (err error) {
		*key, _, err = d.Add(s)
		return err
	}
}

func rotate(name string, atOnce bool, key *string) func(*Document) error {
	return func(d *Document) (err error) {
		*key, _, _, err = d.Rotate(name, 24*time.Hour, atOnce)
		return err
	}
}

func TestAKeyIsLongRandomAndRecognisable(t *testing.T) {
	form, seen := regexp.MustCompile(`^fsk_[a-z2-7]{32}$`), map[string]bool{}
	for range 1000 {
		text, k := keyfile.New(Prefix, "k1", noon)
		sum := sha256.Sum256([]byte(text))
		if !form.MatchString(text) || seen[text] || k.SHA256 != hex.EncodeToString(sum[:]) || k.Last4 != text[32:] {
			t.Fatalf("%s %+v", text, k)
		}
		seen[text] = true
	}
}

func TestTheLifeOfASource(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.yaml")
	var first, second, third, other string
	f, raw := edited(t, path, noon, add(Source{Name: "web", Origins: []string{"https://*.shop.example"}, Limits: Limits{Rate: 500, Burst: 1000}}, &first))
	if !strings.HasPrefix(raw, "# "+header) || strings.Contains(raw, first) || f.Sources[0].Limits.Rate != 500 {
		t.Errorf("after add:\n%s", raw)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	edited(t, path, noon, add(Source{Name: "123", Workspace: "true"}, &other))
	f, _ = edited(t, path, noon, rotate("web", false, &second))
	web := f.Sources[0]
	if keyfile.Live(web.Keys, noon) != 2 || !web.Keys[0].Expires.Equal(noon.Add(24*time.Hour)) || web.Keys[1].ID != "k2" || !web.Keys[1].Expires.IsZero() {
		t.Errorf("after the rotation: %+v", web.Keys)
	}
	err := Edit(t.Context(), path, noon, rotate("web", false, &third))
	if err == nil || !strings.Contains(err.Error(), "2 live keys already (k1 until 2026-03-02T12:00:00Z, k2 for ever)") {
		t.Errorf("a third key: %v", err)
	}
	f, _ = edited(t, path, noon.Add(time.Hour), rotate("web", true, &third))
	if web = f.Sources[0]; keyfile.Live(web.Keys, noon.Add(time.Hour)) != 1 || web.Keys[2].State(noon.Add(time.Hour)) != keyfile.StateLive {
		t.Errorf("after --now: %+v", web.Keys)
	}
	f, _ = edited(t, path, noon.Add(2*time.Hour), func(d *Document) error {
		left, err := d.Revoke("web", "k3")
		if left != 0 {
			t.Errorf("%d live keys left", left)
		}
		return err
	})
	if got := f.Sources[0].Keys[2]; got.State(noon) != keyfile.StateRevoked || !got.Revoked.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("k3: %+v", got)
	}
	if len(f.Sources) != 2 || f.Sources[1].Name != "123" || f.Sources[1].Workspace != "true" {
		t.Errorf("the other source: %+v", f.Sources)
	}
}

func TestAnEditKeepsWhatItLeavesAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.yaml")
	const before = `# The shop's sources.
sources:
  # the web shop
  - name: web # the main one
    keys:
      - id: k1 # of spring
        sha256: "` + h1 + `"
    origins: ["https://shop.example"] # production only
  - name: pos
`
	if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	var key string
	_, raw := edited(t, path, noon, rotate("web", false, &key))
	for _, want := range []string{
		"# The shop's sources.", "# the web shop", "# the main one", "# of spring", `origins: ["https://shop.example"] # production only`,
		"expires: 2026-03-02T12:00:00Z", "- {id: k2, sha256:",
	} {
		if !strings.Contains(raw, want) {
			t.Errorf("%q is missing in:\n%s", want, raw)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the mode is %v, %v: others, a container's user for one, read it as before", info.Mode(), err)
	}
	_, raw = edited(t, path, noon, rotate("pos", false, &key))
	if !strings.Contains(raw, "- name: pos\n    keys:\n      - {id: k1") {
		t.Errorf("a first key:\n%s", raw)
	}
}

func TestAFaultyEditWritesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sources.yaml")
	var key string
	_, before := edited(t, path, noon, add(Source{Name: "web"}, &key))
	for name, c := range map[string]struct {
		edit func(*Document) error
		want string
	}{
		"a name twice":        {add(Source{Name: "web"}, &key), "there is a source web already"},
		"a bad name":          {add(Source{Name: "Web"}, &key), `name: "Web" is not`},
		"a bad origin":        {add(Source{Name: "app", Origins: []string{"*"}}, &key), "is not an origin"},
		"a bad rate":          {add(Source{Name: "app", Limits: Limits{Rate: -1}}, &key), "rate: -1"},
		"nobody's key":        {rotate("app", false, &key), "app: no such source"},
		"an unknown key":      {func(d *Document) error { _, err := d.Revoke("web", "k9"); return err }, "web has no key k9: it has k1"},
		"an unknown source":   {func(d *Document) error { _, err := d.Revoke("app", "k1"); return err }, "app: no such source"},
		"whoever edits fails": {func(d *Document) error { _, _, _ = d.Add(Source{Name: "app"}); return errors.New("changed my mind") }, "changed my mind"},
	} {
		if err := Edit(t.Context(), path, noon, c.edit); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if raw, _ := os.ReadFile(path); string(raw) != before {
		t.Errorf("the file changed:\n%s", raw)
	}
	if err := os.WriteFile(path, []byte("sources: [{nam: x}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Edit(t.Context(), path, noon, add(Source{Name: "app"}, &key)); err == nil || !strings.Contains(err.Error(), "the nearest known key is sources[0].name") {
		t.Errorf("a faulty file: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "sources.yaml.*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestEditsAtOnceAllCount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.yaml")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			var key string
			if err := Edit(t.Context(), path, noon, add(Source{Name: fmt.Sprintf("s%d", i)}, &key)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	f, _ := edited(t, path, noon, func(*Document) error { return nil })
	if len(f.Sources) != 8 {
		t.Errorf("%d of 8 sources are there", len(f.Sources))
	}
}

// Whoever reads the file while it is replaced reads the old one to its end.
func TestAnEditReplacesTheFileInOneStep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.yaml")
	var key string
	_, before := edited(t, path, noon, add(Source{Name: "web"}, &key))
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	edited(t, path, noon, add(Source{Name: "pos"}, &key))
	if seen, err := io.ReadAll(reader); err != nil || string(seen) != before {
		t.Errorf("read %q, %v, want %q", seen, err, before)
	}
}

// Somebody with more rights changes the file, root for one: the collector must still be able to read it.
func TestAnEditKeepsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path := filepath.Join(t.TempDir(), "sources.yaml")
	var key string
	edited(t, path, noon, add(Source{Name: "web"}, &key))
	if err := os.Chown(path, 4711, 4712); err != nil {
		t.Fatal(err)
	}
	edited(t, path, noon, add(Source{Name: "pos"}, &key))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != 4711 || s.Gid != 4712 || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is of %d:%d, mode %v", s.Uid, s.Gid, info.Mode())
	}
}

// A link stays one: the file behind it is replaced.
func TestAnEditFollowsALink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real.yaml"), filepath.Join(dir, "sources.yaml")
	var key string
	edited(t, real, noon, add(Source{Name: "web"}, &key))
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	edited(t, link, noon, add(Source{Name: "pos"}, &key))
	if f, _ := edited(t, real, noon, func(*Document) error { return nil }); len(f.Sources) != 2 {
		t.Errorf("%+v", f)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("no link any more: %v, %v", info, err)
	}
}

// A file may say of its workspaces what it likes: the commands for sources leave that as it is, to the letter.
func TestAnEditKeepsWorkspaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sources.yaml")
	const spaces = `# What holds for all of a tenant.
workspaces:
  - name: default
    currency: EUR # the books
    rates: rates.csv
    decimal: ","
`
	if err := os.WriteFile(path, []byte(spaces), 0o600); err != nil {
		t.Fatal(err)
	}
	var key string
	for _, edit := range []func(*Document) error{add(Source{Name: "web"}, &key), add(Source{Name: "pos", Workspace: "shop"}, &key), rotate("web", false, &key)} {
		f, text := edited(t, path, noon, edit)
		want := []Workspace{{Name: "default", Currency: "EUR", Rates: "rates.csv", Habits: Habits{Decimal: ","}}}
		if !strings.HasPrefix(text, spaces) || !reflect.DeepEqual(f.Workspaces, want) {
			t.Fatalf("%+v in\n%s", f.Workspaces, text)
		}
	}
}
