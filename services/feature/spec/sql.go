package spec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// Query asks for the features of one customer, or of all of them, at one moment.
type Query struct {
	// Database holds events, orders and identity_overrides; a plain name. Empty means "dw".
	Database string
	// Workspace is the tenant.
	Workspace string
	// Customer is the surviving id after all merges; empty asks for every customer.
	Customer string
	// AsOfMs is the moment to look from, Unix milliseconds.
	AsOfMs int64
}

// Statement is one ClickHouse query with its server-side parameters.
//
// It gives one row for each customer that had an event by then, ordered by id:
// customer_id String, one Array(Int64) for each of Measures with one element for
// each of Windows, then first_seen_ms, last_seen_ms, first_order_ms and
// last_order_ms as Int64 (0 for never), then names Array(String) and name_ms
// Array(Int64), at most MaxNames, latest first. Scan reads it.
type Statement struct {
	Text       string
	Parameters map[string]string
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// SQL compiles the definition into ClickHouse's language. It fails only when the
// database is no plain name.
//
// Facts are read through the warehouse's views, which hide duplicates, and each
// customer id is replaced by the one it was merged into: one hop is enough because
// identity writes flattened mappings, and the view keeps the latest for each id.
func SQL(q Query) (Statement, error) {
	if q.Database == "" {
		q.Database = "dw"
	}
	if !plainName.MatchString(q.Database) {
		return Statement{}, fmt.Errorf("compile features: database %q is no plain name", q.Database)
	}
	p := map[string]string{"workspace": q.Workspace, "as_of": strconv.FormatInt(q.AsOfMs, 10)}
	for _, w := range windows {
		if w.Length > 0 {
			p["start_"+w.Name] = strconv.FormatInt(w.StartMs(q.AsOfMs), 10)
		}
	}
	if q.Customer != "" {
		p["customer"] = q.Customer
	}
	return Statement{Text: text(q), Parameters: p}, nil
}

func text(q Query) string {
	var b strings.Builder
	fmt.Fprintf(&b, `WITH
    fromUnixTimestamp64Milli({as_of:Int64}, 'UTC') AS as_of,
    moved AS
    (
        SELECT from_customer_id AS old, to_customer_id AS new
        FROM %s.identity_overrides
        WHERE workspace = {workspace:String}
    )
SELECT
    e.customer AS customer_id,
`, q.Database)
	for _, m := range measures {
		side := "e"
		if m.Kind != eventv1.OrderKind_ORDER_KIND_UNSPECIFIED {
			side = "o"
		}
		fmt.Fprintf(&b, "    %s.%s AS %s,\n", side, m.Name, m.Name)
	}
	fmt.Fprintf(&b, `    e.first_ms AS first_seen_ms,
    e.last_ms AS last_seen_ms,
    o.first_ms AS first_order_ms,
    o.last_ms AS last_order_ms,
    arrayMap(x -> x.1, e.latest) AS names,
    arrayMap(x -> x.2, e.latest) AS name_ms
FROM
(
%s) AS e
LEFT JOIN
(
%s) AS o ON o.customer = e.customer
ORDER BY customer_id
`, eventSide(q), orderSide(q))
	return b.String()
}

// eventSide sums what every event adds, and the last time of each name.
func eventSide(q Query) string {
	return "    SELECT\n" + columns(eventv1.OrderKind_ORDER_KIND_UNSPECIFIED) +
		`        min(toUnixTimestamp64Milli(f.occurred_at)) AS first_ms,
        max(toUnixTimestamp64Milli(f.occurred_at)) AS last_ms,
        maxMap(map(if(f.type = 'track', toString(f.name), toString(f.type)), toUnixTimestamp64Milli(f.occurred_at))) AS by_name,
        arraySlice(arraySort(x -> (-x.2, x.1), arrayZip(mapKeys(by_name), mapValues(by_name))), 1, ` + strconv.Itoa(MaxNames) + `) AS latest,
` + from(q, "events")
}

// orderSide sums what order events add. A measure of no event is 0, as in Go.
func orderSide(q Query) string {
	kinds := []eventv1.OrderKind{eventv1.OrderKind_ORDER_KIND_COMPLETED, eventv1.OrderKind_ORDER_KIND_REFUNDED}
	return "    SELECT\n" + columns(kinds...) +
		`        minIf(toUnixTimestamp64Milli(f.occurred_at), f.kind = 'completed') AS first_ms,
        maxIf(toUnixTimestamp64Milli(f.occurred_at), f.kind = 'completed') AS last_ms,
` + from(q, "orders")
}

func from(q Query, table string) string {
	only := ""
	if q.Customer != "" {
		only = `
        AND (f.customer_id = {customer:String} OR f.customer_id IN (SELECT old FROM moved WHERE new = {customer:String}))`
	}
	return fmt.Sprintf(`        if(m.new = '', f.customer_id, m.new) AS customer
    FROM %s.%s AS f
    LEFT JOIN moved AS m ON m.old = f.customer_id
    WHERE f.workspace = {workspace:String} AND f.occurred_at <= as_of%s
    GROUP BY customer
`, q.Database, table, only)
}

// columns writes one array for each measure of the kinds, an element a window.
func columns(kinds ...eventv1.OrderKind) string {
	var b strings.Builder
	for _, m := range measures {
		for _, kind := range kinds {
			if m.Kind != kind {
				continue
			}
			cells := make([]string, 0, len(windows))
			for _, w := range windows {
				cells = append(cells, cell(m, w))
			}
			fmt.Fprintf(&b, "        [%s] AS %s,\n", strings.Join(cells, ",\n         "), m.Name)
		}
	}
	return b.String()
}

func cell(m Measure, w Window) string {
	var conditions []string
	if word := kindWords[m.Kind]; word != "" {
		conditions = append(conditions, "f.kind = '"+word+"'")
	}
	if w.Length > 0 {
		conditions = append(conditions, "f.occurred_at >= fromUnixTimestamp64Milli({start_"+w.Name+":Int64}, 'UTC')")
	}
	if len(conditions) == 0 {
		return fmt.Sprintf("toInt64(sum(%s))", m.Term.column())
	}
	return fmt.Sprintf("toInt64(sumIf(%s, %s))", m.Term.column(), strings.Join(conditions, " AND "))
}

var kindWords = map[eventv1.OrderKind]string{
	eventv1.OrderKind_ORDER_KIND_COMPLETED: "completed",
	eventv1.OrderKind_ORDER_KIND_REFUNDED:  "refunded",
}

// column is the term over a row of the view orders, or events for One.
func (t Term) column() string {
	switch t {
	case Units:
		return "f.quantity * 1000000"
	case Total:
		return "f.total_micros"
	case Magnitude:
		return "abs(f.total_micros)"
	default:
		return "1"
	}
}
