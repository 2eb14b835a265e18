package collector

import (
	"testing"
)

// RudderStack's browser client sends the traits of an identify call in its context alone.
func TestTraitsOfTheContext(t *testing.T) {
	for name, c := range map[string]struct{ call, body, want string }{
		"identify":                    {"identify", `{"userId":"1","context":{"traits":{"plan":"a"}}}`, `{"plan":"a"}`},
		"identify with its own":       {"identify", `{"userId":"1","traits":{"plan":"b"},"context":{"traits":{"plan":"a"}}}`, `{"plan":"b"}`},
		"identify, traits no object":  {"identify", `{"userId":"1","context":{"traits":7}}`, ``},
		"identify, empty":             {"identify", `{"userId":"1","context":{"traits":{}}}`, ``},
		"track: they are the context": {"track", `{"userId":"1","event":"e","context":{"traits":{"plan":"a"}}}`, ``},
		"group: they are the person":  {"group", `{"userId":"1","groupId":"g","context":{"traits":{"plan":"a"}}}`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			if g := r.post("/v1/"+c.call, c.body); g.Status != 200 {
				t.Fatalf("%+v", g)
			}
			if got := string(r.only().TraitsJson); got != c.want {
				t.Errorf("traits %s, want %s", got, c.want)
			}
		})
	}
	r := start(t)
	if g := r.post("/v1/batch", `{"context":{"traits":{"email":"a@b.example"}},"batch":[{"type":"identify","userId":"1"}]}`); g.Status != 200 {
		t.Fatalf("%+v", g)
	}
	if e := r.only(); string(e.TraitsJson) != `{"email":"a@b.example"}` || len(e.Identifiers) != 2 {
		t.Errorf("from the envelope: %v", e)
	}
}

// The channel that clients name beside the context is kept in it.
func TestChannelIsKept(t *testing.T) {
	for body, want := range map[string]string{
		`{"userId":"1","event":"e","channel":"web"}`:                              `{"channel":"web"}`,
		`{"userId":"1","event":"e","channel":"web","context":{"locale":"en"}}`:    `{"locale":"en","channel":"web"}`,
		`{"userId":"1","event":"e","channel":"web","context":{"channel":"mail"}}`: `{"channel":"mail"}`,
		`{"userId":"1","event":"e","channel":null}`:                               ``,
	} {
		r := start(t)
		if g := r.post("/v1/track", body); g.Status != 200 {
			t.Fatalf("%+v", g)
		}
		if got := string(r.only().ContextJson); got != want {
			t.Errorf("%s: context %s, want %s", body, got, want)
		}
	}
}
