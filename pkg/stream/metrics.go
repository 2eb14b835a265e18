package stream

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of all processors of a process; the label processor tells them apart.
type metrics struct {
	name      string
	records   *prometheus.CounterVec
	commits   *prometheus.CounterVec
	changes   *prometheus.CounterVec
	outputs   *prometheus.CounterVec
	timers    *prometheus.CounterVec
	deadRecs  *prometheus.CounterVec
	fenced    *prometheus.CounterVec
	restarts  *prometheus.CounterVec
	lags      *prometheus.GaugeVec
	durations *prometheus.HistogramVec
	sizes     *prometheus.HistogramVec
	restores  *prometheus.GaugeVec
	clocks    *prometheus.GaugeVec
	holds     *prometheus.GaugeVec
}

func newMetrics(name string, reg prometheus.Registerer) (*metrics, error) {
	label := []string{"processor"}
	counter := func(n, help string, labels []string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: n, Help: help}, labels)
	}
	m := &metrics{
		name:     name,
		records:  counter("freshet_stream_records_total", "Input records folded into state.", label),
		commits:  counter("freshet_stream_commits_total", "Commits appended to the changelog.", label),
		changes:  counter("freshet_stream_changes_total", "State keys written.", label),
		outputs:  counter("freshet_stream_outputs_total", "Records emitted.", label),
		timers:   counter("freshet_stream_timers_fired_total", "Timers that came due.", label),
		deadRecs: counter("freshet_stream_dead_letters_total", "Records that could never be folded.", []string{"processor", "topic"}),
		fenced:   counter("freshet_stream_fenced_total", "Times another owner took a partition over from this one.", label),
		restarts: counter("freshet_stream_restarts_total", "Times a partition failed and was started again.", label),
		lags: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_stream_lag_records", Help: "Records between the last fetch and the end of the partition.",
		}, []string{"processor", "topic", "partition"}),
		holds: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_stream_held", Help: "1 while a partition is held: its handler fails, or records were gone before they were read.",
		}, []string{"processor", "partition"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "freshet_stream_commit_seconds", Help: "Time to fold and commit one batch.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}, label),
		sizes: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "freshet_stream_commit_records", Help: "Input records that share one commit; 0 for a commit of timers or sweeps alone.",
			Buckets: append([]float64{0}, prometheus.ExponentialBuckets(1, 2, 13)...),
		}, label),
		restores: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_stream_restore_seconds", Help: "How long the last take-over of a partition took.",
		}, label),
		clocks: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_stream_clock_limit_seconds",
			Help: "How far this machine's clock may be from the broker's before nothing is folded any more; 0 where it is not checked.",
		}, label),
	}
	if reg == nil {
		return m, nil
	}
	return m, errors.Join(
		register(reg, &m.records), register(reg, &m.commits), register(reg, &m.changes), register(reg, &m.outputs),
		register(reg, &m.timers), register(reg, &m.deadRecs), register(reg, &m.fenced), register(reg, &m.restarts),
		register(reg, &m.lags), register(reg, &m.durations), register(reg, &m.sizes), register(reg, &m.restores), register(reg, &m.clocks), register(reg, &m.holds),
	)
}

// register adds a collector, or takes the one that another processor of this process added.
func register[C prometheus.Collector](reg prometheus.Registerer, c *C) error {
	err := reg.Register(*c)
	var already prometheus.AlreadyRegisteredError
	if errors.As(err, &already) {
		*c = already.ExistingCollector.(C)
		return nil
	}
	return err
}

func (m *metrics) committed(records, changes, outputs int, took time.Duration) {
	m.records.WithLabelValues(m.name).Add(float64(records))
	m.commits.WithLabelValues(m.name).Inc()
	m.changes.WithLabelValues(m.name).Add(float64(changes))
	m.outputs.WithLabelValues(m.name).Add(float64(outputs))
	m.durations.WithLabelValues(m.name).Observe(took.Seconds())
	m.sizes.WithLabelValues(m.name).Observe(float64(records))
}

func (m *metrics) fired(n int) { m.timers.WithLabelValues(m.name).Add(float64(n)) }

func (m *metrics) dead(topic string) { m.deadRecs.WithLabelValues(m.name, topic).Inc() }

func (m *metrics) fencedOff() { m.fenced.WithLabelValues(m.name).Inc() }

func (m *metrics) restarted() { m.restarts.WithLabelValues(m.name).Inc() }

func (m *metrics) lag(topic string, partition int, n int64) {
	m.lags.WithLabelValues(m.name, topic, strconv.Itoa(partition)).Set(float64(n))
}

func (m *metrics) restored(took time.Duration) {
	m.restores.WithLabelValues(m.name).Set(took.Seconds())
}

func (m *metrics) clockLimit(c timekeeper) {
	limit := 0.0
	if c.check {
		limit = c.skew.Seconds()
	}
	m.clocks.WithLabelValues(m.name).Set(limit)
}

func (m *metrics) held(partition int, held bool) {
	if held {
		m.holds.WithLabelValues(m.name, strconv.Itoa(partition)).Set(1)
	} else {
		m.holds.DeleteLabelValues(m.name, strconv.Itoa(partition))
	}
}
