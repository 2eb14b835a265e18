package warehouse

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/freshness"
)

// metrics are what the warehouse counts.
type metrics struct {
	rows      *prometheus.CounterVec   // by table
	blocks    *prometheus.CounterVec   // by topic, and whether the plan was found or made
	seconds   *prometheus.HistogramVec // by table
	failures  *prometheus.CounterVec   // by table
	dead      *prometheus.CounterVec   // by topic
	lag       *prometheus.GaugeVec     // by topic, partition
	freshness interface {
		Observe(stage string, receivedMs int64, now time.Time)
	}
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "freshet_warehouse_" + name, Help: help}, labels)
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "freshet_warehouse_" + name, Help: help}, []string{"topic", "partition"})
	}
	m := &metrics{
		rows:     counter("rows_total", "Rows inserted. A block that landed before a crash is counted again.", "table"),
		blocks:   counter("blocks_total", "Blocks landed; source is new, or replayed for one whose plan was found after a crash.", "topic", "source"),
		failures: counter("insert_failures_total", "Attempts to insert that failed and were repeated.", "table"),
		dead:     counter("dead_letters_total", "Records that no table can hold.", "topic"),
		lag:      gauge("lag_records", "Records of the partition that have not landed."),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "freshet_warehouse_insert_seconds", Help: "Time of one attempt to insert a block into a table.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30},
		}, []string{"table"}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.rows, m.blocks, m.failures, m.dead, m.lag, m.seconds} {
		errs = append(errs, reg.Register(c))
	}
	fresh, err := freshness.New(reg)
	m.freshness = fresh
	return m, errors.Join(append(errs, err)...)
}

func partitionLabel(tp broker.TopicPartition) string { return strconv.Itoa(tp.Partition) }

func (m *metrics) setLag(tp broker.TopicPartition, records int64) {
	m.lag.WithLabelValues(tp.Topic, partitionLabel(tp)).Set(float64(max(0, records)))
}

// insert counts one attempt.
func (m *metrics) insert(table string, took time.Duration, err error) {
	m.seconds.WithLabelValues(table).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(table).Inc()
	}
}

// landed counts a block whose rows are in.
func (m *metrics) landed(b block, r rows, replayed bool, now time.Time) {
	source := "new"
	if replayed {
		source = "replayed"
	}
	m.blocks.WithLabelValues(b.tp.Topic, source).Inc()
	m.dead.WithLabelValues(b.tp.Topic).Add(float64(len(r.bad)))
	for _, t := range r.tables {
		m.rows.WithLabelValues(string(t.db) + "." + t.name).Add(float64(t.rows))
	}
	for _, received := range r.live {
		m.freshness.Observe("warehouse", received, now)
	}
}

// forget drops the gauges of a partition that this member no longer has.
func (m *metrics) forget(tp broker.TopicPartition) {
	m.lag.DeleteLabelValues(tp.Topic, partitionLabel(tp))
}
