package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// What an endpoint gets of each kind of name, under each setting; "" is nothing.
func TestWhatAnEndpointGetsOfAName(t *testing.T) {
	for _, c := range []struct{ typ, value, ids, masked string }{
		{"user_id", "42", "42", "42"},
		{"user_id", "ann@example.com", "ann@example.com", "ann@example.com"}, // the company's own id is what the receiver knows
		{"user_id", "+4917012345678", "+4917012345678", "+4917012345678"},
		{"anonymous_id", "laptop-1", "laptop-1", "laptop-1"},
		{"device_id", "D-1", "D-1", "D-1"},
		{"loyalty_card", "9400123", "9400123", "9400123"},
		{"cart_id", "+12", "+12", "+12"},
		{"order_ref", "+1-2-3", "+1-2-3", "+1-2-3"},
		{"email", "ann@example.com", "", "a***@example.com"},
		{"email", "a@example.com", "", "***@example.com"},
		{"email", "élodie@exämple.com", "", "é***@exämple.com"},
		{"email", "\"odd@local\"@example.com", "", "\"***@example.com"},
		{"email", "no address", "", "***"},
		{"anonymous_id", "ann@example.com", "", "a***@example.com"}, // some clients do that
		{"crm_email", "ann@example.com", "", "a***@example.com"},
		{"email_sha256", "5e884898da28047151d0e56f8dc62927", "", "***"},
		{"phone", "+4917012345678", "", "+49***5678"},
		{"phone", "+442079460018", "", "+44***0018"},
		{"phone", "+12125550142", "", "+12***0142"},
		{"phone", "02079460018", "", "***18"},
		{"phone", "+1234567", "", "***67"},
		{"phone", "112", "", "***"},
		{"phone", "call me", "", "***"},
		{"whatsapp_id", "4917012345678", "", "***"},
		{"mobile", "4917012345678", "", "***"},
		{"crm_contact", "+49 170 1234-5678", "", "+49***5678"},
		{"anonymous_id", "+49 (170) 1234.5678", "", "+49***5678"},
	} {
		name := []*eventv1.Identifier{{Type: c.typ, Value: c.value}}
		for identity, want := range map[string]string{IdentityIDs: c.ids, IdentityMasked: c.masked, IdentityClear: c.value} {
			var wanted []identifier
			if want != "" {
				wanted = append(wanted, identifier{c.typ, want})
			}
			if got := personOf(name, identity); !slices.Equal(got.identifiers, wanted) || !got.complete {
				t.Errorf("%s:%s as %s: %v, want %v", c.typ, c.value, identity, got, wanted)
			}
		}
	}
}

func TestTheBestNamesComeFirstAndNotTooMany(t *testing.T) {
	names := []*eventv1.Identifier{{Type: "anonymous_id", Value: "old"}, {Type: "user_id", Value: "1"}, {Type: "anonymous_id", Value: "new"}, {Type: "card", Value: "c"}, {Type: "user_id", Value: "2"}}
	got := personOf(names, IdentityIDs)
	want := []identifier{{"user_id", "2"}, {"user_id", "1"}, {"card", "c"}, {"anonymous_id", "new"}, {"anonymous_id", "old"}}
	if d := cmp.Diff(want, got.identifiers); d != "" {
		t.Error(d)
	}
	for i := range 1000 {
		names = append(names, &eventv1.Identifier{Type: "anonymous_id", Value: fmt.Sprint(i)})
	}
	if got := personOf(names, IdentityIDs); len(got.identifiers) != maxIdentifiers || got.complete || got.identifiers[0].Value != "2" || got.identifiers[3].Value != "999" {
		t.Errorf("%d names, complete %v, %v ...", len(got.identifiers), got.complete, got.identifiers[:4])
	}
	names = names[:maxIdentifiers]
	if got := personOf(append(names, &eventv1.Identifier{Type: "email", Value: "a@b"}), IdentityIDs); len(got.identifiers) != maxIdentifiers || !got.complete {
		t.Errorf("%d names, complete %v: what it may not get is not missing", len(got.identifiers), got.complete)
	}
}

// people answers as a test wants: the identity service as the deliverer sees it.
type people func(r *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error)

func (p people) GetCustomer(_ context.Context, r *identityv1.GetCustomerRequest, _ ...grpc.CallOption) (*identityv1.GetCustomerResponse, error) {
	return p(r)
}

func named(values ...string) *identityv1.GetCustomerResponse {
	c := &identityv1.Customer{}
	for _, v := range values {
		typ, value, _ := strings.Cut(v, ":")
		c.Identifiers = append(c.Identifiers, &identityv1.LinkedIdentifier{Identifier: &eventv1.Identifier{Type: typ, Value: value}})
	}
	return &identityv1.GetCustomerResponse{Customer: c}
}

// sent is the data of the requests with an id.
func sent(t *testing.T, rc *receiver, id string) (all []map[string]any) {
	t.Helper()
	for _, r := range rc.requests(id) {
		var body struct{ Data map[string]any }
		if err := json.Unmarshal(r.body, &body); err != nil {
			t.Fatal(err)
		}
		all = append(all, body.Data)
	}
	return all
}

// A receiver who knows only its own user ids can act; each endpoint gets what it is configured to get, and none of the rest in any form.
func TestAnAlertSaysWhoItIsAbout(t *testing.T) {
	rc := newReceiver(t, nil)
	f := newFixture(t)
	f.deps = func(d *Deps) {
		d.People = people(func(r *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
			if r.GetWorkspace() != "default" || !strings.HasPrefix(r.GetId(), "c-") {
				return nil, status.Error(codes.NotFound, "nobody")
			}
			return named("anonymous_id:laptop", "user_id:42", "email:ann@example.com", "phone:+4917012345678"), nil
		})
	}
	for _, identity := range []string{"", IdentityNone, IdentityIDs, IdentityMasked, IdentityClear} {
		f.hooks["to_"+identity] = Endpoint{URL: rc.URL, Secret: vectorSecret, Identity: identity}
	}
	f.begin()
	ids := `[{"type":"user_id","value":"42"},{"type":"anonymous_id","value":"laptop"}]`
	for identity, want := range map[string]string{
		"": ids, IdentityIDs: ids, IdentityNone: "null",
		IdentityMasked: `[{"type":"user_id","value":"42"},{"type":"email","value":"a***@example.com"},{"type":"phone","value":"+49***5678"},{"type":"anonymous_id","value":"laptop"}]`,
		IdentityClear:  `[{"type":"user_id","value":"42"},{"type":"email","value":"ann@example.com"},{"type":"phone","value":"+4917012345678"},{"type":"anonymous_id","value":"laptop"}]`,
	} {
		f.alert("to_"+identity, "to_"+identity)
		f.committed("to_" + identity)
		got := sent(t, rc, "to_"+identity)
		if len(got) != 1 {
			t.Fatalf("%q: %d requests", identity, len(got))
		}
		text, _ := json.Marshal(got[0]["identifiers"])
		complete, there := got[0]["identifiers_complete"]
		if string(text) != want || there != (identity != IdentityNone) || there && complete != true {
			t.Errorf("%q: %s, complete %v (%v), want %s", identity, text, complete, there, want)
		}
	}
}

// answerFirst500 refuses the first attempt.
func answerFirst500(n int, _ request, w http.ResponseWriter) {
	if n == 1 {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// An identity service that comes back in time costs the names nothing; one that does not costs them, and not the alert. Every attempt
// sends the same bytes.
func TestAnAlertIsNotLostWhenIdentityIsAway(t *testing.T) {
	for what, c := range map[string]struct {
		answer   func(n int64) error
		wait     time.Duration
		complete bool
	}{
		"it comes back":             {func(n int64) error { return map[bool]error{true: status.Error(codes.Unavailable, "restoring")}[n <= 3] }, time.Minute, true},
		"it stays away":             {func(int64) error { return status.Error(codes.Unavailable, "restoring") }, 300 * time.Millisecond, false},
		"it is not waited for":      {func(int64) error { return status.Error(codes.Unavailable, "restoring") }, 0, false},
		"it breaks":                 {func(int64) error { return status.Error(codes.Internal, "internal error") }, 300 * time.Millisecond, false},
		"a replica is behind":       {func(n int64) error { return map[bool]error{true: status.Error(codes.NotFound, "unknown")}[n == 1] }, time.Minute, true},
		"nobody knows the customer": {func(int64) error { return status.Error(codes.NotFound, "unknown") }, 300 * time.Millisecond, false},
	} {
		t.Run(what, func(t *testing.T) {
			rc := newReceiver(t, answerFirst500)
			f := newFixture(t)
			f.cfg.IdentityWait = c.wait
			var asked atomic.Int64
			f.deps = func(d *Deps) {
				d.People = people(func(*identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
					if err := c.answer(asked.Add(1)); err != nil {
						return nil, err
					}
					return named("user_id:42"), nil
				})
			}
			f.hook("crm", rc.URL)
			f.begin()
			f.alert("crm", "a")
			f.committed("crm")
			got := sent(t, rc, "a")
			if len(got) != 2 || got[0]["identifiers_complete"] != c.complete || len(got[0]["identifiers"].([]any)) != map[bool]int{true: 1}[c.complete] {
				t.Errorf("%v", got)
			}
			if all := rc.requests("a"); len(all) == 2 && string(all[0].body) != string(all[1].body) {
				t.Errorf("two bodies under one id: %s, %s", all[0].body, all[1].body)
			}
			if dead := f.dead(); len(dead) > 0 {
				t.Errorf("dead letters: %v", dead)
			}
		})
	}
}
