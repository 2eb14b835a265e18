package mapping

import (
	"time"

	"github.com/freshet/freshet/services/freshet/bulk/moment"
	"github.com/freshet/freshet/services/freshet/bulk/number"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// What infer.go still calls; it goes with infer.go.

type clock struct{ *moment.Clock }

func newClock(layouts []string, zone string) (*clock, error) {
	c, err := moment.New(layouts, zone)
	return &clock{c}, err
}

func (c *clock) parse(v rows.Value) (time.Time, error) { return c.Parse(v.Text) }

func decimal(s, point, thousands string) (string, bool) {
	if thousands == "" {
		return number.Plain(s, point[0])
	}
	n, _, ok := number.Parse(s, number.Convention{Decimal: point, Thousands: thousands})
	return n, ok
}

func integer(s, point, thousands string) (string, bool) {
	return number.Integer(s, number.Convention{Decimal: point, Thousands: thousands})
}
