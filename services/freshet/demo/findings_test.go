package demo

import (
	"strings"
	"testing"
)

func TestWhatIsRight(t *testing.T) {
	for name, c := range map[string]struct {
		f     finding
		right bool
		label string
	}{
		"equal":                           {finding{truth: 7, found: 7}, true, ""},
		"more":                            {finding{truth: 7, found: 8}, false, ""},
		"fewer":                           {finding{truth: 7, found: 6}, false, ""},
		"fewer of what is a bound":        {finding{truth: 7, found: 6, atMost: true}, true, ""},
		"more of what is a bound":         {finding{truth: 7, found: 8, atMost: true}, false, ""},
		"copies of our own on a busy day": {finding{truth: 1748, found: 2737, copies: true}, true, "(989 more are ours"},
		"fewer copies than the shop sent": {finding{truth: 1748, found: 1747, copies: true}, false, ""},
		"no copies but the shop's":        {finding{truth: 1748, found: 1748, copies: true}, true, ""},
	} {
		if c.f.right() != c.right || (c.label == "") != (c.f.label() == "") || !strings.Contains(c.f.label(), c.label) {
			t.Errorf("%s: right %v, label %q", name, c.f.right(), c.f.label())
		}
	}
}
