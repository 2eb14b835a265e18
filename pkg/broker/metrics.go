package broker

import (
	"errors"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of one client.
type metrics struct {
	fetches prometheus.Counter
	unread  prometheus.Gauge
	faults  prometheus.Counter
	gaps    *prometheus.CounterVec // by follower, topic, and kind of break
	held    *prometheus.GaugeVec   // by follower, topic, partition
}

func newMetrics() *metrics {
	return &metrics{
		fetches: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_kafka_fetches_total", Help: "Fetch requests sent; one asks a broker for many partitions.",
		}),
		faults: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_kafka_fetch_faults_total", Help: "Partitions of fetch requests that failed and are tried again.",
		}),
		unread: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "freshet_kafka_fetched_bytes", Help: "Bytes of records that are being fetched or wait to be taken; bounded by kafka.fetch_bytes.",
		}),
		gaps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_kafka_gap_records_total", Help: "Records that were gone before they were read, and were skipped. At least one for each gap.",
		}, []string{"follower", "topic", "kind"}),
		held: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "freshet_kafka_held", Help: "1 while a partition is held because records were gone before they were read.",
		}, []string{"follower", "topic", "partition"}),
	}
}

// Register adds the client's metrics to a registry.
func (c *Client) Register(reg prometheus.Registerer) error {
	m := c.metrics
	return errors.Join(reg.Register(m.fetches), reg.Register(m.faults), reg.Register(m.unread), reg.Register(m.gaps), reg.Register(m.held))
}

func (m *metrics) hold(follower string, at TopicPartition, held bool) {
	if held {
		m.held.WithLabelValues(follower, at.Topic, strconv.Itoa(at.Partition)).Set(1)
	} else {
		m.held.DeleteLabelValues(follower, at.Topic, strconv.Itoa(at.Partition))
	}
}
