package freshet

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/standalone"
)

func TestSQLAsksAsTheReader(t *testing.T) {
	s, err := embeddedclickhouse.Start(t.Context(), embeddedclickhouse.Config{Dir: t.TempDir(), Password: "w", ReaderPassword: "r"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(t.Context()) })
	a := stack.Addresses{ClickHouseHTTP: s.HTTP(), ClickHouseUser: embeddedclickhouse.Reader, ClickHousePassword: "r"}
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, "addresses.json", string(b))
	for name, tc := range map[string]struct {
		stdin string
		args  []string
		code  int
		want  string
	}{
		"a query":               {"", []string{"SELECT currentUser(), 40 + 2"}, 0, "reader\t42\n"},
		"a query from input":    {"SELECT 40 + 2", []string{"-"}, 0, "42\n"},
		"a format":              {"", []string{"SELECT 42 AS x", "--format", "JSONEachRow"}, 0, `{"x":42}` + "\n"},
		"a format in it":        {"", []string{"SELECT 42 AS x FORMAT CSVWithNames", "--format", "JSON"}, 0, "\"x\"\n42\n"},
		"no query at all":       {"", []string{"SELECT nonsense"}, 1, "ClickHouse says: Code: 47"},
		"what it may not":       {"", []string{"CREATE DATABASE x"}, 1, "ACCESS_DENIED"},
		"somebody else":         {"", []string{"SELECT currentUser()", "--clickhouse-user", "freshet", "--clickhouse-password", "w"}, 0, "freshet\n"},
		"with a wrong password": {"", []string{"SELECT 1", "--clickhouse-password", "x"}, 1, "AUTHENTICATION_FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, fault := run(t, tc.stdin, append(append([]string{"sql"}, tc.args...), "--addresses-file", file)...)
			if code != tc.code || code == 0 && out != tc.want || code != 0 && !strings.Contains(fault, tc.want) {
				t.Errorf("%d, %q, %q; want %d, %q", code, out, fault, tc.code, tc.want)
			}
		})
	}
}

// TestUpPrintsLinesToCopy: into a file they go without the password, and work all the same.
func TestUpPrintsLinesToCopy(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `it's a "dir"`)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	const password = "SECRETSECRET"
	if err := os.WriteFile(filepath.Join(dir, standalone.PasswordFile), []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := stack.Fixed()
	a.ClickHouseUser, a.ClickHousePassword = "reader", password
	var out strings.Builder
	printAddresses(&out, a, standalone.Config{Dir: dir})
	if strings.Contains(out.String(), password) {
		t.Errorf("the password is printed:\n%s", out.String())
	}
	for program, want := range map[string]string{
		"curl":              "-u reader:" + password + " http://127.0.0.1:8123/ --data-binary SELECT count() FROM dw.events",
		"clickhouse-client": "--port 9000 --user reader --password " + password,
	} {
		line := regexp.MustCompile(`(?m)^ *` + program + ` (.*)$`).FindStringSubmatch(out.String())
		if line == nil {
			t.Fatalf("no line for %s:\n%s", program, out.String())
		}
		got, err := exec.CommandContext(t.Context(), "sh", "-c", "echo "+line[1]).Output()
		if err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("%s gets %q, %v; want %q", program, got, err, want)
		}
	}
}
