//go:build ignore

// Plays calls through Segment's Go client and says what became of each, one JSON object a line. The task comes on standard input:
// {host, writeKey, options, calls}. scripts/test-clients.sh builds it outside this module, and once more with RudderStack's client, which is of
// the same make, in its place.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	analytics "github.com/segmentio/analytics-go/v3"
)

type message struct {
	UserID, AnonymousID, PreviousID, GroupID, Event, Name string
	Properties                                            analytics.Properties
	Traits                                                analytics.Traits
}

type task struct {
	Host, WriteKey string
	Options        struct {
		BatchSize int
		// Hasty repeats at once, in place of the client's own pauses.
		Hasty bool
	}
	Calls [][2]json.RawMessage
}

// ending is what the client calls back, by the message id that was given to each call.
type ending struct {
	mu     sync.Mutex
	failed map[string]string
	left   sync.WaitGroup
}

func (e *ending) Success(analytics.Message) { e.left.Done() }

func (e *ending) Failure(m analytics.Message, err error) {
	raw, _ := json.Marshal(m)
	var named struct{ MessageID string }
	_ = json.Unmarshal(raw, &named)
	e.mu.Lock()
	e.failed[named.MessageID] = err.Error()
	e.mu.Unlock()
	e.left.Done()
}

type silent struct{}

func (silent) Logf(string, ...any)   {}
func (silent) Errorf(string, ...any) {}

func main() {
	var t task
	if err := json.NewDecoder(os.Stdin).Decode(&t); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	e := &ending{failed: map[string]string{}}
	e.left.Add(len(t.Calls))
	cfg := analytics.Config{Endpoint: t.Host, Interval: 50 * time.Millisecond, Callback: e, BatchSize: t.Options.BatchSize, Logger: silent{}}
	if t.Options.Hasty {
		cfg.RetryAfter = func(int) time.Duration { return 10 * time.Millisecond }
	}
	client, err := analytics.NewWithConfig(t.WriteKey, cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ids := make([]string, len(t.Calls))
	for i, call := range t.Calls {
		var kind string
		var m message
		_ = json.Unmarshal(call[0], &kind)
		_ = json.Unmarshal(call[1], &m)
		ids[i] = fmt.Sprintf("go-%d-%d", os.Getpid(), i)
		if err := client.Enqueue(m.of(kind, ids[i])); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	e.left.Wait() // before Close, which drops what has failed
	_ = client.Close()
	for i, id := range ids {
		line, _ := json.Marshal(map[string]any{"index": i, "messageId": id, "error": e.failed[id]})
		fmt.Println(string(line))
	}
}

func (m message) of(kind, id string) analytics.Message {
	switch kind {
	case "identify":
		return analytics.Identify{MessageId: id, UserId: m.UserID, AnonymousId: m.AnonymousID, Traits: m.Traits}
	case "page":
		return analytics.Page{MessageId: id, UserId: m.UserID, AnonymousId: m.AnonymousID, Name: m.Name, Properties: m.Properties}
	case "screen":
		return analytics.Screen{MessageId: id, UserId: m.UserID, AnonymousId: m.AnonymousID, Name: m.Name, Properties: m.Properties}
	case "group":
		return analytics.Group{MessageId: id, UserId: m.UserID, AnonymousId: m.AnonymousID, GroupId: m.GroupID, Traits: m.Traits}
	case "alias":
		return analytics.Alias{MessageId: id, UserId: m.UserID, PreviousId: m.PreviousID}
	}
	return analytics.Track{MessageId: id, UserId: m.UserID, AnonymousId: m.AnonymousID, Event: m.Event, Properties: m.Properties}
}
