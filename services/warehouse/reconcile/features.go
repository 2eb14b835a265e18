package reconcile

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/freshet/freshet/pkg/money"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// FeatureCheck is one customer whose served features were recomputed.
type FeatureCheck struct {
	CustomerID string
	// Values is how many numbers were compared.
	Values int
	// Differences are sentences; none when all are equal.
	Differences []string
}

// checkFeatures asks for some customers, chosen by a hash so that they are anybody,
// and the same ones at every call.
func (r *Report) checkFeatures(ctx context.Context, o Options, q query) error {
	if o.Features == nil {
		return nil
	}
	var ids []string
	err := q.each(ctx, `SELECT customer_id FROM {dw}.customers WHERE workspace = ? AND identified
		ORDER BY orders = 0, cityHash64(customer_id) LIMIT ?`,
		func(scan func(...any) error) error {
			ids = append(ids, "")
			return scan(&ids[len(ids)-1])
		}, o.Workspace, o.Customers)
	if err != nil {
		return err
	}
	for _, id := range ids {
		check, err := checkCustomer(ctx, o, q, id)
		if err != nil {
			return err
		}
		for _, d := range check.Differences {
			r.unequal("customer %s: %s", id, d)
		}
		r.Features = append(r.Features, check)
	}
	return nil
}

func checkCustomer(ctx context.Context, o Options, q query, id string) (FeatureCheck, error) {
	served, err := o.Features(ctx, id)
	if err != nil {
		return FeatureCheck{}, fmt.Errorf("ask for the features of customer %s: %w", id, err)
	}
	have, err := flatten(served)
	if err != nil {
		return FeatureCheck{}, fmt.Errorf("read the features of customer %s: %w", id, err)
	}
	want, err := recompute(ctx, q, o.Workspace, id, served.GetAsOfMs())
	if err != nil {
		return FeatureCheck{}, err
	}
	check := FeatureCheck{CustomerID: id, Values: len(want)}
	all := maps.Clone(want)
	maps.Copy(all, have)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if have[name] != want[name] {
			check.Differences = append(check.Differences, fmt.Sprintf("%s is served as %d and recomputed as %d", name, have[name], want[name]))
		}
	}
	return check, nil
}

// measures are the features of each window by the names of this package.
var measures = map[string]string{
	"events": "events", "orders": "orders", "quantity_micros": "quantity", "spend_micros": "spend", "refunds": "refunds", "refund_micros": "refund",
	"average_basket_micros": "average_basket",
}

// flatten gives every number that is recomputed a name, such as 30d.orders, and its value as served: 0 for one that is not there.
func flatten(f *featurev1.GetFeaturesResponse) (map[string]int64, error) {
	out := map[string]int64{}
	for _, name := range []string{"first_seen", "last_seen", "first_order", "last_order"} {
		out[name+"_ms"] = f.GetValues()[name].GetMomentMs()
	}
	for _, w := range windows {
		for name, feature := range measures {
			n, err := integer(f.GetValues()[feature+"_"+w.name])
			if err != nil {
				return nil, fmt.Errorf("%s_%s: %w", feature, w.name, err)
			}
			out[w.name+"."+name] = n
		}
	}
	for _, e := range f.GetValues()["last_events"].GetList().GetEntries() {
		out["last "+e.GetKey()] = e.GetValue().GetMomentMs()
	}
	return out, nil
}

// integer is a count, or a number in millionths.
func integer(v *featurev1.FeatureValue) (int64, error) {
	switch x := v.GetValue().(type) {
	case *featurev1.FeatureValue_Count:
		return x.Count, nil
	case *featurev1.FeatureValue_Decimal:
		return money.ParseMicros(x.Decimal)
	}
	return 0, nil
}

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
)

// windows are those of docs/features.md, written down a second time on purpose:
// length, and the step that the window's beginning is rounded down to.
var windows = []struct {
	name         string
	length, step int64
}{
	{"1h", hour, 5 * minute},
	{"24h", day, hour},
	{"30d", 30 * day, day},
	{"90d", 90 * day, day},
	{"365d", 365 * day, day},
	{"lifetime", 0, 0},
}

// recompute reads a customer's numbers as of a moment with the plainest SQL there is.
func recompute(ctx context.Context, q query, workspace, id string, asOf int64) (map[string]int64, error) {
	ids := []string{id}
	err := q.each(ctx, `SELECT from_customer_id FROM {dw}.identity_overrides WHERE workspace = ? AND to_customer_id = ?`,
		func(scan func(...any) error) error {
			ids = append(ids, "")
			return scan(&ids[len(ids)-1])
		}, workspace, id)
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, w := range windows {
		from := int64(-2208988800000) // the oldest time the columns hold
		if w.length > 0 {
			from = (asOf - w.length) / w.step * w.step
		}
		if err := window(ctx, q, out, w.name, workspace, ids, from, asOf); err != nil {
			return nil, err
		}
	}
	return out, latest(ctx, q, out, workspace, ids, asOf)
}

func window(ctx context.Context, q query, out map[string]int64, name, workspace string, ids []string, from, to int64) error {
	var events, orders, quantity, spend, basket, refunds, refunded int64
	read := func(sql string, dest ...any) error {
		return q.each(ctx, sql+` WHERE workspace = ? AND customer_id IN (?)
			AND toUnixTimestamp64Milli(occurred_at) BETWEEN ? AND ?`,
			func(scan func(...any) error) error { return scan(dest...) }, workspace, ids, from, to)
	}
	if err := read(`SELECT toInt64(count()) FROM {dw}.events`, &events); err != nil {
		return err
	}
	// What orders add: that they add what their events tell is checked of every order.
	if err := read(`SELECT toInt64(sum(orders * sign)), `+cut("quantity_micros")+`, `+cut("spend_micros")+`,
		`+averageBasket+`, toInt64(sum(refunds * sign)), `+cut("refund_micros")+` FROM {dw}.order_postings`,
		&orders, &quantity, &spend, &basket, &refunds, &refunded); err != nil {
		return err
	}
	for field, v := range map[string]int64{"events": events, "orders": orders, "quantity_micros": quantity, "spend_micros": spend,
		"refunds": refunds, "refund_micros": refunded, "average_basket_micros": basket} {
		out[name+"."+field] = v
	}
	return nil
}

// averageBasket divides the whole sum, which may be beyond 64 bits, toward zero.
const averageBasket = `if(sum(toInt128(orders) * sign) > 0, toInt64(clamp(intDiv(sum(toInt128(spend_micros) * sign), greatest(sum(toInt128(orders) * sign), toInt128(1))),
	toInt128(-9223372036854775807), toInt128(9223372036854775807))), toInt64(0))`

// cut sums a column of dw.order_postings; beyond 64 bits it is the largest number, as docs/features.md says.
func cut(column string) string {
	return "toInt64(clamp(sum(toInt128(" + column + ") * sign), toInt128(-9223372036854775807), toInt128(9223372036854775807)))"
}

// latest reads first and last times.
func latest(ctx context.Context, q query, out map[string]int64, workspace string, ids []string, asOf int64) error {
	span := func(from, first, last string) error {
		var a, b int64
		err := q.each(ctx, `SELECT min(toUnixTimestamp64Milli(occurred_at)), max(toUnixTimestamp64Milli(occurred_at)) FROM `+from+
			` AND workspace = ? AND customer_id IN (?) AND toUnixTimestamp64Milli(occurred_at) <= ?`,
			func(scan func(...any) error) error { return scan(&a, &b) }, workspace, ids, asOf)
		out[first], out[last] = a, b
		return err
	}
	if err := span(`{dw}.events WHERE true`, "first_seen_ms", "last_seen_ms"); err != nil {
		return err
	}
	const sales = `(SELECT workspace, customer_id, occurred_at FROM {dw}.order_postings WHERE orders != 0
		GROUP BY workspace, customer_id, occurred_at HAVING sum(orders * sign) > 0)`
	if err := span(sales+` WHERE true`, "first_order_ms", "last_order_ms"); err != nil {
		return err
	}
	return q.each(ctx, `SELECT toString(if(type = 'track', name, type)) AS label, max(toUnixTimestamp64Milli(occurred_at)) AS at FROM {dw}.events
		WHERE workspace = ? AND customer_id IN (?) AND toUnixTimestamp64Milli(occurred_at) <= ?
		GROUP BY label ORDER BY at DESC, label LIMIT 64`,
		func(scan func(...any) error) error {
			var label string
			var at int64
			err := scan(&label, &at)
			out["last "+label] = at
			return err
		}, workspace, ids, asOf)
}
