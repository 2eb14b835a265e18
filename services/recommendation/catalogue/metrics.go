package catalogue

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the catalogue's own; package stream has its. What the task counts is counted again when its batch is tried again.
type metrics struct {
	changes  *prometheus.CounterVec // by result
	cut      prometheus.Counter
	taken    *prometheus.CounterVec // by result
	unread   prometheus.Counter
	onShelf  prometheus.GaugeFunc
	leftOver prometheus.CounterFunc
}

func newMetrics(reg prometheus.Registerer, shelves *shelves) (*metrics, error) {
	m := &metrics{
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_catalogue_changes_total",
			Help: "Changes of items folded, by result: told when the item is another, kept when only who said it is, or silent when nothing is.",
		}, []string{"result"}),
		cut: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_catalogue_attributes_left_out_total", Help: "Attributes of items above the 200 that are kept of each.",
		}),
		taken: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "freshet_catalogue_upserts_total", Help: "Items of UpsertItems, by result: taken, or faulty for those that were told what to change.",
		}, []string{"result"}),
		unread: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "freshet_catalogue_unreadable_total", Help: "Records of items.v1 that this release cannot read; the items stay as they were known.",
		}),
		onShelf: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "freshet_catalogue_items", Help: "Items that this replica has numbered, of all workspaces.",
		}, func() float64 { return float64(shelves.sum((*Shelf).Len)) }),
		leftOver: prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "freshet_catalogue_left_out_total", Help: "How often an item was left out because its workspace has most_items already.",
		}, func() float64 { return float64(shelves.sum(func(s *Shelf) int { return int(s.LeftOut()) })) }),
	}
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.changes, m.cut, m.taken, m.unread, m.onShelf, m.leftOver} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}
