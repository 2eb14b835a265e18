package collector

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// What is on the wire, into the topic: A4 of the reports, and its kind.
func TestTimesStayThroughOutagesAndWrongClocksAreMended(t *testing.T) {
	r := start(t, atNoon)
	at := func(d time.Duration) string { return noon.Add(d).UTC().Format("2006-01-02T15:04:05.000Z") }
	body := func(id, more string, original, sent time.Duration) string {
		return fmt.Sprintf(`{"sentAt":%q,"batch":[{"type":"track","event":"E","anonymousId":%q,"messageId":%q,"timestamp":%q%s}]}`, at(sent), id, id, at(original), more)
	}
	const minute, day, year = time.Minute, 24 * time.Hour, 365 * 24 * time.Hour
	for name, c := range map[string]struct {
		original, sent time.Duration
		more           string
		headers        []string
		want           time.Duration
	}{
		"repeated after ten minutes, says so":       {original: -601 * time.Second, sent: -10 * minute, headers: []string{"X-Retry-Count", "4"}, want: -601 * time.Second},
		"repeated after ten minutes, silently":      {original: -601 * time.Second, sent: -10 * minute, want: -601 * time.Second},
		"repeated after two days, says so":          {original: -2*day - minute, sent: -2 * day, headers: []string{"X-Retry-Count", "40"}, want: -2*day - minute},
		"out of a phone's file after two days":      {original: -2*day - minute, sent: -2 * day, more: `,"context":{"library":{"name":"analytics-kotlin"}}`, want: -2*day - minute},
		"a header that says it is the first":        {original: -2*time.Hour - time.Second, sent: -2 * time.Hour, headers: []string{"X-Retry-Count", "0"}, want: -time.Second},
		"a header of nonsense":                      {original: -2*time.Hour - time.Second, sent: -2 * time.Hour, headers: []string{"X-Retry-Count", "many"}, want: -time.Second},
		"a clock two hours behind":                  {original: -2*time.Hour - time.Second, sent: -2 * time.Hour, want: -time.Second},
		"a clock two days behind":                   {original: -2*day - time.Second, sent: -2 * day, want: -time.Second},
		"a clock a day and a bit ahead":             {original: 25*time.Hour - time.Second, sent: 25 * time.Hour, want: -time.Second},
		"a clock twelve years ahead":                {original: 12*year - minute, sent: 12 * year, want: -minute},
		"a clock of 1970":                           {original: -20513*day - time.Hour, sent: -20513 * day, want: -time.Hour},
		"a clock of 1904":                           {original: -122*year - time.Hour, sent: -122 * year, want: -time.Hour},
		"a clock of 1970 that repeats":              {original: -56*year - time.Hour, sent: -56 * year, headers: []string{"X-Retry-Count", "3"}, want: -time.Hour},
		"sentAt of a template, an event of now":     {original: -time.Second, sent: -3 * year, want: -time.Second},
		"sentAt of years ahead, an event of now":    {original: -time.Second, sent: 3 * year, want: -time.Second},
		"2 hours ahead, queued for as long":         {original: -time.Second, sent: 2 * time.Hour, want: -2*time.Hour - time.Second},
		"queued for a week, sent by a right clock":  {original: -7 * day, sent: -time.Second, want: -7 * day},
		"an event after its sentAt: two clocks":     {original: -time.Hour, sent: -2 * time.Hour, want: -time.Hour},
		"mended into the window, though years away": {original: -3*year - 20*day, sent: -3 * year, want: -20 * day},
	} {
		id := strings.ReplaceAll(name, " ", "-")
		if g := r.post("/v1/batch", body(id, c.more, c.original, c.sent), c.headers...); g.Status != 200 || g.Accepted != 1 {
			t.Errorf("%s: %+v", name, g)
			continue
		}
		e := r.events()[id]
		if got := time.Duration(e.OccurredMs-noon.UnixMilli()) * time.Millisecond; got != c.want {
			t.Errorf("%s: occurred %s from receipt, want %s", name, got, c.want)
		}
		if e.OriginalMs != noon.Add(c.original).UnixMilli() || e.SentMs != noon.Add(c.sent).UnixMilli() || len(e.Notes) != 0 {
			t.Errorf("%s: the times as sent are not kept: %v", name, e)
		}
	}
}

// The same bytes again, to a collector whose clock goes on: the event stays where it was.
func TestTheSameBytesAgainGiveTheSameTime(t *testing.T) {
	now := noon
	r := start(t, func(s *setup) { s.now = func() time.Time { return now } })
	send := func(id string, original, sent time.Duration, headers ...string) int64 {
		t.Helper()
		text := fmt.Sprintf(`{"sentAt":%q,"batch":[{"type":"track","event":"E","anonymousId":"phone-1","messageId":%q,"timestamp":%q}]}`,
			noon.Add(sent).Format(time.RFC3339), id, noon.Add(original).Format(time.RFC3339))
		if g := r.post("/v1/batch", text, headers...); g.Accepted != 1 {
			t.Fatalf("%+v", g)
		}
		var last int64
		for _, rec := range r.records(topicsRaw) {
			if e := r.decode(rec); e.EventId == id {
				last = e.OccurredMs
			}
		}
		return last
	}
	first := send("a", -2*time.Minute, -time.Second)
	now = noon.Add(5 * time.Hour) // the answer was lost, and the network with it
	if again := send("a", -2*time.Minute, -time.Second); again != first {
		t.Errorf("sent again 5 h later, the event is %s later", time.Duration(again-first)*time.Millisecond)
	}
	if got := send("b", 3*time.Hour, 3*time.Hour+time.Second); got != noon.Add(3*time.Hour).UnixMilli() {
		t.Errorf("what was kept two hours is not where it was: %s", time.UnixMilli(got).UTC())
	}
}

// gRPC's own stamps: what fits no column is left out, and a repeat that gRPC announces is one.
func TestSentAtOfGRPC(t *testing.T) {
	r := start(t, atNoon)
	client := dial(t, r)
	send := func(ctx context.Context, id string, sent time.Time) *eventv1.Event {
		t.Helper()
		event := fmt.Sprintf(`{"type":"track","event":"E","anonymousId":%q,"messageId":%q,"timestamp":"2026-03-01T09:59:59Z"}`, id, id)
		if _, err := client.Ingest(withKey(ctx, testKey), &collectorv1.IngestRequest{Events: [][]byte{[]byte(event)}, SentAt: timestamppb.New(sent)}); err != nil {
			t.Fatal(err)
		}
		return r.events()[id]
	}
	if e := send(t.Context(), "never", time.Time{}); e.SentMs != 0 || noted(e) != "bad_envelope sentAt" || e.OccurredMs != ms(t, "2026-03-01T09:59:59Z") {
		t.Errorf("sent in the year 1: %v", e)
	}
	if e := send(t.Context(), "slow", noon.Add(-2*time.Hour)); e.OccurredMs != ms(t, "2026-03-01T11:59:59Z") {
		t.Errorf("a clock 2 h behind: %v", e)
	}
	if e := send(metadata.AppendToOutgoingContext(t.Context(), "grpc-previous-rpc-attempts", "1"), "again", noon.Add(-2*time.Hour)); e.OccurredMs != ms(t, "2026-03-01T09:59:59Z") {
		t.Errorf("a repeat after 2 h: %v", e)
	}
}
