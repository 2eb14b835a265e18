package forecast

import (
	"strings"
	"testing"
)

// A cycle counts at least some days, or as it is.
func TestLeastCycle(t *testing.T) {
	c := shippedCatalogue(t)
	for least, fault := range map[string]string{"0": "", "14": "", "-1": "no number of days", "4000": "no number of days", ".nan": "no number of days"} {
		own := "warnings:\n  - {name: late, description: Late., kind: overdue, since: last_order, cycle: purchase_cycle, times: 2, least: " + least + "}\n"
		_, err := Parse(Shipped(), []byte(own), c)
		if (err == nil) != (fault == "") || err != nil && !strings.Contains(err.Error(), fault) {
			t.Errorf("least %s: %v, want %q", least, err, fault)
		}
	}
}
