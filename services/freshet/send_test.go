package freshet

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestEventsWithoutAnIDGetOneAndOthersKeepTheirs(t *testing.T) {
	for name, c := range map[string]struct{ body, key, id string }{
		"with an id":      {`{"messageId":"m-1","userId":"42"}`, "42", "m-1"},
		"without":         {` { "userId":"42","type":"track"}`, "42", "cli-"},
		"an empty object": {`{ }`, "<nil>", "cli-"},
		"anonymous":       {`{"anonymousId":"a-1"}`, "a-1", "cli-"},
		"a number as id":  {`{"userId":42}`, "42", "cli-"},
	} {
		t.Run(name, func(t *testing.T) {
			ev, err := prepare([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ MessageID string }
			if err := json.Unmarshal(ev.Body, &got); err != nil || !strings.HasPrefix(got.MessageID, c.id) || ev.Key != c.key {
				t.Errorf("key %q, body %s, %v", ev.Key, ev.Body, err)
			}
		})
	}
}

func TestNDJSONNamesTheBadLine(t *testing.T) {
	next := ndjson(strings.NewReader("{\"a\":1}\n\n  {\"b\":2}\n[1]\n"))
	for _, want := range []string{`{"a":1}`, `{"b":2}`} {
		if got, err := next(); err != nil || string(got) != want {
			t.Errorf("got %s, %v", got, err)
		}
	}
	if _, err := next(); err == nil || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("got %v", err)
	}
	next = ndjson(strings.NewReader(strings.Repeat("x", maxLine+1)))
	if _, err := next(); err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("an endless line: %v", err)
	}
}

func TestAnEventFromFlags(t *testing.T) {
	o := sendOptions{kind: "track", event: "Order Completed", user: "42", properties: []string{"order_id=O-1", "total=12.50", "gift=true", "note=a=b"}}
	b, err := o.fromFlags()
	want := `{"event":"Order Completed","properties":{"gift":true,"note":"a=b","order_id":"O-1","total":12.50},"type":"track","userId":"42"}`
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v", b, err)
	}
	for name, bad := range map[string]sendOptions{
		"nobody":    {kind: "track", event: "x"},
		"nameless":  {kind: "track", user: "42"},
		"no equals": {kind: "page", user: "42", properties: []string{"x"}},
	} {
		if _, err := bad.fromFlags(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestShiftTarget(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Time{"": {}, "now": now, "2020-01-01T00:00:00Z": time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got, err := shiftTarget(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	if _, err := shiftTarget("tomorrow", now); err == nil {
		t.Error("tomorrow is no time")
	}
}
