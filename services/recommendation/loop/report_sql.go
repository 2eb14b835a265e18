package loop

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/experiment"
)

// where is what both queries are of. A list belongs to the span in which it was given, and with it all that became of it, whenever that was.
const where = `FROM {dm}.recommendation_facts
	WHERE workspace = @workspace AND answered_at >= fromUnixTimestamp64Milli(@from) AND answered_at < fromUnixTimestamp64Milli(@to) AND (@scene = '' OR scene = @scene)`

// rowsSQL counts by visitor first: a visitor and an order count once in each row. An order that was taken back wholly counts no more; a purchase that names none is one of its own.
const rowsSQL = `SELECT keys, sum(lists), countIf(lists > 0), sum(impressions), sum(clicks), sum(orders), sum(revenue), countIf(orders > 0)
FROM (
	SELECT [%s] AS keys, visitor,
		uniqExactIf(request_id, kind = 'list') AS lists,
		sumIf(sign, kind = 'impression') AS impressions,
		sumIf(sign, kind = 'click') AS clicks,
		arrayCount(n -> n > 0, sumMapIf([if(order_id = '', concat(request_id, toString(occurred_at)), order_id)], [toInt64(sign)], kind = 'purchase').2) AS orders,
		sumIf(toFloat64(ifNull(value_micros, 0)) * sign, kind = 'purchase') / 1000000 AS revenue
	` + where + `
	GROUP BY keys, visitor
)
GROUP BY keys ORDER BY keys LIMIT 10000`

// armsSQL counts the visitors of each scene and variant: each is of the variant that he met first. What he did in the scene is what is compared, whatever it was attributed to.
const armsSQL = `SELECT scene, met, count(), countIf(clicked), countIf(bought), countIf(revenue != 0), sum(revenue), sum(revenue * revenue)
FROM (
	SELECT scene, visitor, argMinIf(variant, (answered_at, request_id), kind = 'list') AS met,
		sumIf(sign, kind = 'click') > 0 AS clicked,
		sumIf(sign, kind = 'purchase') > 0 AS bought,
		sumIf(toFloat64(ifNull(value_micros, 0)) * sign, kind = 'purchase') / 1000000 AS revenue
	` + where + ` AND variant != ''
	GROUP BY scene, visitor HAVING countIf(kind = 'list') > 0
)
GROUP BY scene, met ORDER BY scene, met`

// args are the parameters of both.
func (w span) args() []any {
	return []any{
		clickhouse.Named("workspace", w.workspace), clickhouse.Named("scene", w.scene),
		clickhouse.Named("from", w.from.UnixMilli()), clickhouse.Named("to", w.to.UnixMilli()),
	}
}

// sql names the database.
func (s *Service) sql(q string) string {
	dm := s.deps.DM
	if dm == "" {
		dm = "dm"
	}
	return strings.ReplaceAll(q, "{dm}", dm)
}

// rows reads what lists brought.
func (s *Service) rows(ctx context.Context, w span) (list []*recommendationv1.ReportRow, err error) {
	columns := make([]string, len(w.by))
	for i, name := range w.by {
		columns[i] = dimensions[name]
	}
	found, err := s.deps.ClickHouse.Query(ctx, s.sql(fmt.Sprintf(rowsSQL, strings.Join(columns, ", "))), w.args()...)
	if err != nil {
		return nil, fmt.Errorf("count what recommendations brought: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	for found.Next() {
		var keys []string
		var lists, visitors, orders, buyers uint64
		r := &recommendationv1.ReportRow{By: map[string]string{}}
		if err := found.Scan(&keys, &lists, &visitors, &r.Impressions, &r.Clicks, &orders, &r.Revenue, &buyers); err != nil {
			return nil, fmt.Errorf("read what recommendations brought: %w", err)
		}
		for i, name := range w.by {
			r.By[name] = keys[i]
		}
		r.Lists, r.Visitors, r.Purchases = int64(lists), int64(visitors), int64(orders)
		r.Ctr = ratio(float64(r.Clicks), float64(r.Impressions))
		r.Conversion = ratio(float64(buyers), float64(visitors))
		r.RevenuePerVisitor = ratio(r.Revenue, float64(visitors))
		list = append(list, r)
	}
	return list, found.Err()
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// trial is what the visitors of one scene did, by variant and figure.
type trial struct {
	scene    string
	names    []string
	variants map[string]map[experiment.Figure]experiment.Arm
}

// trials reads what is compared.
func (s *Service) trials(ctx context.Context, w span) (list []*trial, err error) {
	found, err := s.deps.ClickHouse.Query(ctx, s.sql(armsSQL), w.args()...)
	if err != nil {
		return nil, fmt.Errorf("count the visitors of variants: %w", err)
	}
	defer found.Close() //nolint:errcheck // Err tells.
	for found.Next() {
		var scene, variant string
		var visitors, clicked, bought, paid uint64
		var revenue, squares float64
		if err := found.Scan(&scene, &variant, &visitors, &clicked, &bought, &paid, &revenue, &squares); err != nil {
			return nil, fmt.Errorf("read the visitors of variants: %w", err)
		}
		i := slices.IndexFunc(list, func(x *trial) bool { return x.scene == scene })
		if i < 0 {
			i, list = len(list), append(list, &trial{scene: scene, variants: map[string]map[experiment.Figure]experiment.Arm{}})
		}
		list[i].names = append(list[i].names, variant)
		list[i].variants[variant] = map[experiment.Figure]experiment.Arm{
			experiment.Click: share01(visitors, clicked), experiment.Conversion: share01(visitors, bought),
			experiment.Revenue: {Visitors: int64(visitors), Sum: revenue, Sum2: squares, Responders: int64(paid)},
		}
	}
	return list, found.Err()
}

// share01 is an arm whose values are 0 or 1.
func share01(visitors, did uint64) experiment.Arm {
	return experiment.Arm{Visitors: int64(visitors), Sum: float64(did), Sum2: float64(did), Responders: int64(did)}
}
