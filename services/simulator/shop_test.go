package simulator

import (
	"bytes"
	"encoding/json"
	"iter"
	"math"
	"strings"
	"testing"
	"time"
)

var from = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func build(t testing.TB, edit func(*Config)) *Shop {
	t.Helper()
	cfg := Default()
	cfg.Customers = 400
	if edit != nil {
		edit(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func collect(events iter.Seq[Event]) (all []Event) {
	for ev := range events {
		all = append(all, ev)
	}
	return all
}

// play runs a history of 60 days and ten seconds of live events.
func play(t testing.TB, start time.Time, edit func(*Config)) (*Shop, []Event) {
	s := build(t, edit)
	all := collect(s.History(start, start.AddDate(0, 0, 60)))
	return s, append(all, collect(s.Live(start.AddDate(0, 0, 61), 200, 10*time.Second))...)
}

// untimed blanks the times, which alone may differ between two runs.
func untimed(ev Event) string {
	body := ev.Body
	if i := bytes.Index(body, []byte(`"timestamp":"2`)); i >= 0 {
		body = append([]byte(nil), body...)
		copy(body[i+len(`"timestamp":"`):], stampBlank)
	}
	return string(body)
}

func TestSameSeedGivesTheSameBytesWheneverItStarts(t *testing.T) {
	_, a := play(t, from, nil)
	_, b := play(t, from, nil)
	_, later := play(t, from.Add(1234567*time.Second), nil)
	if len(a) != len(b) || len(a) != len(later) || len(a) < 5000 {
		t.Fatalf("%d, %d and %d events", len(a), len(b), len(later))
	}
	for i := range a {
		if !bytes.Equal(a[i].Body, b[i].Body) || !a[i].At.Equal(b[i].At) {
			t.Fatalf("event %d differs between equal runs:\n%s\n%s", i, a[i].Body, b[i].Body)
		}
		if untimed(a[i]) != untimed(later[i]) {
			t.Fatalf("event %d depends on the start:\n%s\n%s", i, a[i].Body, later[i].Body)
		}
	}
	_, other := play(t, from, func(c *Config) { c.Seed = 2 })
	if bytes.Equal(a[0].Body, other[0].Body) {
		t.Error("another seed gives the same first event")
	}
}

func TestAnotherRunGivesTheSamePeopleUnderNewMessageIDs(t *testing.T) {
	s1, a := play(t, from, func(c *Config) { c.Run = "x" })
	s2, b := play(t, from, func(c *Config) { c.Run = "y" })
	if len(a) != len(b) || a[0].MessageID == b[0].MessageID {
		t.Fatalf("%d and %d events, ids %q and %q", len(a), len(b), a[0].MessageID, b[0].MessageID)
	}
	if p, q := s1.People()[0], s2.People()[0]; p.AnonymousIDs[0] != q.AnonymousIDs[0] || p.Events != q.Events {
		t.Errorf("%+v and %+v are not the same person", p, q)
	}
}

// item is what a reader of the events sees.
type item struct {
	MessageID, Type, Event, UserID, AnonymousID, PreviousID string
	Timestamp                                               time.Time
	Traits                                                  struct{ Email string }
	Properties                                              struct {
		OrderID  string      `json:"order_id"`
		Total    json.Number `json:"total"`
		Products []struct {
			Price    json.Number
			Quantity int64
		}
	}
}

func TestTruthIsWhatAReaderOfTheEventsFinds(t *testing.T) {
	s, all := play(t, from, nil)
	seen := map[string]bool{}
	var want Counts
	for _, c := range s.Counts() {
		want.Events += c.Events
		want.Duplicates += c.Duplicates
		want.Orders += c.Orders
		want.RevenueMicros += c.RevenueMicros
	}
	var got Counts
	rejects := map[Fault]int64{}
	for _, ev := range all {
		if ev.Fault != "" {
			rejects[ev.Fault]++
			continue
		}
		var it item
		if err := json.Unmarshal(ev.Body, &it); err != nil {
			t.Fatalf("%s: %v", ev.Body, err)
		}
		if it.MessageID != ev.MessageID {
			t.Fatalf("id %q, body %s", ev.MessageID, ev.Body)
		}
		if ev.Duplicate != seen[it.MessageID] {
			t.Fatalf("%s: marked duplicate %v, seen before %v", it.MessageID, ev.Duplicate, seen[it.MessageID])
		}
		if seen[it.MessageID] {
			got.Duplicates++
			continue
		}
		seen[it.MessageID] = true
		got.Events++
		if it.Event == "Order Completed" {
			got.Orders++
			got.RevenueMicros += micros(t, it.Properties.Total)
			sum := int64(0)
			for _, p := range it.Properties.Products {
				sum += micros(t, p.Price) * p.Quantity
			}
			if sum != micros(t, it.Properties.Total) {
				t.Errorf("%s: lines sum to %d, total %s", it.Properties.OrderID, sum, it.Properties.Total)
			}
		}
	}
	if got.Events != want.Events || got.Duplicates != want.Duplicates || got.Orders != want.Orders || got.RevenueMicros != want.RevenueMicros {
		t.Errorf("read %+v\ntruth %+v", got, want)
	}
	if want.Orders < 20 || want.Duplicates < 20 || len(rejects) < 10 {
		t.Errorf("too little happened: %+v, rejects %v", want, rejects)
	}
	for reason, n := range rejects {
		if sum := s.Counts()[0].Rejects[reason] + s.Counts()[1].Rejects[reason]; sum != n {
			t.Errorf("%s: %d sent, truth %d", reason, n, sum)
		}
	}
}

func micros(t *testing.T, n json.Number) int64 {
	t.Helper()
	whole, frac, _ := strings.Cut(n.String(), ".")
	if len(frac) != 2 {
		t.Fatalf("%s has no two decimals", n)
	}
	f, err := n.Float64()
	if err != nil || whole == "" {
		t.Fatal(n, err)
	}
	return int64(math.Round(f*100)) * 10_000
}

func TestHistoryIsInOrderInsideItsPeriodAndQuietAtNight(t *testing.T) {
	s := build(t, func(c *Config) { c.DuplicateShare = 0 })
	to := from.AddDate(0, 0, 60)
	var last time.Time
	night, evening := 0, 0
	for ev := range s.History(from, to) {
		if ev.At.Before(last) || ev.At.Before(from) || ev.At.After(to) {
			t.Fatalf("%s after %s", ev.At, last)
		}
		last = ev.At
		switch ev.At.Hour() {
		case 2, 3, 4:
			night++
		case 19, 20, 21:
			evening++
		}
	}
	if night*5 > evening {
		t.Errorf("%d events from 2 to 5, %d from 19 to 22", night, evening)
	}
}

func TestLiveIsEvenlyPacedAndHoldsManyVisitsAtOnce(t *testing.T) {
	s := build(t, nil)
	collect(s.History(from, from.AddDate(0, 0, 30)))
	start := from.AddDate(0, 0, 30)
	all := collect(s.Live(start, 100, 20*time.Second))
	if len(all) != 2000 {
		t.Fatalf("%d events, want 2000", len(all))
	}
	if got := all[1999].At.Sub(start); got < 19*time.Second || got > 20*time.Second {
		t.Errorf("last event after %s", got)
	}
	people := map[int]bool{}
	for _, ev := range all[1000:1060] {
		people[ev.Person] = true
	}
	if len(people) < 8 {
		t.Errorf("only %d people in 60 events in a row", len(people))
	}
}

func TestLiveWithoutHistoryNeverRunsDry(t *testing.T) {
	s := build(t, func(c *Config) { c.Customers, c.ChurnShare = 1, 1 })
	if n := len(collect(s.Live(from, 1000, 10*time.Second))); n != 10_000 {
		t.Errorf("%d events, want 10000", n)
	}
}

func TestChurnersFadeAndOthersStay(t *testing.T) {
	s := build(t, func(c *Config) { c.SessionsPerDay = 1 })
	to := from.AddDate(0, 0, 60)
	late := map[int]int{}
	for ev := range s.History(from, to) {
		if ev.At.After(to.AddDate(0, 0, -5)) && bytes.Contains(ev.Body, []byte(`"type":"page"`)) {
			late[ev.Person]++
		}
	}
	churned, after := 0, 0
	for _, p := range s.People() {
		if !p.ChurnAt.IsZero() && p.ChurnAt.Before(to.AddDate(0, 0, -6)) {
			churned++
			after += late[p.Person]
		}
	}
	if churned < 40 || after > 0 {
		t.Errorf("%d churned five days before the end; they made %d visits since", churned, after)
	}
}

func TestConfigFaultsAreAllReported(t *testing.T) {
	_, err := New(Config{Customers: -1, Products: 3, ChurnShare: 2, RegisteredShare: 0.8, GuestShare: 0.5, Run: "a b", BotShare: math.NaN()})
	for _, key := range []string{"customers", "products", "churn_share", "registered_share+guest_share", "run", "bot_share"} {
		if err == nil || !strings.Contains(err.Error(), "simulator."+key+":") {
			t.Errorf("no word of %s in: %v", key, err)
		}
	}
}

func BenchmarkHistory(b *testing.B) {
	s := build(b, func(c *Config) { c.Customers = 5000 })
	b.ReportAllocs()
	n, bytes := 0, 0
	for ev := range s.History(from, from.AddDate(10, 0, 0)) {
		bytes += len(ev.Body)
		if n++; n == b.N {
			break
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(bytes)/float64(n), "bytes/event")
}

// TestForeseeingIsPlaying: the number of events is known before a shop plays, and asking for it changes nothing.
func TestForeseeingIsPlaying(t *testing.T) {
	to := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for seed := range uint64(5) {
		cfg := Default()
		cfg.Customers, cfg.Seed = 200, seed
		asked, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		foreseen, err := asked.Foresee(to.AddDate(0, 0, -20), to)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		next, stop := iter.Pull(plain.History(to.AddDate(0, 0, -20), to))
		defer stop()
		n := int64(0)
		for ev := range asked.History(to.AddDate(0, 0, -20), to) {
			n++
			if other, ok := next(); !ok || string(other.Body) != string(ev.Body) {
				t.Fatalf("event %d of seed %d is another after the question", n, seed)
			}
		}
		if n != foreseen || n < 1000 {
			t.Errorf("seed %d: %d events, foreseen %d", seed, n, foreseen)
		}
	}
}
