package plan

import (
	"fmt"
	"strings"
	"testing"
)

// A plan of three hundred events with thirty properties each is loaded, and found in.
func TestABigPlan(t *testing.T) {
	var b strings.Builder
	b.WriteString("name: big\nunplanned: block\nevents:\n")
	for i := range 300 {
		fmt.Fprintf(&b, "  - event: Event %d\n    mode: block\n    schema:\n      required: [p%d]\n      properties:\n", i, i%30)
		for j := range 30 {
			fmt.Fprintf(&b, "        p%d: {type: string}\n", j)
		}
	}
	p := must(t, b.String())
	if n := len(p.Entries()); n != 300 {
		t.Errorf("%d entries", n)
	}
	if v := p.Check(track("Event 299", `{"p29":"x"}`)); v.Reason != "" {
		t.Errorf("got %+v", v)
	}
	if v := p.Check(track("Event 299", `{"p28":"x"}`)); v.Reason != ReasonViolation {
		t.Errorf("got %+v", v)
	}
	if v := p.Check(track("Event 300", `{}`)); v.Reason != ReasonUnplanned {
		t.Errorf("got %+v", v)
	}
}

func TestBoundsOfAPlan(t *testing.T) {
	members := strings.Builder{}
	for i := range maxSchemas {
		fmt.Fprintf(&members, "p%d: {},", i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"schemas": {shop("warn", "{properties: {"+members.String()+"}}"), "more than 10000 schemas"},
		"events":  {"name: a\nevents: [" + strings.Repeat("{},", maxEvents+1) + "]\n", "10001 are more than 10000"},
		"bytes":   {strings.Repeat("#", maxFile+1), "the limit is"},
		"depth":   {shop("warn", strings.Repeat("{not: ", 200)+"{}"+strings.Repeat("}", 200)), "nested too deeply"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %.200v", err)
			}
		})
	}
}
