package directory

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/services/collector/plan"
)

// planMetrics count what tracking plans find. Rules are a closed set, sources are configured; names of events are never labels.
type planMetrics struct {
	violations *prometheus.CounterVec
	stale      *prometheus.GaugeVec
}

func newPlanMetrics() planMetrics {
	return planMetrics{
		violations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_collector_plan_violations_total",
			Help: "Disagreements of events with their source's tracking plan, by source and rule: a keyword of JSON Schema, unplanned_event, or stripped (members taken out)."},
			[]string{"source", "rule"}),
		stale: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_collector_plan_stale",
			Help: "1 while a source's tracking plan file cannot be loaded and the plan before it counts, by source."},
			[]string{"source"}),
	}
}

// sourcePlan is the tracking plan of a source with its counters.
type sourcePlan struct {
	*plan.Plan
	sum   [sha256.Size]byte             // of the file
	found map[string]prometheus.Counter // by rule
}

// loadPlan reads the plan of a source; nil when it has none. A plan that is faulty at the start of the process stops it. One that becomes
// faulty later leaves the plan before it in place: it must not hold up what else changed, a revoked key for one.
func (d *Directory) loadPlan(source, path, dir string) (*sourcePlan, error) {
	if path == "" {
		d.metrics.plans.stale.DeleteLabelValues(source)
		return nil, nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	before := d.planBefore(source)
	p, sum, err := readPlan(path, before)
	if err != nil {
		if before == nil {
			return nil, err
		}
		d.logger.Error("a tracking plan cannot be loaded, the plan before it counts", "source", source, "plan", path, "error", err)
		d.metrics.plans.stale.WithLabelValues(source).Set(1)
		return before, nil
	}
	d.metrics.plans.stale.WithLabelValues(source).Set(0)
	out := &sourcePlan{Plan: p, sum: sum, found: map[string]prometheus.Counter{}}
	for _, rule := range plan.Rules() {
		out.found[rule] = d.metrics.plans.violations.WithLabelValues(source, rule)
	}
	return out, nil
}

// readPlan reads and compiles a plan, unless it is the one before: a reload of a thousand sources compiles only what changed.
func readPlan(path string, before *sourcePlan) (*plan.Plan, [sha256.Size]byte, error) {
	data, err := keyfile.Read(path)
	if err != nil {
		return nil, [sha256.Size]byte{}, fmt.Errorf("read the tracking plan: %w", err)
	}
	sum := sha256.Sum256(data)
	if before != nil && before.sum == sum {
		return before.Plan, sum, nil
	}
	p, err := plan.Parse(data)
	if err != nil {
		return nil, sum, fmt.Errorf("tracking plan %s:\n%w", path, err)
	}
	return p, sum, nil
}

// planBefore is the plan a source has now.
func (d *Directory) planBefore(source string) *sourcePlan {
	if r := d.current.Load(); r != nil && r.byName[source] != nil {
		return r.byName[source].plan
	}
	return nil
}

// Check holds an event against the plan and counts what disagrees.
func (p *sourcePlan) Check(e plan.Event) plan.Verdict {
	v := p.Plan.Check(e)
	for _, rule := range v.Rules {
		p.found[rule].Inc()
	}
	return v
}
