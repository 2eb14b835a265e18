package access

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/keyfile"
	accessv1 "github.com/freshet/freshet/proto/gen/freshet/access/v1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	profiles = accessv1.Scope_SCOPE_PROFILES
	segments = accessv1.Scope_SCOPE_SEGMENTS
)

// made is a file of tokens and their texts by name; edits happen at noon.
func made(t *testing.T, tokens ...Token) (path string, text map[string]string) {
	t.Helper()
	path, text = filepath.Join(t.TempDir(), "tokens.yaml"), map[string]string{}
	for _, token := range tokens {
		if err := Edit(t.Context(), path, noon, func(d *Document) (err error) {
			text[token.Name], _, err = d.Add(token)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return path, text
}

func edit(t *testing.T, path string, now time.Time, change func(*Document) error) {
	t.Helper()
	if err := Edit(t.Context(), path, now, change); err != nil {
		t.Fatal(err)
	}
}

func TestCheck(t *testing.T) {
	path, text := made(t, Token{Name: "crm", Scopes: []string{"profiles"}}, Token{Name: "shop", Workspace: "shop", Scopes: []string{"profiles", "segments"}},
		Token{Name: "all", Workspace: "*", Scopes: []string{"profiles", "segments", "models", "admin"}}, Token{Name: "gone", Scopes: []string{"profiles"}},
		Token{Name: "turned", Scopes: []string{"profiles"}})
	var second string
	edit(t, path, noon, func(d *Document) error { _, err := d.Revoke("gone", "k1"); return err })
	edit(t, path, noon, func(d *Document) (err error) {
		second, _, _, err = d.Rotate("turned", time.Hour, false)
		return err
	})
	now := noon
	const inline = "a-token-out-of-a-secret-store"
	all, err := Load(Options{File: path, Inline: []Inline{{Name: "env", Scopes: []string{"profiles"}, Token: inline}}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		authorization string
		scope         accessv1.Scope
		workspace     string
		at            time.Duration
		want          Reason
	}{
		"granted, in the default workspace":           {authorization: "Bearer " + text["crm"], scope: profiles},
		"granted, the workspace by its name":          {authorization: "Bearer " + text["crm"], scope: profiles, workspace: "default"},
		"granted, in a workspace":                     {authorization: "Bearer " + text["shop"], scope: segments, workspace: "shop"},
		"granted, in every workspace":                 {authorization: "Bearer " + text["all"], scope: segments, workspace: "any"},
		"granted, out of the configuration":           {authorization: "Bearer " + inline, scope: profiles},
		"the scheme in another case, and blanks":      {authorization: "bearer   " + text["crm"] + " ", scope: profiles},
		"the old text of a rotation, in its grace":    {authorization: "Bearer " + text["turned"], scope: profiles, at: 59 * time.Minute},
		"the new text of a rotation":                  {authorization: "Bearer " + second, scope: profiles, at: 100 * time.Hour},
		"the old text of a rotation, after its grace": {authorization: "Bearer " + text["turned"], scope: profiles, at: time.Hour, want: ReasonExpired},
		"nothing":                                       {scope: profiles, want: ReasonMissing},
		"a scheme alone":                                {authorization: "Bearer ", scope: profiles, want: ReasonMissing},
		"a write key, as sources send it":               {authorization: "Basic Zm9vOg==", scope: profiles, want: ReasonMissing},
		"the text without its scheme":                   {authorization: text["crm"], scope: profiles, want: ReasonMissing},
		"another text":                                  {authorization: "Bearer fst_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", scope: profiles, want: ReasonUnknown},
		"a text cut short":                              {authorization: "Bearer " + text["crm"][:35], scope: profiles, want: ReasonUnknown},
		"a text in capitals":                            {authorization: "Bearer " + strings.ToUpper(text["crm"]), scope: profiles, want: ReasonUnknown},
		"the hash in the place of the text":             {authorization: "Bearer " + hashIn(t, path), scope: profiles, want: ReasonUnknown},
		"revoked":                                       {authorization: "Bearer " + text["gone"], scope: profiles, want: ReasonRevoked},
		"revoked, by a clock that runs behind":          {authorization: "Bearer " + text["gone"], scope: profiles, at: -time.Hour, want: ReasonRevoked},
		"another scope":                                 {authorization: "Bearer " + text["crm"], scope: segments, want: ReasonScope},
		"a scope that is not stated":                    {authorization: "Bearer " + text["all"], scope: accessv1.Scope_SCOPE_UNSPECIFIED, want: ReasonScope},
		"a scope between replicas":                      {authorization: "Bearer " + text["all"], scope: accessv1.Scope_SCOPE_INTERNAL, want: ReasonScope},
		"a source's scope":                              {authorization: "Bearer " + text["all"], scope: accessv1.Scope_SCOPE_INGEST, want: ReasonScope},
		"another workspace":                             {authorization: "Bearer " + text["shop"], scope: profiles, workspace: "other", want: ReasonWorkspace},
		"the default workspace, which is another":       {authorization: "Bearer " + text["shop"], scope: profiles, want: ReasonWorkspace},
		"every workspace, as if it were one":            {authorization: "Bearer " + text["shop"], scope: profiles, workspace: "*", want: ReasonWorkspace},
		"a workspace of the same name in another case":  {authorization: "Bearer " + text["shop"], scope: profiles, workspace: "Shop", want: ReasonWorkspace},
		"a workspace of the same name with blanks":      {authorization: "Bearer " + text["shop"], scope: profiles, workspace: "shop ", want: ReasonWorkspace},
		"another scope in another workspace: the scope": {authorization: "Bearer " + text["crm"], scope: segments, workspace: "shop", want: ReasonScope},
	} {
		now = noon.Add(c.at)
		err := all.Check(c.authorization, c.scope, c.workspace)
		var r *Refusal
		switch errors.As(err, &r); {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", what, err)
		case c.want != "" && (r == nil || r.Reason != c.want):
			t.Errorf("%s: %v, want it refused as %s", what, err, c.want)
		case r != nil && r.Known() != (c.want == ReasonScope || c.want == ReasonWorkspace):
			t.Errorf("%s: known %v", what, r.Known())
		}
		if err != nil && len(c.authorization) > 20 && strings.Contains(err.Error(), c.authorization[10:]) {
			t.Errorf("%s: the answer shows the token: %v", what, err)
		}
	}
	if err := all.Admit("Bearer " + text["all"]); err != nil {
		t.Errorf("admin: %v", err)
	}
	if err := all.Admit("Bearer " + text["shop"]); err == nil || !strings.Contains(err.Error(), "the token shop lacks the scope admin") {
		t.Errorf("no admin: %v", err)
	}
}

func hashIn(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, hash, _ := strings.Cut(string(raw), `sha256: "`)
	return hash[:64]
}

// What is kept in memory and in the file has no token in it.
func TestATokensTextIsKeptNowhere(t *testing.T) {
	path, text := made(t, Token{Name: "crm", Scopes: []string{"profiles"}})
	all, err := Load(Options{File: path})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimPrefix(text["crm"], Prefix)
	if len(secret) != 32 || strings.Contains(string(raw), secret[:8]) || strings.Contains(fmt.Sprintf("%#v %+v", *all.ring.Load(), reflect.ValueOf(*all.ring.Load()).MapKeys()), secret[:8]) {
		t.Errorf("%q is in\n%s", text["crm"], raw)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
}

func TestTheLifeOfAToken(t *testing.T) {
	path, _ := made(t, Token{Name: "crm", Workspace: "*", Scopes: []string{"profiles", "admin"}})
	f := func() Token {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(raw, path, noon)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(raw), "# "+header) {
			t.Errorf("the head is missing:\n%s", raw)
		}
		return f.Tokens[0]
	}
	rotate := func(atOnce bool) func(*Document) error {
		return func(d *Document) error { _, _, _, err := d.Rotate("crm", time.Hour, atOnce); return err }
	}
	edit(t, path, noon, rotate(false))
	if got := f(); keyfile.Live(got.Keys, noon) != 2 || keyfile.Live(got.Keys, noon.Add(time.Hour)) != 1 || got.Workspace != "*" || len(got.Scopes) != 2 {
		t.Errorf("after the rotation: %+v", got)
	}
	if err := Edit(t.Context(), path, noon, rotate(false)); err == nil || !strings.Contains(err.Error(), "crm has 2 live keys already") {
		t.Errorf("a third: %v", err)
	}
	edit(t, path, noon, rotate(true))
	if got := f(); keyfile.Live(got.Keys, noon) != 1 || got.Keys[2].State(noon) != keyfile.StateLive {
		t.Errorf("after --now: %+v", got.Keys)
	}
}

func TestAFaultyTokenIsNotWritten(t *testing.T) {
	path, _ := made(t, Token{Name: "crm", Scopes: []string{"profiles"}})
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		token Token
		want  string
	}{
		"a name twice":                    {Token{Name: "crm", Scopes: []string{"profiles"}}, "there is a token crm already: `rotate` gives it a new key"},
		"a bad name":                      {Token{Name: "My CRM", Scopes: []string{"profiles"}}, `name: "My CRM" is not`},
		"a bad workspace":                 {Token{Name: "a", Workspace: "a*", Scopes: []string{"profiles"}}, `workspace: "a*" is neither *`},
		"no scope":                        {Token{Name: "a"}, "scopes: give at least one of profiles, segments, models, admin"},
		"a scope that is not":             {Token{Name: "a", Scopes: []string{"profile"}}, `scopes[0]: "profile" is none of profiles, segments, models, admin`},
		"the scope of sources":            {Token{Name: "a", Scopes: []string{"ingest"}}, `scopes[0]: "ingest" is none of`},
		"a scope twice":                   {Token{Name: "a", Scopes: []string{"profiles", "profiles"}}, "scopes[1]: profiles is there twice"},
		"one tenant's token for everyone": {Token{Name: "a", Workspace: "shop", Scopes: []string{"admin"}}, `it needs the workspace "*"`},
	} {
		err := Edit(t.Context(), path, noon, func(d *Document) error { _, _, err := d.Add(c.token); return err })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
	for what, c := range map[string]struct{ yaml, want string }{
		"a misspelt key":  {"tokens: [{name: a, scops: [profiles]}]", "tokens[0].scops: unknown key; the nearest known key is tokens[0].scopes"},
		"a text for hash": {"tokens: [{name: a, scopes: [profiles], keys: [{id: k, sha256: fst_x}]}]", "tokens[0].keys[0].sha256: is not a SHA-256"},
		"two documents":   {"tokens: []\n---\ntokens: []\n", "more than one YAML document"},
		"one key for two": {fmt.Sprintf("tokens: [{name: a, scopes: [models], keys: [{id: k, sha256: %q}]}, {name: b, scopes: [models], keys: [{id: k, sha256: %q}]}]",
			strings.Repeat("ab", 32), strings.Repeat("AB", 32)), "tokens[1].keys[0].sha256: the same key as tokens[0].keys[0]"},
	} {
		if _, err := Parse([]byte(c.yaml), "tokens.yaml", noon); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Errorf("the file changed:\n%s", after)
	}
	for what, in := range map[string]Inline{
		"short": {Name: "a", Scopes: []string{"profiles"}, Token: "0123456789"}, "a blank": {Name: "a", Scopes: []string{"profiles"}, Token: "01234567890123456789\n"},
	} {
		if err := in.Validate(); err == nil || strings.Contains(err.Error(), in.Token) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Load(Options{Inline: []Inline{{Name: "a", Token: "x"}, {Name: "b", Token: "x"}}}); err == nil || !strings.Contains(err.Error(), "token b of the configuration is that of a too") {
		t.Errorf("one token for two: %v", err)
	}
}
