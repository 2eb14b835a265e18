package tier

import (
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/catalog"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// The tiers, as segments are named.
const (
	HighValue = "high_value"
	Medium    = "medium"
	Potential = "potential"
	ChurnRisk = "churn_risk"
)

// Names are the tiers in the order people read them.
var Names = []string{HighValue, Medium, Potential, ChurnRisk}

// Shares are the parts of all customers that the cut points aim at, by tier.
var Shares = map[string]float64{HighValue: 0.125, Medium: 0.325, Potential: 0.375, ChurnRisk: 0.175}

// MinPopulation is how many customers there must be before cut points are computed:
// with fewer, a share is a matter of one or two people.
const MinPopulation = 20

// maxEvents caps the engagement part of the value index below one unit of the currency.
const maxEvents = 999_999

// Customer is what the tiers look at.
type Customer struct {
	// Value is the value index: see Value.
	Value int64
	// LastSeenMs is the last event, Unix milliseconds.
	LastSeenMs int64
}

// Value is the value index of a customer: net spend of 365 days in micros (what was spent less what was given back), may be
// negative, plus the events of 90 days, capped. Beyond 64 bits it stands at the end of them.
func Value(spendMicros, refundMicros, events int64) int64 {
	net := catalog.SumOf(spendMicros).Plus(catalog.SumOf(refundMicros).Negative())
	return net.Plus(catalog.SumOf(min(events, maxEvents))).Clamp()
}

// Places are where a vector has what the tiers look at.
type Places struct{ spend, refunded, events, seen int }

// In finds the places in a layout. A catalogue without one of the features has no tiers: that is an error.
func In(l *catalog.Layout) (p Places, err error) {
	for name, to := range map[string]*int{"spend_365d": &p.spend, "refund_365d": &p.refunded, "events_90d": &p.events, "last_seen": &p.seen} {
		i, ok := l.Position(name)
		if !ok {
			err = errors.Join(err, fmt.Errorf("the tiers need the feature %q, which the features file removes", name))
		}
		*to = i
	}
	return p, err
}

// Of takes from a vector what the tiers look at.
func (p Places) Of(v catalog.Vector) Customer {
	of := func(i int) int64 {
		x, _ := v.Int(i)
		return x
	}
	return Customer{Value: Value(of(p.spend), of(p.refunded), of(p.events)), LastSeenMs: of(p.seen)}
}

// reaches says whether the customer is at or above a cut of the value order.
func (c Customer) reaches(value, seenMs int64) bool {
	return c.Value > value || (c.Value == value && c.LastSeenMs >= seenMs)
}

// Of is the customer's tier at nowMs. Nil cut points, before there are any, put
// everybody into potential.
func Of(c Customer, cuts *segmentationv1.CutPoints, nowMs int64) string {
	switch {
	case cuts == nil:
		return Potential
	case nowMs-c.LastSeenMs > cuts.GetChurnRiskRecencyMs():
		return ChurnRisk
	case c.reaches(cuts.GetHighValueFrom(), cuts.GetHighValueSeenFromMs()):
		return HighValue
	case c.reaches(cuts.GetMediumFrom(), cuts.GetMediumSeenFromMs()):
		return Medium
	default:
		return Potential
	}
}

// NextFlip is the first millisecond after nowMs at which the customer's tier changes
// if nothing more happens: it becomes a churn risk. ok is false when it is one already or
// there are no cut points.
func NextFlip(c Customer, cuts *segmentationv1.CutPoints, nowMs int64) (ms int64, ok bool) {
	if cuts == nil {
		return 0, false
	}
	at := c.LastSeenMs + cuts.GetChurnRiskRecencyMs() + 1
	return at, at > nowMs
}

// Drift is the largest distance of a tier's share from the share aimed at, 0 to 1, when
// total customers have the given sizes. No customers have no drift.
func Drift(sizes map[string]int, total int) float64 {
	var worst float64
	if total == 0 {
		return 0
	}
	for name, share := range Shares {
		d := float64(sizes[name])/float64(total) - share
		worst = max(worst, d, -d)
	}
	return worst
}
