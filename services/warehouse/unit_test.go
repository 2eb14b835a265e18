package warehouse

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

func TestConfig(t *testing.T) {
	cases := map[string]struct {
		edit func(*Config)
		want string
	}{
		"the default is valid":   {edit: func(*Config) {}},
		"no group":               {edit: func(c *Config) { c.Group = "" }, want: "group: must be set"},
		"no rows":                {edit: func(c *Config) { c.BlockRows = 0 }, want: "block_rows: 0 is not within 1 and 1000000"},
		"tiny blocks":            {edit: func(c *Config) { c.BlockBytes = 1 }, want: "block_bytes: 1 is not within 65536 and 268435456"},
		"wait above session":     {edit: func(c *Config) { c.FlushEvery = time.Minute }, want: "flush_every: 1m0s must be above 0 and below session_timeout 10s"},
		"finish above session":   {edit: func(c *Config) { c.FinishWithin = time.Minute }, want: "finish_within: 1m0s must be above 0 and below session_timeout 10s"},
		"session below Kafka's":  {edit: func(c *Config) { c.SessionTimeout = 5500 * time.Millisecond }, want: "session_timeout: 5.5s is not within 6s and 5m"},
		"prefix that is SQL":     {edit: func(c *Config) { c.DatabasePrefix = "a; DROP" }, want: `database_prefix: "a; DROP" must hold`},
		"no time for an insert":  {edit: func(c *Config) { c.InsertTimeout = 0 }, want: "insert_timeout: 0s must be above 0"},
		"retries without pauses": {edit: func(c *Config) { c.RetryMax = 0 }, want: "retry_max: 0s must be above 0"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := Default()
			c.edit(&cfg)
			err := cfg.Validate()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestPlansReadBack(t *testing.T) {
	for _, p := range []plan{{}, {To: 11}, {To: 1 << 62}} {
		at := broker.Place{Offset: 10, Log: broker.LogID{1, 15: 2}, Life: 7, Proof: 1 << 63, TimeMs: 1 << 41}
		text := p.encode(at)
		place, got, err := decodePlan(10, text)
		if err != nil || got != p || place != at {
			t.Errorf("%+v came back as %+v at %+v, %v", p, got, place, err)
		}
		if len(text) > 110 {
			t.Errorf("%d bytes of metadata: %s", len(text), text)
		}
	}
	if at, p, err := decodePlan(10, ""); err != nil || at != (broker.Place{Offset: 10}) || p != (plan{}) {
		t.Errorf("no metadata was read as %+v, %+v, %v", at, p, err)
	}
	elsewhere := plan{}.encode(broker.Place{Offset: 11})
	for _, metadata := range []string{"x", "{}", elsewhere, `{"layout":1}`, `{"layout":1,"at":"x"}`, `{"layout":1,"to":10}`, `{"layout":1,"to":9}`, `{"layout":1,"to":"11"}`, `{"to":11}`, `{"layout":0,"to":11}`} {
		if _, p, err := decodePlan(10, metadata); err == nil {
			t.Errorf("metadata %q at offset 10 was read as %+v; want an error", metadata, p)
		}
	}
}

func TestTokensTellBlocksApart(t *testing.T) {
	rec := func(offset int64, key, value string) broker.Record {
		return broker.Record{Offset: offset, Key: []byte(key), Value: []byte(value)}
	}
	tp := broker.TopicPartition{Topic: "t", Partition: 1}
	blocks := map[string]block{
		"the block":          {tp: tp, from: 5, to: 7, records: []broker.Record{rec(5, "ab", "c"), rec(6, "k", "v")}},
		"bytes moved":        {tp: tp, from: 5, to: 7, records: []broker.Record{rec(5, "a", "bc"), rec(6, "k", "v")}},
		"other values":       {tp: tp, from: 5, to: 7, records: []broker.Record{rec(5, "ab", "c"), rec(6, "k", "w")}},
		"other partition":    {tp: broker.TopicPartition{Topic: "t", Partition: 2}, from: 5, to: 7, records: []broker.Record{rec(5, "ab", "c"), rec(6, "k", "v")}},
		"longer":             {tp: tp, from: 5, to: 8, records: []broker.Record{rec(5, "ab", "c"), rec(6, "k", "v")}},
		"other offsets":      {tp: tp, from: 5, to: 7, records: []broker.Record{rec(5, "ab", "c"), rec(7, "k", "v")}},
		"one record missing": {tp: tp, from: 5, to: 7, records: []broker.Record{rec(5, "ab", "c")}},
	}
	seen := map[string]string{}
	for name, b := range blocks {
		token := b.token()
		if other, ok := seen[token]; ok {
			t.Errorf("%q and %q have the token %s", name, other, token)
		}
		seen[token] = name
		if again := b.token(); again != token {
			t.Errorf("%q has the tokens %s and %s", name, token, again)
		}
		if !strings.HasPrefix(token, b.tp.String()+"/5-") {
			t.Errorf("%s does not begin with the partition and the offsets", token)
		}
	}
}

func TestRowsDependOnRecordsAlone(t *testing.T) {
	for _, topic := range readTopics {
		b := block{tp: broker.TopicPartition{Topic: topic.Name}}
		for i := range 50 {
			var m proto.Message = fact("a", i)
			switch topic.Name {
			case topics.EventsRaw.Name:
				m = fact("a", i).Event
			case topics.EventsResolved.Name:
			default:
				m = &eventv1.RejectedEvent{EventId: "x", Source: "y", Workspace: "z"}
			}
			value, err := proto.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			b.records = append(b.records, broker.Record{Topic: topic.Name, Offset: int64(i), Value: value})
		}
		first, err1 := convert(b)
		second, err2 := convert(b)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if diff := cmp.Diff(first.tables, second.tables, cmp.AllowUnexported(table{}, column{})); diff != "" {
			t.Errorf("%s: %s", topic.Name, diff)
		}
		for _, tab := range first.tables {
			for _, c := range tab.columns {
				if n := reflect.ValueOf(c.values).Len(); n != tab.rows {
					t.Errorf("%s.%s has %d values for %d rows", tab.name, c.name, n, tab.rows)
				}
			}
		}
	}
}

// A record that is refused must leave no trace in any column.
func TestARefusedRecordLeavesColumnsWhole(t *testing.T) {
	bad := map[string]func(*eventv1.ResolvedEvent){
		"no event":              func(r *eventv1.ResolvedEvent) { r.Event = nil },
		"no customer":           func(r *eventv1.ResolvedEvent) { r.CustomerId = "" },
		"no id":                 func(r *eventv1.ResolvedEvent) { r.Event.EventId = "" },
		"no workspace":          func(r *eventv1.ResolvedEvent) { r.Event.Workspace = "" },
		"a type from tomorrow":  func(r *eventv1.ResolvedEvent) { r.Event.Type = 99 },
		"a kind from tomorrow":  func(r *eventv1.ResolvedEvent) { r.Event.Order.Kind = 99 },
		"never received":        func(r *eventv1.ResolvedEvent) { r.Event.ReceivedMs = 0 },
		"sent in the year 1800": func(r *eventv1.ResolvedEvent) { r.Event.SentMs = minMillis - 1 },
		"happened in 2300":      func(r *eventv1.ResolvedEvent) { r.Event.OccurredMs = maxMillis + 1 },
	}
	for name, edit := range bad {
		t.Run(name, func(t *testing.T) {
			b := block{tp: broker.TopicPartition{Topic: topics.EventsResolved.Name}}
			spoilt := fact("a", 10)
			edit(spoilt)
			for i, m := range []*eventv1.ResolvedEvent{fact("a", 0), spoilt, fact("a", 20)} {
				value, err := proto.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				b.records = append(b.records, broker.Record{Topic: b.tp.Topic, Offset: int64(i), Value: value})
			}
			r, err := convert(b)
			if err != nil || len(r.bad) != 1 || r.bad[0].record.Offset != 1 || r.bad[0].err == nil {
				t.Fatalf("bad records: %+v, %v; want the one at offset 1", r.bad, err)
			}
			for i, want := range []int{2, 2, 6} {
				if tab := r.tables[i]; tab.rows != want {
					t.Errorf("%s has %d rows, want %d", tab.name, tab.rows, want)
				}
				for _, c := range r.tables[i].columns {
					if n := reflect.ValueOf(c.values).Len(); n != want {
						t.Errorf("%s.%s has %d values, want %d", r.tables[i].name, c.name, n, want)
					}
				}
			}
		})
	}
}
