package warehouse

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

func TestEveryTopicReachesItsTables(t *testing.T) {
	w := newWorld(t, 2)
	w.produce(topics.EventsRaw, "k", fact("a", 1).Event, fact("a", 2).Event)
	w.produce(topics.EventsRejected, "k", &eventv1.RejectedEvent{EventId: "x", Workspace: "default", Source: "web", Reason: "invalid_json",
		Payload: []byte("\xff{"), ReceivedMs: base.UnixMilli(), RejectedBy: "collector"})
	w.produce(topics.EventsResolved, "a", facts("a", 0, 100)...)
	w.produce(topics.EventsResolved, "b", facts("b", 0, 50)...)
	w.produce(topics.IdentityMappings, "b",
		&identityv1.Mapping{Workspace: "default", FromCustomerId: "b", ToCustomerId: "c", Epoch: 7, MergedMs: base.UnixMilli()},
		&identityv1.Mapping{Workspace: "default", FromCustomerId: "b", ToCustomerId: "a", Epoch: 9, MergedMs: base.UnixMilli()})
	m := w.start(nil)

	w.want(2, "SELECT count() FROM {ods}.events WHERE identifiers = ['user_id:a']")
	w.want(1, "SELECT count() FROM {ods}.rejected WHERE reason = 'invalid_json' AND payload = unhex('FF7B')")
	w.want(150, "SELECT count() FROM {dw}.events")
	w.want(15, "SELECT count() FROM {dw}.order_events")
	w.want(45, "SELECT count() FROM {dw}.order_event_items")
	w.want(1, "SELECT count() FROM {dw}.identity_overrides WHERE to_customer_id = 'a'")
	w.want(150, "SELECT countIf(current_customer_id = 'a') FROM {dw}.events_current")
	w.want(1, "SELECT count() FROM {dw}.customers")
	w.want(1, "SELECT dictGet('{dw}.identity_overrides_dict', 'to_customer_id', ('default', 'b')) = 'a'")
	// Money stays whole: the sum of the lines is the sum of the order events.
	w.want(0, "SELECT toInt64(assumeNotNull(sum(total_micros) - (SELECT sum(quantity * unit_price_micros) FROM {dw}.order_event_items))) FROM {dw}.order_events")
	if err := m.Ready(); err != nil {
		t.Error(err)
	}
	for p := range 2 {
		w.wantCommitted(topics.EventsResolved, p)
	}
}

// What the collector read out of an event's surroundings has a column each.
func TestSurroundingsReachTheirColumns(t *testing.T) {
	w := newWorld(t, 1)
	full := fact("a", 1)
	full.Event.Enrichment = &eventv1.Enrichment{
		Browser: "Chrome", BrowserVersion: "126.0", Os: "Android", OsVersion: "14", DeviceType: "mobile", DeviceModel: "Samsung SM-G991B", Bot: true,
		Country: "GB", Region: "ENG", City: "London", Channel: eventv1.Channel_CHANNEL_ADVERTISING,
		CampaignSource: "google", CampaignMedium: "cpc", CampaignName: "spring", CampaignTerm: "boots", CampaignContent: "a",
		ClickIdType: "gclid", ReferrerHost: "google.com", SessionId: "1718000000000", SessionStart: true,
	}
	full.Event.Consent = &eventv1.Consent{Granted: []string{"analytics", "functional"}, Denied: []string{"ads"}, OptedOut: true}
	full.Event.Plan = &eventv1.PlanCheck{Plan: "web", Violations: []*eventv1.Violation{{Rule: "required"}, {Rule: "type"}, {Rule: "required"}}}
	tomorrow := fact("a", 2)
	tomorrow.Event.Enrichment = &eventv1.Enrichment{Channel: 99}
	w.produce(topics.EventsResolved, "a", full, tomorrow, fact("a", 3))
	w.start(nil)

	w.want(3, "SELECT count() FROM {dw}.events")
	w.want(2, `SELECT count() FROM {dw}.events WHERE (country, browser, channel, campaign_name, session_id, click_id_type) = ('', '', '', '', '', '')
		AND NOT is_bot AND NOT opted_out AND NOT session_start AND consent_granted = [] AND plan_violations = 0 AND plan_rules = []`)
	w.want(1, `SELECT count() FROM {dw}.events WHERE event_id = 'e-a-1'
		AND (country, region, city) = ('GB', 'ENG', 'London') AND (browser, browser_version, os, os_version) = ('Chrome', '126.0', 'Android', '14')
		AND (device_type, device_model, is_bot) = ('mobile', 'Samsung SM-G991B', true)
		AND (channel, campaign_source, campaign_medium, campaign_name, campaign_term, campaign_content) = ('advertising', 'google', 'cpc', 'spring', 'boots', 'a')
		AND (click_id_type, referrer_host, session_id, session_start) = ('gclid', 'google.com', '1718000000000', true)
		AND consent_granted = ['analytics', 'functional'] AND consent_denied = ['ads'] AND opted_out
		AND plan_violations = 3 AND plan_rules = ['required', 'type']`)
}

// What of an event could not be read is in two columns: one to count by, one to read.
func TestNotesReachTheirColumns(t *testing.T) {
	w := newWorld(t, 1)
	noted := fact("a", 1)
	noted.Event.Notes = []*eventv1.Note{{Kind: "unreadable_money", Path: "properties.total", Detail: `"abc" is no number`},
		{Kind: "no_rate", Path: "properties.currency", Detail: "add it"}, {Kind: "unreadable_money", Path: "properties.value", Detail: "is true"}}
	w.produce(topics.EventsResolved, "a", noted, fact("a", 2))
	w.start(nil)
	w.want(2, "SELECT count() FROM {dw}.events")
	w.want(1, "SELECT count() FROM {dw}.events WHERE event_id = 'e-a-2' AND notes = [] AND note_kinds = []")
	w.want(1, `SELECT count() FROM {dw}.events_current WHERE event_id = 'e-a-1' AND note_kinds = ['unreadable_money', 'no_rate']
		AND notes = ['unreadable_money properties.total: "abc" is no number', 'no_rate properties.currency: add it', 'unreadable_money properties.value: is true']`)
}

// Every channel there is has a word; a new one must get one here.
func TestEveryChannelHasAWord(t *testing.T) {
	for number, name := range eventv1.Channel_name {
		want := strings.ToLower(strings.TrimPrefix(name, "CHANNEL_"))
		if number == 0 {
			want = ""
		}
		if got := channels[eventv1.Channel(number)]; got != want {
			t.Errorf("%s is %q in the column, want %q", name, got, want)
		}
	}
}

func TestARecordThatNoTableHoldsIsDeadLetteredAndTheRestLands(t *testing.T) {
	w := newWorld(t, 1)
	w.produce(topics.EventsResolved, "a", fact("a", 1))
	w.send(broker.Message{Topic: topics.EventsResolved.Name, Key: []byte("a"), Value: []byte("\xff\xff not a proto")})
	noCustomer := fact("", 2)
	w.produce(topics.EventsResolved, "a", noCustomer, fact("a", 3))
	farAway := fact("a", 4)
	farAway.Event.OccurredMs = 1 << 60
	w.produce(topics.EventsResolved, "a", farAway)
	w.start(nil)

	w.want(2, "SELECT count() FROM {dw}.events")
	w.wantCommitted(topics.EventsResolved, 0)
	tp := broker.TopicPartition{Topic: topics.DeadLetter(topics.EventsResolved).Name}
	batch, err := w.broker.Fetch(t.Context(), tp, 0, broker.FetchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var offsets []string
	for _, rec := range batch.Records {
		offsets = append(offsets, string(rec.Header("source-topic"))+"@"+string(rec.Header("source-offset")))
		if len(rec.Header("error")) == 0 || string(rec.Header("consumer-group")) != w.cfg.Group {
			t.Errorf("headers %v do not say what is wrong and who says so", rec.Headers)
		}
	}
	if len(offsets) != 3 || offsets[0] != "events.resolved.v1@1" || offsets[1] != "events.resolved.v1@2" || offsets[2] != "events.resolved.v1@4" {
		t.Errorf("dead-lettered %v, want offsets 1, 2 and 4", offsets)
	}
}

// The outbox of identity sends again after a crash: the same record at other offsets.
func TestResentFactsCountOnce(t *testing.T) {
	w := newWorld(t, 1)
	w.start(nil)
	w.produce(topics.EventsResolved, "a", facts("a", 0, 100)...)
	w.want(100, "SELECT count() FROM {dw}.events_rows")
	w.produce(topics.EventsResolved, "a", facts("a", 50, 120)...)
	w.wantCommitted(topics.EventsResolved, 0)
	if n, err := w.count("SELECT count() FROM {dw}.events_rows"); err != nil || n <= 120 {
		t.Logf("storage already merged: %d rows, %v", n, err)
	}
	w.want(120, "SELECT count() FROM {dw}.events")
	w.want(12, "SELECT count() FROM {dw}.order_events")
	w.want(36, "SELECT count() FROM {dw}.order_event_items")
	w.want(24, "SELECT toInt64(sum(quantity)) FROM {dw}.order_event_items")
	w.want(120, "SELECT sum(events) FROM {dw}.customers")
}

func TestRetentionThatOvertookTheGroupIsLoud(t *testing.T) {
	w := newWorld(t, 1)
	w.produce(topics.EventsResolved, "a", facts("a", 0, 10)...)
	first := w.start(nil)
	w.want(10, "SELECT count() FROM {dw}.events")
	w.wantCommitted(topics.EventsResolved, 0)
	first.end()
	w.produce(topics.EventsResolved, "a", facts("a", 10, 20)...)
	w.retain(topics.EventsResolved, 15)

	held := w.start(nil)
	w.eventuallyNotReady(held)
	if n, _ := w.count("SELECT count() FROM {dw}.events"); n != 10 {
		t.Errorf("%d events; want 10, the partition held", n)
	}
	if err := w.broker.Register(held.reg); err != nil {
		t.Fatal(err)
	}
	if v := metric(t, held.reg, "freshet_kafka_held"); v != 1 {
		t.Errorf("freshet_kafka_held = %v, want 1", v)
	}
	held.end()

	w.broker = dial(t, broker.Config{Addresses: []string{w.address}, Partitions: 1, Gaps: broker.GapSkip})
	going := w.start(nil)
	if err := w.broker.Register(going.reg); err != nil {
		t.Fatal(err)
	}
	w.want(15, "SELECT count() FROM {dw}.events")
	w.wantCommitted(topics.EventsResolved, 0)
	if v := metric(t, going.reg, "freshet_kafka_gap_records_total"); v != 5 {
		t.Errorf("freshet_kafka_gap_records_total = %v, want 5", v)
	}
}

func TestStoppingLeavesNothingBehind(t *testing.T) {
	w := newWorld(t, 2)
	m := w.start(nil)
	w.produce(topics.EventsResolved, "a", facts("a", 0, 20)...)
	w.wantCommitted(topics.EventsResolved, 1)
	w.wantCommitted(topics.EventsResolved, 0)
	m.end()
	// The connections of the shared clients stay: they belong to the test.
	testkit.Eventually(t, patience, func() error {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if bytes.Contains(stacks, []byte("warehouse.(*Service)")) || bytes.Contains(stacks, []byte("warehouse.(*task)")) {
			return fmt.Errorf("goroutines of the service are still there:\n%s", stacks)
		}
		return nil
	})
}
