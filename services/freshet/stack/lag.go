package stack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Backlog is how many records wait before the services of a stack.
type Backlog struct {
	Total float64
	// Worst is the metric and labels of the longest queue; "" when nothing waits.
	Worst string
}

// Lag adds up the lag gauges (freshet_*_lag_records) that a process shows at its metrics address.
func Lag(ctx context.Context, metrics string) (Backlog, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+metrics+"/metrics", nil)
	if err != nil {
		return Backlog{}, fmt.Errorf("read the metrics at %s: %w", metrics, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Backlog{}, fmt.Errorf("read the metrics: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Backlog{}, fmt.Errorf("read the metrics at %s: %s", metrics, resp.Status)
	}
	return sumLag(resp.Body)
}

func sumLag(text io.Reader) (b Backlog, err error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return b, fmt.Errorf("read the metrics: %w", err)
	}
	worst := 0.0
	for name, f := range families {
		if !strings.HasPrefix(name, "freshet_") || !strings.HasSuffix(name, "_lag_records") {
			continue
		}
		for _, m := range f.GetMetric() {
			v := m.GetGauge().GetValue()
			b.Total += v
			if v > worst {
				worst, b.Worst = v, name+labels(m)
			}
		}
	}
	return b, nil
}

func labels(m *dto.Metric) string {
	var parts []string
	for _, l := range m.GetLabel() {
		parts = append(parts, l.GetName()+"="+l.GetValue())
	}
	return "{" + strings.Join(parts, ",") + "}"
}
