package freshet

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
)

var tokenText = regexp.MustCompile(`fst_[a-z2-7]{32}`)

func TestTokenCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens.yaml")
	if _, _, fault := run(t, "", "token", "list", "--file", file); !strings.Contains(fault, "`freshet token add NAME --scope profiles` makes one") {
		t.Errorf("no file: %s", fault)
	}
	first := must(t, "token", "add", "crm", "--scope", "profiles,segments", "--file", file)
	if !tokenText.MatchString(first) || !strings.Contains(first, "shown this once") {
		t.Errorf("add: %s", first)
	}
	must(t, "token", "add", "all", "--scope", "profiles", "--scope", "admin", "--workspace", "*", "--file", file)
	second := must(t, "token", "rotate", "crm", "--file", file)
	if tokenText.FindString(second) == tokenText.FindString(first) || !strings.Contains(second, "The text before it works until 20") {
		t.Errorf("rotate: %s", second)
	}
	if got := must(t, "token", "revoke", "crm", "k1", "--file", file); !strings.Contains(got, "answered 401") {
		t.Errorf("revoke: %s", got)
	}
	raw, err := os.ReadFile(file)
	if err != nil || tokenText.Match(raw) {
		t.Errorf("%v, the file shows a token:\n%s", err, raw)
	}
	list := must(t, "token", "list", "--file", file)
	if err := contains(cells(list), "crm default profiles segments k1", "revoked", "all * profiles admin k1"); err != nil || tokenText.MatchString(list) {
		t.Error(err)
	}
	var parsed []listedToken
	if err := json.Unmarshal([]byte(must(t, "token", "list", "--json", "--file", file)), &parsed); err != nil || len(parsed) != 2 || len(parsed[0].Keys) != 2 {
		t.Errorf("%+v, %v", parsed, err)
	}
	for what, c := range map[string]struct {
		args []string
		want string
	}{
		"no scope":         {[]string{"add", "x"}, "scopes: give at least one of profiles"},
		"an unknown scope": {[]string{"add", "x", "--scope", "profile"}, `"profile" is none of`},
		"admin of one":     {[]string{"add", "x", "--scope", "admin"}, `it needs the workspace "*"`},
		"nobody's":         {[]string{"rotate", "nobody"}, "nobody: no such token in " + file},
		"below 0":          {[]string{"rotate", "crm", "--grace", "-1s"}, "--grace -1s is below 0"},
	} {
		if code, _, fault := run(t, "", append(append([]string{"token"}, c.args...), "--file", file)...); code != 1 || !strings.Contains(fault, c.want) {
			t.Errorf("%s: %d %s", what, code, fault)
		}
	}
}

// What reads: the stack's own token, from the addresses file, a variable or a flag; and those of tokens.yaml in its directory, from the
// moment they are there. Nobody else.
func TestTheReadsOfARunningStackAskForAToken(t *testing.T) {
	file := up(t, "--profiles")
	a, err := stack.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if own := filepath.Join(filepath.Dir(file), "data", "api-token"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the addresses file, which holds a token, has mode %v, %v", info.Mode(), err)
	} else if kept, err := os.ReadFile(own); err != nil || strings.TrimSpace(string(kept)) != a.APIToken || !tokenText.Match(kept) {
		t.Errorf("%s has %q, %v, want the token of the addresses file", own, kept, err)
	} else if info, err := os.Stat(own); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v", own, info.Mode())
	}
	ask := func(address, path, token string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := strings.TrimSpace(must(t, "token", "show", "--addresses-file", file)); got != a.APIToken {
		t.Errorf("show: %q", got)
	}
	if got := must(t, "get", "/v1/segments", "--addresses-file", file); !strings.Contains(got, "high_value") {
		t.Errorf("get: %s", got)
	}
	const wrong = "fst_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for _, command := range [][]string{{"get", "/v1/segments"}, {"segments"}, {"customer", "user_id:1"}, {"doctor"}} {
		code, out, fault := run(t, "", append(command, "--token", wrong, "--addresses-file", file)...)
		if code != 1 || !strings.Contains(out+fault, "the token is not known here") {
			t.Errorf("%v with a wrong token: %d %s%s", command, code, out, fault)
		}
	}
	t.Setenv("FRESHET_TOKEN", wrong)
	if code, _, _ := run(t, "", "segments", "--addresses-file", file); code != 1 {
		t.Error("the variable does not count")
	}
	t.Setenv("FRESHET_TOKEN", "")
	for what, c := range map[string]struct {
		address, path, token string
		want                 int
	}{
		"reads without":            {a.APIHTTP, "/v1/segments", "", 401},
		"the page without":         {a.APIHTTP, "/", "", 200},
		"metrics without":          {a.Metrics, "/metrics", "", 200}, // this machine only
		"profiles without":         {a.Metrics, "/debug/pprof/cmdline", "", 401},
		"profiles with the own":    {a.Metrics, "/debug/pprof/cmdline", a.APIToken, 200},
		"readiness of the process": {a.Metrics, "/readyz", "", 200},
	} {
		if got := ask(c.address, c.path, c.token); got != c.want {
			t.Errorf("%s: %d, want %d", what, got, c.want)
		}
	}
	added := must(t, "token", "add", "board", "--scope", "segments", "--file", filepath.Join(filepath.Dir(file), "data", "tokens.yaml"))
	testkit.Eventually(t, time.Minute, func() error {
		if got := ask(a.APIHTTP, "/v1/segments", tokenText.FindString(added)); got != http.StatusOK {
			return errStatus(got)
		}
		return nil
	})
	if got := ask(a.APIHTTP, "/v1/customers/user_id:42", tokenText.FindString(added)); got != http.StatusForbidden {
		t.Errorf("a customer with a token for segments: %d", got)
	}
	if got := ask(a.Metrics, "/debug/pprof/cmdline", tokenText.FindString(added)); got != http.StatusUnauthorized {
		t.Errorf("profiles with a token for segments: %d", got)
	}
}

type errStatus int

func (e errStatus) Error() string { return http.StatusText(int(e)) }
