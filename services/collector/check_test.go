package collector

import (
	"testing"
	"time"

	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/intake"
)

func TestACheckerJudgesAsACollectorDoes(t *testing.T) {
	c := intake.NewChecker(time.Now)
	r := start(t)
	for _, event := range []string{
		track("m-1"),
		`{"type":"track","event":"x","messageId":"m-2"}`,
		`{"type":"track","event":"Order Completed","userId":"1","messageId":"m-3","properties":{"order_id":"1","total":"abc"}}`,
		`{"type":"identify","userId":"1","messageId":"m-4","timestamp":"soon"}`,
		`{"type":"track","event":"x","userId":"1","messageId":"m-5","timestamp":"1969-01-01T00:00:00Z"}`,
		`{"type":"order","userId":"1"}`, `{"type":`, `[]`,
		`{"type":"track","event":"Old","userId":"1","messageId":"m-6","timestamp":"1999-01-01T00:00:00Z"}`,
	} {
		local := c.Check([]byte(event))
		if event == `{"type":` {
			if local == nil || local.Reason != decode.ReasonInvalidJSON { // a batch around it would be refused as a whole
				t.Errorf("%s: %+v", event, local)
			}
			continue
		}
		remote := r.post("/v1/import", `{"batch":[`+event+`]}`)
		switch {
		case local == nil && remote.Accepted == 1:
		case local != nil && len(remote.Rejected) == 1 && local.Reason == remote.Rejected[0].Reason && local.Detail == remote.Rejected[0].Detail:
		default:
			t.Errorf("%s: %+v, the collector says %+v", event, local, remote)
		}
	}
}
