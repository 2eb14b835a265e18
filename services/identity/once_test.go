package identity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

func (r *running) waitMetric(name string, want float64) {
	r.t.Helper()
	testkit.Eventually(r.t, soon, func() error {
		if got := r.metric(name); got != want {
			return fmt.Errorf("%s is %v, want %v", name, got, want)
		}
		return nil
	})
}

func (w *world) rejectedAs(reason string) (ids []string) {
	w.t.Helper()
	for _, r := range decode[eventv1.RejectedEvent](w.t, w.read(topics.EventsRejected)) {
		if r.GetReason() == reason && r.GetRejectedBy() == "identity" && r.GetSource() == "web" && len(r.GetPayload()) > 0 {
			ids = append(ids, r.GetEventId())
		}
	}
	return ids
}

// TestOneMessageIDCountsOnce: whatever names the second copy carries and whichever of them comes first, it meets the first one. Between
// the two a person may have logged in, a list of placeholders may have grown, a browser and a server may both have sent it.
func TestOneMessageIDCountsOnce(t *testing.T) {
	w := newWorld(t, 4)
	s := w.start(w.dir("a"))
	pairs := [][2]string{
		{"anonymous_id:a1", "user_id:u1 anonymous_id:a1"},
		{"user_id:u2 anonymous_id:a2", "anonymous_id:a2"},
		{"device_id:d3 anonymous_id:a3", "anonymous_id:a3 device_id:d3"},
		{"anonymous_id:a4", "email:m4@x.org phone:+442079460018 anonymous_id:a4"},
		{"user_id:u5 email:m5@x.org phone:+442079460018 device_id:d5 anonymous_id:a5", "anonymous_id:b5 phone:+442079460018"},
		{"user_id:u6", "user_id:u6"},
	}
	const each = 8 // ids of a pair: they go to different partitions
	var sent, repeats int
	for i, p := range pairs {
		for n := range each {
			id := fmt.Sprintf("pair%d-%d", i, n)
			w.sendEvents(event(id, strings.Fields(p[0])...), event(id, strings.Fields(p[1])...))
			sent, repeats = sent+1, repeats+1
		}
	}
	s.waitMetric("events_total", float64(sent+repeats))
	if got := len(w.waitResolved(sent)); got != sent {
		t.Errorf("%d events resolved, want %d", got, sent)
	}
	if got := s.metric("duplicates_total{same_content}"); got != float64(repeats) {
		t.Errorf("%v repeats counted, want %d", got, repeats)
	}
	if ids := w.rejectedAs(reasonDuplicateID); len(ids) > 0 {
		t.Errorf("a client's repeat is taken for another event: %v", ids)
	}
}

// TestAConstantMessageID: of different events under one id the first counts; the others are kept where one can find them, and told.
func TestAConstantMessageID(t *testing.T) {
	for name, other := range map[string]func(e *eventv1.Event){
		"of other people":           func(e *eventv1.Event) { e.Identifiers = event("", "user_id:other").Identifiers },
		"with other properties":     func(e *eventv1.Event) { e.PropertiesJson = []byte(`{"path":"/cart"}`) },
		"without properties":        func(e *eventv1.Event) { e.PropertiesJson = nil },
		"of another name":           func(e *eventv1.Event) { e.Name = "Cart Viewed" },
		"of another call":           func(e *eventv1.Event) { e.Type = eventv1.EventType_EVENT_TYPE_PAGE },
		"with other traits":         func(e *eventv1.Event) { e.TraitsJson = []byte(`{"plan":"pro"}`) },
		"an alias of somebody else": func(e *eventv1.Event) { e.Alias = &eventv1.Alias{PreviousId: "x"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 4)
			s := w.start(w.dir("a"))
			e := event("const", "user_id:same0", "anonymous_id:a0")
			other(e)
			w.sendEvents(event("const", "user_id:same0", "anonymous_id:a0"), e, event("const", "user_id:same0", "anonymous_id:a0"))
			s.waitMetric("events_total", 3)
			s.waitMetric("duplicates_total{other_content}", 1)
			s.waitMetric("duplicates_total{same_content}", 1)
			w.waitResolved(1)
			if ids := w.rejectedAs(reasonDuplicateID); len(ids) != 1 || ids[0] != "const" {
				t.Errorf("rejected %v", ids)
			}
		})
	}
}

// What differs between two copies of one event is no reason to take them for two.
func TestACopyMayDifferInItsSurroundings(t *testing.T) {
	w := newWorld(t, 1)
	s := w.start(w.dir("a"))
	first, second := event("e", "user_id:1"), event("e", "user_id:1")
	second.ReceivedMs, second.OccurredMs, second.SentMs, second.OriginalMs = first.ReceivedMs+90_000, first.OccurredMs+1, 5, 6
	second.ContextJson, second.Source, second.History = []byte(`{"ip":"8.8.8.0"}`), "server", true
	second.Enrichment, second.Notes = &eventv1.Enrichment{Country: "DE"}, []*eventv1.Note{{Kind: "placeholder_id"}}
	w.sendEvents(first, second)
	s.waitMetric("events_total", 2)
	s.waitMetric("duplicates_total{same_content}", 1)
}

// TestAnyInterleavingGivesTheSameCustomers: a person's events lie in many partitions now, which are read in any order. The same events
// in clusters of 1, 3 and 8 partitions and in two orders make the same customers, under the limits.
func TestAnyInterleavingGivesTheSameCustomers(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var events []*eventv1.Event
	for n := range 240 {
		person := rng.IntN(40)
		words := []string{fmt.Sprintf("anonymous_id:a%d-%d", person, rng.IntN(3))}
		switch rng.IntN(4) {
		case 0:
			words = append([]string{fmt.Sprintf("user_id:u%d", person)}, words...)
		case 1:
			words = append([]string{fmt.Sprintf("email:m%d@x.org", person)}, words...)
		case 2:
			words = []string{fmt.Sprintf("user_id:u%d", person), fmt.Sprintf("email:m%d@x.org", person)}
		}
		e := event(fmt.Sprint("e", n), words...)
		if rng.IntN(12) == 0 {
			e.Identifiers = event("", fmt.Sprintf("user_id:new%d", person)).Identifiers
			e.Alias = &eventv1.Alias{PreviousId: fmt.Sprintf("u%d", person), Trusted: true}
		}
		events = append(events, e)
	}
	for person := range 40 { // all of them exist in the end, so that what an alias said is known
		events = append(events, event(fmt.Sprint("last", person), fmt.Sprintf("user_id:u%d", person)))
	}
	var want []string
	for _, partitions := range []int{1, 3, 8} {
		w := newWorld(t, partitions)
		s := w.start(w.dir("a"))
		w.sendEvents(events...)
		w.waitResolved(len(events))
		got := people(s.rows())
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d partitions:\n%s", partitions, diff)
		}
		rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
	if len(want) < 30 {
		t.Fatalf("only %d customers: the test tests nothing", len(want))
	}
}

// people gives the customers of a state as sorted names, without the anonymous ids that an alias made of a user id which it overtook:
// nobody else has them.
func people(rows map[string]string) []string {
	byOwner := map[string][]string{}
	for k, v := range rows {
		if k[0] == 'i' && !strings.Contains(k, "anonymous_idu") {
			byOwner[v[1:17]] = append(byOwner[v[1:17]], k[4:]) // behind the workspace and the type's length
		}
	}
	var out []string
	for _, names := range byOwner {
		slices.Sort(names)
		out = append(out, strings.Join(names, " "))
	}
	slices.Sort(out)
	return out
}

// TestATrustedAliasJoinsTwoUsers, from the event to the mapping, and that an untrusted one does not and is counted.
func TestATrustedAliasJoinsTwoUsers(t *testing.T) {
	w := newWorld(t, 2)
	s := w.start(w.dir("a"))
	w.send("user_id:old", "user_id:new", "user_id:eve")
	w.waitResolved(3)
	alias := event("alias", "user_id:new")
	alias.Type, alias.Alias = eventv1.EventType_EVENT_TYPE_ALIAS, &eventv1.Alias{PreviousId: "old", Trusted: true}
	attack := event("attack", "user_id:eve")
	attack.Alias = &eventv1.Alias{PreviousId: "old"}
	w.sendEvents(alias, attack)
	events := w.waitResolved(5)
	if a, b := s.owner("user_id:old"), s.owner("user_id:new"); a != b || a == "" {
		t.Errorf("old is %s, new is %s", a, b)
	}
	if s.owner("user_id:eve") == s.owner("user_id:old") || events["attack"].GetCustomerId() != s.owner("user_id:eve") {
		t.Error("an alias of a source that is not trusted took somebody's customer")
	}
	s.waitMetric("dropped_identifiers_total{alias_not_trusted}", 1)
	testkit.Eventually(t, soon, func() error {
		for _, m := range w.mappings() {
			if m == s.owner("user_id:old") {
				return nil
			}
		}
		return fmt.Errorf("no mapping: %v", w.mappings())
	})
	var said bool
	for _, r := range w.log() {
		said = said || r.GetEventId() == "alias" && r.GetAlias().GetPreviousId() == "old" && r.GetAlias().GetTrusted()
	}
	if !said {
		t.Error("the log does not hold the alias with its event")
	}
}
