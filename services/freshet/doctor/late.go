package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// openBreaches is the metric of the freshness watch.
const openBreaches = "freshet_freshness_breached"

// late asks the freshness watch, by the metrics of the process it runs in.
func late(ctx context.Context, p Patient) Finding {
	f := Finding{Check: "freshness", State: OK, Detail: "the watch finds nothing late"}
	open, err := breaches(ctx, "http://"+p.Addresses.Metrics+"/metrics")
	switch {
	case err != nil:
		f.State, f.Detail, f.Fix = Warned, err.Error(), "name the metrics address of the watch in the addresses file, where it is another process"
	case len(open) > 0:
		f.State, f.Detail, f.Fix = Warned, strings.Join(open, ", "), lookAt
	}
	return f
}

// told is one breach in words.
func told(stage, grade, cause string) string {
	switch cause {
	case "behind":
		return "more comes than the stages work off"
	case "unseen":
		return fmt.Sprintf("the watch cannot see %s", stage)
	}
	return fmt.Sprintf("live events (%s) are too late before %s", grade, stage)
}

// breaches lists what is open, a stage each.
func breaches(ctx context.Context, url string) ([]string, error) {
	resp, err := request(ctx, http.MethodGet, url, "")
	if err != nil {
		return nil, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(resp.body))
	if err != nil {
		return nil, fmt.Errorf("read the metrics at %s: %w", url, err)
	}
	family := families[openBreaches]
	if family == nil {
		return nil, errors.New("no freshness watch shows its metrics at " + url)
	}
	var open []string
	for _, m := range family.GetMetric() {
		if m.GetGauge().GetValue() != 1 {
			continue
		}
		label := map[string]string{}
		for _, l := range m.GetLabel() {
			label[l.GetName()] = l.GetValue()
		}
		open = append(open, told(label["stage"], label["grade"], label["cause"]))
	}
	slices.Sort(open)
	return open, nil
}
