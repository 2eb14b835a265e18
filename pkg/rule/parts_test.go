package rule

import (
	"fmt"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
)

// The parts of a condition are its comparisons in order, each with what it sees, whether that counts for the condition, and when time flips it.
func TestPartsOfACondition(t *testing.T) {
	c, err := catalog.Parse(nil, []byte(`
features:
  - {name: seen, description: x, level: basic, aggregate: count}
  - {name: last_seen, description: x, level: basic, aggregate: last_time}
tags:
  - {name: t, description: x, level: basic, when: 'seen > 1 && !(seen > 5 || days_since_last_seen >= 2) || seen > 1'}
`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Tags(c)
	if err != nil {
		t.Fatal(err)
	}
	row := catalog.Row{Layout: c.Layout(), Values: []catalog.Value{{Present: true, Int: 3}, {Present: true, Int: 1000}}}
	now := int64(1000 + 3*86_400_000)
	var got []string
	for _, p := range s.Parts(0, row, now) {
		got = append(got, fmt.Sprintf("%s holds=%v denied=%v name=%s flips=%d", p.Text, p.Holds, p.Denied, p.Name, p.FlipsMs))
		if strings.Contains(p.Plain, "is ") {
			t.Errorf("%q tells a value", p.Plain)
		}
	}
	want := []string{
		"seen > 1 (is 3) holds=true denied=false name=seen flips=0",
		"seen > 5 (is 3) holds=false denied=true name=seen flips=0",
		"time since last_seen >= 2 days (is 3 days) holds=true denied=true name=last_seen flips=172801000",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// What holds and is not denied, or is denied and does not hold, is why a condition that holds does: nothing else is.
	for _, why := range s.Because(0, row, now) {
		if !strings.Contains(strings.Join(got, "\n"), strings.TrimPrefix(why, "not: ")) {
			t.Errorf("%q is no part", why)
		}
	}
}
