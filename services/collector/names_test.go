package collector

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
)

// namesOf are an event's identifiers as "type:value".
func namesOf(e *eventv1.Event) []string {
	var out []string
	for _, i := range e.GetIdentifiers() {
		out = append(out, i.Type+":"+i.Value)
	}
	return out
}

// notesOf are an event's notes as "kind path".
func notesOf(e *eventv1.Event) []string {
	var out []string
	for _, n := range e.GetNotes() {
		out = append(out, n.Kind+" "+n.Path)
	}
	return out
}

// TestAPlaceholderIsNobodysNameAnywhere: of every kind of name, told on the event and counted.
func TestAPlaceholderIsNobodysNameAnywhere(t *testing.T) {
	r := start(t)
	for name, c := range map[string]struct{ body, want, notes string }{
		"userId":                   {`"userId":"{{user.id}}","anonymousId":"a1"`, "anonymous_id:a1", "placeholder_id userId"},
		"userId in quotes":         {`"userId":"\"\"","anonymousId":"a1"`, "anonymous_id:a1", "placeholder_id userId"},
		"a number":                 {`"userId":0,"anonymousId":"a1"`, "anonymous_id:a1", "placeholder_id userId"},
		"anonymousId":              {`"userId":"u1","anonymousId":"unknown"`, "user_id:u1", "placeholder_id anonymousId"},
		"device":                   {`"userId":"u1","context":{"device":{"id":"9774d56d682e549c"}}`, "user_id:u1", "placeholder_id context.device.id"},
		"externalIds":              {`"userId":"u1","context":{"externalIds":[{"id":"n/a","type":"crm_id","collection":"users"}]}`, "user_id:u1", "placeholder_id context.externalIds.id"},
		"email":                    {`"userId":"u1","context":{"traits":{"email":"noreply@shop.example"}}`, "user_id:u1", "placeholder_id context.traits.email"},
		"email that is no address": {`"userId":"u1","context":{"traits":{"email":"not an address"}}`, "user_id:u1", ""},
		"phone":                    {`"userId":"u1","context":{"traits":{"phone":"000 000 0000"}}`, "user_id:u1", "placeholder_id context.traits.phone"},
		"absent":                   {`"userId":"","anonymousId":null,"context":{"device":{"id":"d1"}}`, "device_id:d1", ""},
		"two at once":              {`"userId":"undefined","anonymousId":"null","context":{"device":{"id":"d1"}}`, "device_id:d1", "placeholder_id userId,placeholder_id anonymousId"},
		"a real one":               {`"userId":"Null-Sethi","anonymousId":"777"`, "user_id:Null-Sethi anonymous_id:777", ""},
	} {
		id := "m-" + strings.ReplaceAll(name, " ", "-")
		if g := r.post("/v1/track", fmt.Sprintf(`{"event":"E","messageId":%q,%s}`, id, c.body)); g.Accepted != 1 {
			t.Fatalf("%s: %+v", name, g)
		}
		e := r.events()[id]
		if got := strings.Join(namesOf(e), " "); got != c.want {
			t.Errorf("%s: names %q, want %q", name, got, c.want)
		}
		if got := strings.Join(notesOf(e), ","); got != c.notes {
			t.Errorf("%s: notes %q, want %q", name, got, c.notes)
		}
	}
	if n := r.count("notes_total", "source", "web", "kind", decode.NotePlaceholder); n != 10 {
		t.Errorf("%v placeholders counted, want 10", n)
	}
}

func TestAnEventOfPlaceholdersAloneIsToldWhich(t *testing.T) {
	r := start(t)
	g := r.post("/v1/track", `{"event":"E","messageId":"p1","userId":"(not set)","anonymousId":"void 0"}`)
	if g.Status != 400 || g.Error != decode.ReasonNoIdentifier || !strings.Contains(g.Message, `userId "(not set)" is a placeholder`) {
		t.Errorf("%+v", g)
	}
}

func TestEveryNoteIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Notes")
	for _, kind := range decode.NoteKinds {
		if !strings.Contains(table, "| `"+kind+"` |") {
			t.Errorf("%s is not in docs/events.md", kind)
		}
	}
}

// A message id that every event would have names none: each event gets its own.
func TestAPlaceholderIsNoMessageID(t *testing.T) {
	r := start(t)
	g := r.post("/v1/batch", `{"batch":[{"type":"track","event":"A","userId":"u1","messageId":"undefined"},{"type":"track","event":"B","userId":"u1","messageId":"undefined"},
		{"type":"track","event":"C","userId":"u1","messageId":"{{uuid}}"},{"type":"track","event":"D","userId":"u1","messageId":"00000000-0000-0000-0000-000000000000"}]}`)
	if g.Accepted != 4 {
		t.Fatalf("%+v", g)
	}
	events := r.events()
	if len(events) != 4 {
		t.Fatalf("%d events: %v", len(events), slices.Collect(maps.Keys(events)))
	}
	for id, e := range events {
		if got := notesOf(e); len(id) != 36 || !slices.Equal(got, []string{"placeholder_id messageId"}) {
			t.Errorf("%s: %v", id, got)
		}
	}
}

// sourcesOf gives the rig a sources file's worth of workspace and source.
func sourcesOf(t *testing.T, text string) func(*setup) {
	t.Helper()
	return func(s *setup) {
		path := t.TempDir() + "/sources.yaml"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s.cfg.SourcesFile = path
	}
}

func TestAWorkspaceHasItsOwnPlaceholdersAndHabits(t *testing.T) {
	r := start(t, sourcesOf(t, `
workspaces:
  - name: default
    region: GB
    email_plus: drop
    placeholders: {add: [kiosk], remove: [guest]}
sources:
  - name: web
  - name: oslo
    region: NO
`))
	for i, c := range []struct{ body, want string }{
		{`"userId":"Kiosk","anonymousId":"a1"`, "anonymous_id:a1"},
		{`"userId":"guest","anonymousId":"a1"`, "user_id:guest anonymous_id:a1"},
		{`"userId":"null","anonymousId":"a1"`, "anonymous_id:a1"},
		{`"userId":"u1","traits":{"email":"Ann+News@Example.com"}`, "user_id:u1 email:ann@example.com"},
		{`"userId":"u1","traits":{"phone":"020 7946 0018"}`, "user_id:u1 phone:+442079460018"},
		{`"userId":"u1","traits":{"phone":"(650) 253-0000","address":{"country":"United States"}}`, "user_id:u1 phone:+16502530000"},
		{`"userId":"u1","traits":{"phone":"070-174 01 23","country":"SE"}`, "user_id:u1 phone:+46701740123"},
		{`"userId":"u1","traits":{"phone":"030 901820","country":"Deutschland"}`, "user_id:u1 phone:+4930901820"},
	} {
		id := fmt.Sprint("h-", i)
		if g := r.post("/v1/identify", fmt.Sprintf(`{"messageId":%q,%s}`, id, c.body)); g.Accepted != 1 {
			t.Fatalf("%s: %+v", c.body, g)
		}
		if got := strings.Join(namesOf(r.events()[id]), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
	}
}

// An alias to another user id says so; whether it counts is the source's standing.
func TestAnAliasOfAUserID(t *testing.T) {
	r := start(t, func(s *setup) { s.cfg.Sources[1].Trusted = true })
	for i, c := range []struct {
		body, names, previous string
		plain                 bool // nothing to tell the sender
	}{
		{`"userId":"new","previousId":"old"`, "user_id:new", "old", false},
		{`"userId":"new","previousId":" old@example.com "`, "user_id:new", "old@example.com", false},
		{`"userId":"new","anonymousId":"an-1","previousId":"old"`, "user_id:new anonymous_id:an-1", "old", false},
		{`"userId":"new","anonymousId":"an-1","previousId":"an-1"`, "user_id:new anonymous_id:an-1", "", true},
		{`"userId":"new","anonymousId":"an-1"`, "user_id:new anonymous_id:an-1", "", true},
		{`"userId":"new","previousId":"new"`, "user_id:new", "", true},
		{`"userId":"new","previousId":"undefined"`, "user_id:new", "", true},
		{`"anonymousId":"an-1","previousId":"old"`, "anonymous_id:an-1 anonymous_id:old", "", true},
		{`"userId":"null","previousId":"old"`, "anonymous_id:old", "", true},
		{`"userId":"new","previousId":4711`, "user_id:new", "4711", false},
	} {
		for _, key := range []string{testKey, "pos-write-key"} {
			id := fmt.Sprintf("alias-%d-%s", i, key)
			g := r.post("/v1/alias", fmt.Sprintf(`{"messageId":%q,%s}`, id, c.body), "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(key+":")))
			if g.Accepted != 1 {
				t.Fatalf("%s: %+v", c.body, g)
			}
			e := r.events()[id]
			if got := strings.Join(namesOf(e), " "); got != c.names || e.GetAlias().GetPreviousId() != c.previous {
				t.Errorf("%s: names %q, previous %q; want %q, %q", c.body, got, e.GetAlias().GetPreviousId(), c.names, c.previous)
			}
			trusted := key != testKey
			if c.previous != "" && e.GetAlias().GetTrusted() != trusted {
				t.Errorf("%s with %s: trusted %t", c.body, key, e.GetAlias().GetTrusted())
			}
			told := !trusted && !c.plain
			if slices.Contains(notesOf(e), "alias_not_trusted previousId") != told || (len(g.Notes) == 1) != told {
				t.Errorf("%s with %s: notes %v, answer %+v", c.body, key, e.GetNotes(), g.Notes)
			}
			if told && (g.Notes[0].MessageID != id || !strings.Contains(g.Notes[0].Detail, "trusted source") || g.Status != 200 || !g.Success) {
				t.Errorf("answer %+v", g)
			}
		}
	}
}

func TestABatchTellsOfEachAlias(t *testing.T) {
	r := start(t)
	g := r.post("/v1/batch", `{"batch":[{"type":"track","event":"E","userId":"u1","messageId":"b0"},{"type":"alias","userId":"u1","previousId":"u0","messageId":"b1"},
		{"type":"nope","messageId":"b2"}]}`)
	if g.Accepted != 2 || len(g.Rejected) != 1 || len(g.Notes) != 1 || g.Notes[0].Index != 1 || g.Notes[0].Kind != decode.NoteAlias {
		raw, _ := json.Marshal(g)
		t.Errorf("%s", raw)
	}
}
