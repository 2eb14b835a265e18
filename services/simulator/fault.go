package simulator

import (
	"strconv"
	"strings"
	"time"
)

// Fault is why a broken event must be refused: a reason of docs/events.md.
type Fault string

// breakage is one thing that clients get wrong. With it, members replaces or adds members of a good event; "" takes one away.
type breakage struct {
	reason  Fault
	members map[string]string
	// whole stands in for the entire event.
	whole string
	// live says that it is no fault in history: an import may be large, and any time will do.
	live bool
}

var breakages = []breakage{
	{reason: "no_identifier", members: map[string]string{"anonymousId": ""}},
	{reason: "missing_event_name", members: map[string]string{"event": ""}},
	{reason: "missing_type", members: map[string]string{"type": ""}},
	{reason: "unknown_type", members: map[string]string{"type": `"purchase"`}},
	{reason: "wrong_type", members: map[string]string{"event": `["Product Viewed"]`}},
	{reason: "invalid_json", members: map[string]string{"properties": `{"product_id":"P00001","price":NaN}`}},
	{reason: "in_future", live: true, members: map[string]string{"timestamp": `"2099-12-31T23:59:59.000Z"`}},
	{reason: "too_old", live: true, members: map[string]string{"timestamp": `"2001-01-01T00:00:00.000Z"`}},
	{reason: "invalid_utf8", members: map[string]string{"properties": "{\"name\":\"caf\xff\xfe\"}"}},
	{reason: "too_deep", members: map[string]string{"properties": `{"a":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}`}},
	{reason: "not_an_object", whole: `"Product Viewed"`},
	{reason: "too_large", live: true, members: map[string]string{"properties": `{"note":"` + strings.Repeat("x", 33<<10) + `"}`}},
}

// memberOrder is how the members of a broken event follow each other.
var memberOrder = []string{"messageId", "timestamp", "type", "anonymousId", "event", "properties"}

// body writes the broken event of a person's device.
func (k breakage) body(id string, at time.Time, d *device, item *product) []byte {
	if k.whole != "" {
		return []byte(k.whole)
	}
	good := map[string]string{
		"messageId": strconv.Quote(id), "timestamp": at.Format(`"` + stampLayout + `"`), "type": `"track"`,
		"anonymousId": strconv.Quote(d.anon), "event": `"Product Viewed"`, "properties": "{" + string(item.json) + "}",
	}
	b := []byte{'{'}
	for _, m := range memberOrder {
		value, changed := k.members[m]
		if !changed {
			value = good[m]
		}
		if value == "" {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, m), ':')
		b = append(b, value...)
	}
	return append(b, '}')
}

// emitBroken sends one broken event of the person who sent the last good one.
func (s *Shop) emitBroken(who int, at time.Time, yield func(Event) bool) bool {
	k := breakages[s.rng.IntN(len(breakages))]
	if k.live && s.phase().Phase == "history" {
		k = breakages[0]
	}
	s.broken++
	ev := Event{Person: who, MessageID: s.prefix + "broken-" + strconv.Itoa(s.broken), At: at, Fault: k.reason}
	ev.Body = k.body(ev.MessageID, at, s.people[who].devices[0], &s.goods.products[0])
	if k.whole != "" {
		ev.MessageID = ""
	}
	s.phase().Rejects[k.reason]++
	return yield(ev)
}
