package freshet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

// hostile is what a browser's write key lets anybody put into names, ids and texts: a title, a cleared screen, a C1 introducer, a line and
// a column of their own, text turned around, and what is not to be seen.
const hostile = "\x1b]0;owned\a\x1b[2J\u009b31mX\u202egpj\u2066\u200b\u2028\x7f\r\nFORGED line\tcolumn"

// bare are the characters of a command's output that a terminal does not draw, line breaks and tabs excepted.
func bare(text string) (found []string) {
	for _, r := range text {
		if !unicode.IsGraphic(r) && r != '\n' && r != '\t' {
			found = append(found, fmt.Sprintf("%U", r))
		}
	}
	return found
}

// TestNothingThatUsersSendReachesATerminalAsItIs sends hostile text in every place of an event, and shows it with every command.
func TestNothingThatUsersSendReachesATerminalAsItIs(t *testing.T) {
	file := up(t)
	a, err := stack.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	event := func(kind, id string, more map[string]any) map[string]any {
		e := map[string]any{"type": kind, "messageId": id + hostile, "userId": "u" + hostile, "anonymousId": "a" + hostile, "event": "E" + hostile, "name": "N" + hostile,
			"properties": map[string]any{"p" + hostile: "v" + hostile, "order_id": "o" + hostile},
			"traits":     map[string]any{"t" + hostile: hostile, "email": "x" + hostile + "@example.com"},
			"context":    map[string]any{"externalIds": []any{map[string]any{"id": "e" + hostile, "type": "crm_id", "collection": "users", "encoding": "none"}}}}
		for k, v := range more {
			e[k] = v
		}
		return e
	}
	batch := map[string]any{"batch": []any{
		event("track", "m1", nil), event("identify", "m2", nil), event("page", "m3", nil), event("group", "m4", map[string]any{"groupId": hostile}),
		event("track", "m5", map[string]any{"type": "t" + hostile}), event("track", "m6", map[string]any{"timestamp": hostile}),
		event("alias", "m7", map[string]any{"previousId": "p" + hostile}), event("track", "m8", map[string]any{"userId": nil, "anonymousId": nil, "context": nil, "traits": nil}),
		map[string]any{"messageId": "plain", "type": "track", "userId": "plain", "event": "E" + hostile},
	}}
	body, err := json.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+a.CollectorHTTP+"/v1/batch", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(DefaultWriteKey, "")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the collector answered %s", resp.Status)
	}
	testkit.Eventually(t, time.Minute, func() error {
		_, out, fault := run(t, "", "customer", "user_id:plain", "--addresses-file", file)
		return contains(out+fault, "FORGED line", "potential") // stored, and in a tier
	})
	rows := write(t, "rows.csv", "id,when,name\n1,2026-01-01T00:00:00Z,\"n"+strings.ReplaceAll(hostile, "\r\n", "\n")+"\"\n\"x"+hostile+"\",never,y\n")
	mapping := write(t, "mapping.yaml", "source_name: till\ntype: identify\nidentifiers: {user_id: id}\ntimestamp: when\ntraits: {name: name}\n")
	commands := map[string][]string{
		"customer":               {"customer", "user_id:plain"},
		"customer, as JSON":      {"customer", "user_id:plain", "--json"},
		"customer by hostile id": {"customer", "anonymous_id:a" + hostile},
		"customer that is not":   {"customer", "user_id:" + hostile},
		"segments":               {"segments"},
		"members":                {"segments", "potential"},
		"members of what is not": {"segments", hostile},
		"get":                    {"get", "/v1/customers/user_id:plain/features"},
		"get what is not":        {"get", "/v1/customers/user_id:%1b%5d0%0aFORGED"},
		"plan infer":             {"plan", "infer", "--from-stack"},
		"reconcile":              {"reconcile", "--wait", "2s"},
		"doctor":                 {"doctor"},
		"send what is refused":   {"send", "--event", hostile, "--user", "1", "--timestamp", hostile, "--message-id", hostile},
		"import, first rows":     {"import", rows, "--map", mapping, "--preview", "5"},
		"import, checked":        {"import", rows, "--map", mapping, "--dry-run"},
		"import, sent":           {"import", rows, "--map", mapping, "--rejects", filepath.Join(t.TempDir(), "r")},
	}
	for _, topic := range topics.All() {
		if strings.Contains(topic.Name, "changelog") {
			continue
		}
		commands["tail "+topic.Name] = []string{"tail", topic.Name, "--from-beginning", "--max"}
	}
	for what, args := range commands {
		t.Run(what, func(t *testing.T) {
			if what != "import, first rows" && what != "import, checked" {
				args = append(args, "--addresses-file", file)
			}
			if args[0] == "tail" {
				n := records(t, a, args[1])
				if n == 0 {
					return
				}
				args = append(args[:4:4], strconv.FormatInt(min(n, 20), 10), "--addresses-file", file)
			}
			_, out, fault := run(t, "", args...)
			if found := append(bare(out), bare(fault)...); len(found) > 0 {
				t.Errorf("%v in\n%q\n%q", found, out, fault)
			}
			for line := range strings.Lines(out + fault) {
				if strings.HasPrefix(line, "FORGED") {
					t.Errorf("a line of somebody's own: %q", line)
				}
			}
			if len(out)+len(fault) == 0 {
				t.Error("it shows nothing")
			}
		})
	}
}

// records are those of a topic.
func records(t *testing.T, a stack.Addresses, topic string) (n int64) {
	t.Helper()
	c, err := a.Broker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	spans, err := c.Spans(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range spans {
		n += s.Next - s.First
	}
	return n
}
