package freshet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
)

// customerOf is the id of the customer that a name leads to; empty when there is none.
func customerOf(t *testing.T, file, name string) string {
	t.Helper()
	code, out, _ := run(t, "", "customer", name, "--json", "--addresses-file", file)
	if code != 0 {
		return ""
	}
	var story struct {
		Customer struct {
			ID string `json:"customer_id"`
		}
	}
	if err := json.Unmarshal([]byte(out), &story); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return story.Customer.ID
}

// sendLines sends events that must all be taken.
func sendLines(t *testing.T, file string, lines ...string) {
	t.Helper()
	if code, out, fault := run(t, strings.Join(lines, "\n"), "send", "-", "--addresses-file", file); code != 0 {
		t.Fatal(out, fault)
	}
}

// settled waits until the books balance.
func settled(t *testing.T, file string) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error {
		if code, out, fault := run(t, "", "reconcile", "--addresses-file", file); code != 0 {
			return fmt.Errorf("%s%s", out, fault)
		}
		return nil
	})
}

// TestNamesOnARealStack: one message id counts once, and the books balance all the same; strangers with a placeholder stay two; a number
// in two writings is one; a trusted alias joins two user ids.
func TestNamesOnARealStack(t *testing.T) {
	file := up(t)
	var constant []string
	for user := range 8 {
		constant = append(constant, fmt.Sprintf(`{"type":"track","event":"x","userId":"same%d","messageId":"constant"}`, user))
	}
	sendLines(t, file, constant...)
	apart := []string{"{{ user.id }}", "Unbekannt", "usr_undefined", "()=>id", "anonymousid", "000000", "««none»»"}
	for i, v := range apart {
		for _, device := range []string{"a", "b"} {
			event, err := json.Marshal(map[string]any{"type": "identify", "anonymousId": fmt.Sprintf("apart-%d-%s", i, device), "userId": v,
				"context": map[string]any{"device": map[string]any{"id": v}}, "traits": map[string]any{"email": v, "phone": v}})
			if err != nil {
				t.Fatal(err)
			}
			sendLines(t, file, string(event))
		}
	}
	together := [][2]string{{"030 901820", "030/90-18 20"}, {"0033 6 12 34 56 78", "+33 (0)6 12345678"}, {"’+81 3-1234-5678", "tel:+81-3-1234-5678"}, {"２１２ ５５５ ０１４２", "(212) 555-0142"}}
	for i, pair := range together {
		for n, v := range pair {
			sendLines(t, file, fmt.Sprintf(`{"type":"identify","anonymousId":"phone-%d-%d","traits":{"phone":%q}}`, i, n, v))
		}
	}
	sendLines(t, file, `{"type":"track","event":"Seen","userId":"ann@old.example"}`, `{"type":"alias","userId":"4711","previousId":"ann@old.example"}`,
		`{"type":"alias","userId":"4712","previousId":"ben@old.example"}`, `{"type":"track","event":"Seen","userId":"ben@old.example"}`)
	settled(t, file)
	if told := cells(must(t, "doctor", "--addresses-file", file)); !strings.Contains(told, "had the same messageId and did not count, by source: local 7") {
		t.Error(told)
	}
	for i, v := range apart {
		a, b := customerOf(t, file, fmt.Sprintf("anonymous_id:apart-%d-a", i)), customerOf(t, file, fmt.Sprintf("anonymous_id:apart-%d-b", i))
		if a == "" || a == b {
			t.Errorf("%q: %s and %s", v, a, b)
		}
	}
	for i, pair := range together {
		a, b := customerOf(t, file, fmt.Sprintf("anonymous_id:phone-%d-0", i)), customerOf(t, file, fmt.Sprintf("anonymous_id:phone-%d-1", i))
		if a == "" || a != b || customerOf(t, file, "phone:"+pair[0]) != a {
			t.Errorf("%q: %s and %s", pair, a, b)
		}
	}
	for _, pair := range [][2]string{{"ann@old.example", "4711"}, {"ben@old.example", "4712"}} {
		ids := []string{customerOf(t, file, "user_id:"+pair[0]), customerOf(t, file, "user_id:"+pair[1])}
		if ids[0] == "" || len(slices.Compact(ids)) != 1 {
			t.Errorf("%v are %v", pair, ids)
		}
	}
}
