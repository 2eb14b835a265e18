package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/collector/collectortest"
)

// TestAProbeNamesTheStageWhereItStays: behind a collector nothing runs, so the collector has it and the two that come next do not pass it on.
func TestAProbeNamesTheStageWhereItStays(t *testing.T) {
	kafka := testkit.Kafka(t)
	c := collectortest.StartBefore(t, testkit.BrokerAt(t, kafka, topics.All()...), "web", "a-write-key")
	a := nowhere()
	a.CollectorHTTP, a.Kafka = c.Address, kafka
	for name, x := range map[string]struct {
		key  string
		want []string
	}{
		"nothing behind the collector": {"a-write-key", []string{"ms  the collector has it", "identity did not pass it on within", "warehouse did not pass it on within"}},
		"an unknown key":               {"another-key", []string{"the collector did not take it"}},
	} {
		t.Run(name, func(t *testing.T) {
			found := probe(t.Context(), Patient{Addresses: a, WriteKey: x.key}, 2*time.Second)
			var text []string
			for _, f := range found {
				text = append(text, string(f.State)+" "+f.Detail)
				if (f.State == OK) != (f.Fix == "") {
					t.Errorf("%+v", f)
				}
			}
			if len(found) != len(x.want) {
				t.Fatalf("%q, want %q", text, x.want)
			}
			for _, want := range x.want {
				if !strings.Contains(strings.Join(text, "\n"), want) {
					t.Errorf("no %q in %q", want, text)
				}
			}
		})
	}
}
