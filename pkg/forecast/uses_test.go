package forecast

import "testing"

func TestUses(t *testing.T) {
	own := `targets:
  - {name: own, description: By rhythm., counts: orders_lifetime, outcome: none, among: spend_lifetime >= 2 && big_spender, rhythm: {times: 3, of: purchase_cycle, least: 30d, most: 180d}}
warnings:
  - {name: quiet, description: x, kind: fell, recent: sessions_30d, past: sessions_90d, to: 0.5, least: 1}
  - {name: late, description: x, kind: overdue, since: last_seen, cycle: purchase_cycle, times: 2}
  - {name: cross, description: x, kind: unanswered, moment: since_complaint, answer: last_order, within: 9d}
`
	s, err := Parse(nil, []byte(own), shippedCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"orders_lifetime", "spend_lifetime", "big_spender", "purchase_cycle", "sessions_30d", "sessions_90d", "last_seen", "since_complaint", "last_order"} {
		if !s.Uses(name) {
			t.Errorf("%s is looked at", name)
		}
	}
	for _, name := range []string{"orders_30d", "own", "quiet", ""} {
		if s.Uses(name) {
			t.Errorf("nothing looks at %q", name)
		}
	}
}
