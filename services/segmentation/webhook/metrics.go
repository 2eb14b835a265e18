package webhook

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what delivery does. The endpoint label is one of the configured names, or
// empty for alerts that are addressed to none of them.
type metrics struct {
	attempts *prometheus.CounterVec // by endpoint and result
	dead     *prometheus.CounterVec // by endpoint and class
	nameless *prometheus.CounterVec // by endpoint
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_webhook_attempts_total", Help: "Webhook requests, by endpoint and result: delivered or refused.",
		}, []string{"endpoint", "result"}),
		dead: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_webhook_dead_total", Help: "Alerts given up and put into alerts.v1.dlq, by endpoint and reason.",
		}, []string{"endpoint", "class"}),
		nameless: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_webhook_nameless_total", Help: "Alerts that went without the customer's names because identity did not say them in time, by endpoint.",
		}, []string{"endpoint"}),
	}
	if reg == nil {
		return m, nil
	}
	return m, errors.Join(reg.Register(m.attempts), reg.Register(m.dead), reg.Register(m.nameless))
}
