package visitor

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

const (
	sale   = eventv1.OrderKind_ORDER_KIND_COMPLETED
	cancel = eventv1.OrderKind_ORDER_KIND_CANCELLED
	minute = int64(60_000)
)

// The whole path: one event in, the next view has it, and one touch is told; how long it takes is reported.
func TestOneEventChangesTheNextView(t *testing.T) {
	w := newWorld(t)
	w.cfg.Pace = Default().Pace
	w.begin()
	w.shows(1, "nobody")
	e := viewed(1, "e1", "a", start)
	e.Event.Enrichment = &eventv1.Enrichment{Country: "DE"}
	e.Event.PropertiesJson = []byte(`{"product_id":"a","recommendation_id":"list"}`)
	e.Event.History = true
	at := time.Now()
	w.send(e)
	v := w.shows(1, "personal: VIEW a")
	t.Logf("from the event's append to the view: %s", time.Since(at))
	if v.Country != "DE" || v.ReceivedMs != start+5 || v.CustomerID != id(1) || v.Workspace != "default" {
		t.Errorf("%+v", v)
	}
	m := w.tells(1)[0]
	if m.GetWorkspace() != "default" || m.GetCustomerId() != id(1) || m.GetEventId() != "e1" || m.GetLine() != 1 || !m.GetHistory() || m.GetCountry() != "DE" ||
		m.GetRequestId() != "list" || m.GetAtMs() != start || m.GetReceivedMs() != start+5 || m.GetQuantityMicros() != oneUnit || m.GetAnonymous() {
		t.Errorf("%v", m)
	}
	if other, err := w.s.View(t.Context(), "shop", id(1)); err != nil || other != nil {
		t.Errorf("in another workspace: %v, %v", other, err)
	}
	if got := fmt.Sprint(w.s.Workspaces(), w.s.Owns(0), w.s.Owns(2)); got != "[default] true false" {
		t.Error(got)
	}
}

// Copies, and the same sale told by browser and server, count once, before and after a restart.
func TestCopiesCountOnce(t *testing.T) {
	w := newWorld(t)
	w.begin()
	all := []*eventv1.ResolvedEvent{viewed(1, "e1", "a", start-2), ordered(1, "e2", "o1", sale, start-1, "b", "c"), ordered(1, "e3", "o1", sale, start, "b", "c")}
	w.send(all...)
	w.send(all...)
	w.shows(1, "personal: VIEW a, BUY b, BUY c")
	w.end()
	w.begin()
	w.send(all...)
	w.drained(1)
	w.shows(1, "personal: VIEW a, BUY b, BUY c")
	w.tells(3)
}

func TestACancelledOrderIsUndone(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.send(ordered(1, "e1", "o1", sale, start-9, "a", "b"), ordered(1, "e2", "o2", sale, start-8, "c"), ordered(1, "e3", "o1", cancel, start-7))
	w.shows(1, "personal: BUY c")
	w.send(ordered(1, "e4", "o1", sale, start-6, "a")) // the server's word on it is late
	w.send(ordered(1, "e5", "o9", cancel, start-5), ordered(1, "e6", "o9", sale, start-4, "z"))
	w.drained(1)
	w.shows(1, "personal: BUY c")
	var lines []string
	for _, m := range w.tells(5) {
		lines = append(lines, fmt.Sprintf("%s %v", m.GetItemId(), m.GetUndone()))
	}
	if got := strings.Join(lines, ", "); got != "a false, b false, c false, a true, b true" {
		t.Error(got)
	}
}

// Who forbids a profile has none: what was kept is gone, and the visit alone goes on, under a number of its own, without order and event.
func TestConsentWithdrawn(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.put(topics.SegmentTransitions, id(1), &segmentationv1.Transition{Workspace: "default", CustomerId: id(1), Segment: "vip", Seq: 1, Kind: segmentationv1.TransitionKind_TRANSITION_KIND_ENTERED})
	w.send(viewed(1, "e1", "a", start-20*minute), ordered(1, "e2", "o1", sale, start-19*minute, "b"))
	w.shows(1, "personal: VIEW a, BUY b; in vip")
	w.send(says(viewed(1, "e3", "c", start-10*minute), false), viewed(1, "e4", "d", start-9*minute), ordered(1, "e5", "o2", sale, start-8*minute, "e"))
	w.send(viewed(1, "e6", "late", start-11*minute)) // before it was forbidden, received behind
	w.shows(1, "visit: VIEW late, VIEW c, VIEW d, BUY e")
	r := w.record(1)
	if len(r.looks)+len(r.bought) != 0 {
		t.Errorf("kept all the same: %+v %+v", r.looks, r.bought)
	}
	for _, m := range w.tells(6)[2:] {
		if !m.GetAnonymous() || m.GetCustomerId() != hex.EncodeToString(r.pseudonym.number[:]) || m.GetOrderId() != "" || strings.HasPrefix(m.GetEventId(), "e") && len(m.GetEventId()) == 2 {
			t.Errorf("%v", m)
		}
	}
	before := r.pseudonym
	w.now.Add(40 * minute) // the visit is over
	w.shows(1, "visit: ")
	testkit.Eventually(t, within, func() error {
		if r := w.record(1); len(r.visit) > 0 || r.pseudonym != (pseudonym{}) {
			return fmt.Errorf("of a visit that is over: %+v", r)
		}
		return nil
	})
	w.send(viewed(1, "e7", "f", w.now.Load()))
	w.shows(1, "visit: VIEW f")
	if r := w.record(1); r.pseudonym.number == before.number {
		t.Error("two visits have one number")
	}
	w.send(says(viewed(1, "e8", "g", w.now.Load()+1), true), viewed(1, "e9", "h", w.now.Load()+2))
	w.shows(1, "personal: VIEW f, VIEW g, VIEW h; in vip") // f is of the visit, and goes with it
	w.now.Add(40 * minute)
	w.shows(1, "personal: VIEW g, VIEW h; in vip")
	again := viewed(1, "e9", "h", start+40*minute+2)
	w.send(says(viewed(1, "e10", "i", w.now.Load()), true), again) // a copy, when the consent that it was kept on was renewed
	w.drained(1)
	w.shows(1, "personal: VIEW g, VIEW h, VIEW i; in vip")
	w.tells(10)
}

// What holds of who says nothing is the operator's choice.
func TestWhoSaysNothing(t *testing.T) {
	w := newWorld(t)
	w.cfg.Unsaid = Deny
	w.begin()
	w.send(viewed(1, "e1", "a", start), says(viewed(2, "e2", "a", start), true), viewed(2, "e3", "b", start+1))
	w.shows(1, "visit: VIEW a")
	w.shows(2, "personal: VIEW a, VIEW b")
}

// The words of clients.
func TestConsentWords(t *testing.T) {
	c := newConsent(Default())
	for name, x := range map[string]struct {
		consent *eventv1.Consent
		want    word
	}{
		"nothing":                     {nil, unsaid},
		"other purposes":              {&eventv1.Consent{Granted: []string{"Advertising"}, Denied: []string{"Analytics"}}, unsaid},
		"granted":                     {&eventv1.Consent{Granted: []string{"Ads and Personalisation"}}, allowed},
		"a word inside another":       {&eventv1.Consent{Granted: []string{"nonprofiling"}}, unsaid},
		"granted and denied":          {&eventv1.Consent{Granted: []string{"profiling"}, Denied: []string{"PERSONALIZATION"}}, forbidden},
		"the browser wants none":      {&eventv1.Consent{OptedOut: true}, forbidden},
		"granted, the browser denies": {&eventv1.Consent{OptedOut: true, Granted: []string{"profiling"}}, forbidden},
	} {
		if got := c.of(&eventv1.Event{Consent: x.consent}); got != x.want {
			t.Errorf("%s: %d, want %d", name, got, x.want)
		}
	}
}

func TestBotsTeachNothing(t *testing.T) {
	w := newWorld(t)
	w.begin()
	bot := viewed(1, "e1", "a", start)
	bot.Event.Enrichment = &eventv1.Enrichment{Bot: true}
	w.send(bot)
	w.drained(1)
	w.shows(1, "nobody")
	w.tells(0)
}

// Segments and items that are not wanted, by their latest word.
func TestSegmentsAndDismissedItems(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.moves(1, "a", 1, true)
	w.moves(1, "b", 2, false)
	w.moves(1, "b", 1, true) // an older word
	w.moves(1, "c", 1, true)
	for kind, item := range map[recommendationv1.FeedbackKind]string{recommendationv1.FeedbackKind_FEEDBACK_KIND_DISMISS: "x", recommendationv1.FeedbackKind_FEEDBACK_KIND_CLICK: "y"} {
		w.put(topics.RecommendationFeedback, id(1), &recommendationv1.Feedback{Workspace: "default", CustomerId: id(1), Kind: kind, ItemIds: []string{item}, AtMs: start})
	}
	w.shows(1, "personal: ; in a, c; not x")
}

// Touches name the segments of who consents, those that he is in when they are folded, 16 at most; of who does not, none.
func TestTouchesNameSegments(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.moves(1, "vip", 1, true)
	w.moves(1, "left", 1, true)
	w.moves(1, "left", 2, false)
	w.moves(2, "vip", 1, true)
	var most []string
	for i := range 20 {
		w.moves(4, fmt.Sprintf("s%02d", i), 1, true)
		most = append(most, fmt.Sprintf("s%02d", i))
	}
	want := map[string]string{"by 1": "vip", "by 2": "", "by 3": "", "by 4": strings.Join(most[:16], " ")}
	w.shows(1, "personal: ; in vip")
	w.shows(2, "personal: ; in vip")
	w.shows(4, "personal: ; in "+strings.Join(most, ", "))
	w.send(viewed(1, "e1", "by 1", start), says(viewed(2, "e2", "by 2", start), false), viewed(3, "e3", "by 3", start), viewed(4, "e4", "by 4", start))
	for _, m := range w.tells(4) {
		if got := strings.Join(m.GetSegments(), " "); got != want[m.GetItemId()] {
			t.Errorf("%s: segments %q, want %q", m.GetItemId(), got, want[m.GetItemId()])
		}
	}
}

// What events say of items goes to the items task; the shop's own word on an item is no deed of a visitor.
func TestItemsAreTold(t *testing.T) {
	w := newWorld(t)
	change := func(e *eventv1.ResolvedEvent, kind recommendationv1.ItemChangeKind) []*recommendationv1.ItemChange {
		return []*recommendationv1.ItemChange{{Workspace: "default", ItemId: e.GetEvent().GetEventId(), Kind: kind}}
	}
	w.items = Items{
		Changes: func(e *eventv1.ResolvedEvent, feeder bool) []*recommendationv1.ItemChange {
			switch name := e.GetEvent().GetName(); {
			case name == "Product Upserted":
				return change(e, recommendationv1.ItemChangeKind_ITEM_CHANGE_KIND_UPSERT)
			case name == "Product Removed" && feeder:
				return change(e, recommendationv1.ItemChangeKind_ITEM_CHANGE_KIND_REMOVE)
			}
			return nil
		},
		MayFeed: func(e *eventv1.ResolvedEvent) bool { return e.GetEvent().GetSource() != "browser" },
		Seen: func(e *eventv1.ResolvedEvent) []*recommendationv1.ItemChange {
			return change(e, recommendationv1.ItemChangeKind_ITEM_CHANGE_KIND_SEEN)
		},
		Knows: func(c *recommendationv1.ItemChange) bool { return c.GetItemId() == "known" },
	}
	w.begin()
	named := func(n int, event, name, source string) *eventv1.ResolvedEvent {
		e := viewed(n, event, "p", start)
		e.Event.Name, e.Event.Source = name, source
		if name == "Product Viewed" {
			e.Event.OccurredMs++
		}
		return e
	}
	w.send(named(1, "shop's", "Product Upserted", "server"), named(1, "off", "Product Removed", "server"), named(1, "forged", "Product Removed", "browser"),
		named(2, "cart's", "Product Removed", "server"), named(2, "known", "Product Viewed", "browser"))
	w.shows(1, "personal: UNCART p")
	w.shows(2, "personal: UNCART p, VIEW p")
	testkit.Eventually(t, within, func() error {
		if n := len(testkit.Records(t, w.client, topics.ItemChanges)); n != 4 {
			return fmt.Errorf("%d changes, want those of: shop's, off, forged, cart's", n)
		}
		return nil
	})
}

// Bad records go to the dead-letter topic of their input, and their neighbours are folded.
func TestBadRecordsAreDeadLettered(t *testing.T) {
	w := newWorld(t)
	w.begin()
	timeless := viewed(1, "e0", "x", 0)
	for topic, n := range map[topics.Topic]int{topics.EventsResolved: 3, topics.IdentityMappings: 2, topics.VisitorHandover: 2, topics.SegmentTransitions: 2, topics.RecommendationFeedback: 2} {
		w.produce(topic, id(1), []byte("\x01\xff")) // of no newer layout: that would be waited for
		w.produce(topic, id(1), nil)
		if n > 2 {
			w.put(topic, id(1), timeless)
		}
	}
	w.produce(topics.EventsResolved, "no id", nil)
	w.put(topics.EventsResolved, id(1), viewed(2, "e1", "x", start))
	w.send(viewed(1, "e2", "a", start))
	w.shows(1, "personal: VIEW a")
	for topic, want := range map[topics.Topic]int64{topics.EventsResolved: 5, topics.IdentityMappings: 2, topics.VisitorHandover: 2, topics.SegmentTransitions: 2, topics.RecommendationFeedback: 2} {
		testkit.Eventually(t, within, func() error {
			spans, err := w.client.Spans(t.Context(), topics.DeadLetter(topic).Name)
			if err == nil && spans[0].Next != want {
				err = fmt.Errorf("%d dead letters of %s, want %d", spans[0].Next, topic.Name, want)
			}
			return err
		})
	}
	w.shows(1, "personal: VIEW a")
}

// A customer who becomes another leaves all to him at once; what comes late under the old id goes there; chains are followed.
func TestMergedHistoryCountsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.send(viewed(1, "e1", "a", start-4), viewed(2, "e2", "b", start-3), viewed(3, "e3", "c", start-2))
	w.put(topics.RecommendationFeedback, id(1), &recommendationv1.Feedback{Workspace: "default", CustomerId: id(1), Kind: recommendationv1.FeedbackKind_FEEDBACK_KIND_DISMISS, ItemIds: []string{"x"}, AtMs: start})
	for n, want := range map[int]string{1: "personal: VIEW a; not x", 2: "personal: VIEW b", 3: "personal: VIEW c"} {
		w.shows(n, want)
	}
	w.merge(1, 2, 1)
	w.shows(2, "personal: VIEW a, VIEW b; not x")
	w.shows(1, "personal: VIEW a, VIEW b; not x")
	w.merge(1, 2, 1) // a copy
	w.merge(2, 3, 2)
	w.merge(1, 3, 2)
	w.send(viewed(1, "e4", "d", start-1), viewed(1, "e1", "a", start-4)) // a straggler, and a copy
	w.put(topics.RecommendationFeedback, id(2), &recommendationv1.Feedback{Workspace: "default", CustomerId: id(2), Kind: recommendationv1.FeedbackKind_FEEDBACK_KIND_DISMISS, ItemIds: []string{"y"}, AtMs: start})
	for _, n := range []int{1, 2, 3} {
		if v := w.shows(n, "personal: VIEW a, VIEW b, VIEW c, VIEW d; not x, y"); v.CustomerID != id(3) {
			t.Errorf("customer %d is %s", n, v.CustomerID)
		}
	}
	told := w.tells(4)
	if last := told[3]; last.GetCustomerId() != id(3) || last.GetItemId() != "d" {
		t.Errorf("%v", last)
	}
	testkit.Eventually(t, within, func() error { // the last of the merges may be read behind what came by the first two
		if r := w.record(1); len(r.looks)+len(r.dismissed) > 0 || r.gone.mergedInto != id(3) || r.gone.handedTo != id(2) {
			return fmt.Errorf("a tombstone holds %+v", r)
		}
		return nil
	})
}

// Merges in a circle, which identity does not make, end in the dead-letter topic, and others go on.
func TestMergesInACircleEnd(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.send(viewed(1, "e1", "a", start))
	w.shows(1, "personal: VIEW a")
	w.merge(1, 2, 1)
	w.shows(2, "personal: VIEW a")
	w.merge(2, 1, 2)
	w.merge(4, 1, 3) // from outside: nobody on the way is the one it is from
	testkit.Eventually(t, within, func() error {
		spans, err := w.client.Spans(t.Context(), topics.DeadLetter(topics.VisitorHandover).Name)
		if err == nil && spans[0].Next != 2 {
			err = fmt.Errorf("%d have ended, want 2: they still go round", spans[0].Next)
		}
		return err
	})
	if v, err := w.s.View(t.Context(), "default", id(1)); err == nil || v != nil {
		t.Errorf("%v, %v", v, err)
	}
	w.send(viewed(3, "e3", "c", start))
	w.shows(3, "personal: VIEW c")
}

// Should the changelog be lost with the store, numbers go on above those that readers know.
func TestTheSequenceRisesAlsoWithoutItsState(t *testing.T) {
	tx := &memory{state: map[string][]byte{}, now: start}
	one := memoryTask(t)
	first, err := one.next(tx)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if _, err = one.next(tx); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.flush(tx); err != nil {
		t.Fatal(err)
	}
	next, err := memoryTask(t).next(tx)
	tx = &memory{state: map[string][]byte{}, now: start + 2}
	lost, err2 := memoryTask(t).next(tx)
	if err != nil || err2 != nil || next != first+1001 || lost <= next {
		t.Errorf("%d, then %d, then without state %d; %v, %v", first, next, lost, err, err2)
	}
}

// record reads a customer's committed record.
func (w *world) record(n int) *record {
	w.t.Helper()
	v, err := w.s.processor.View(broker.PartitionFor([]byte(id(n)), 2))
	if err != nil {
		w.t.Fatal(err)
	}
	data, _, err := v.Get(visitorKey(id(n)))
	if err != nil {
		w.t.Fatal(err)
	}
	return decoded(w.t, data)
}
