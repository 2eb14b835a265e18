package spec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Query asks for the features of one customer, or of all of them, at one moment.
type Query struct {
	// Database holds events, order_postings and identity_overrides; a plain name. Empty means "dw".
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
		if m.Posted {
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
	return "    SELECT\n" + columns(false) +
		`        min(toUnixTimestamp64Milli(f.occurred_at)) AS first_ms,
        max(toUnixTimestamp64Milli(f.occurred_at)) AS last_ms,
        maxMap(map(if(f.type = 'track', toString(f.name), toString(f.type)), toUnixTimestamp64Milli(f.occurred_at))) AS by_name,
        arraySlice(arraySort(x -> (-x.2, x.1), arrayZip(mapKeys(by_name), mapValues(by_name))), 1, ` + strconv.Itoa(MaxNames) + `) AS latest,
` + from(q, "events", "customer")
}

// orderSide sums what orders post. Postings are grouped by customer and moment first: a sale that was taken back leaves no time.
func orderSide(q Query) string {
	return "    SELECT\n" + columns(true) +
		`        minIf(f.at_ms, f.orders > 0) AS first_ms,
        maxIf(f.at_ms, f.orders > 0) AS last_ms,
        f.customer AS customer
    FROM
    (
        SELECT
            toUnixTimestamp64Milli(f.occurred_at) AS at_ms,
` + moments() + indent(from(q, "order_postings", "customer, at_ms")) + `    ) AS f
    GROUP BY customer
`
}

// moments sums the measures of orders over the postings of one moment, wide enough never to wrap.
func moments() string {
	var b strings.Builder
	for _, m := range measures {
		if m.Posted {
			fmt.Fprintf(&b, "            sum(toInt128(f.%s) * f.sign) AS %s,\n", m.Name, m.Name)
		}
	}
	return b.String()
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}

func from(q Query, table, by string) string {
	only := ""
	if q.Customer != "" {
		only = `
        AND (f.customer_id = {customer:String} OR f.customer_id IN (SELECT old FROM moved WHERE new = {customer:String}))`
	}
	return fmt.Sprintf(`        if(m.new = '', f.customer_id, m.new) AS customer
    FROM %s.%s AS f
    LEFT JOIN moved AS m ON m.old = f.customer_id
    WHERE f.workspace = {workspace:String} AND f.occurred_at <= as_of%s
    GROUP BY %s
`, q.Database, table, only, by)
}

// columns writes one array for each measure of events, or of orders, an element a window.
func columns(posted bool) string {
	var b strings.Builder
	for _, m := range measures {
		if m.Posted != posted {
			continue
		}
		cells := make([]string, 0, len(windows))
		for _, w := range windows {
			cells = append(cells, cell(m, w))
		}
		fmt.Fprintf(&b, "        [%s] AS %s,\n", strings.Join(cells, ",\n         "), m.Name)
	}
	return b.String()
}

// cell is one number: the count of events, or the sum over the moments of orders, cut to 64 bits as Sum.Clamp does.
func cell(m Measure, w Window) string {
	start := "{start_" + w.Name + ":Int64}"
	switch {
	case !m.Posted && w.Length == 0:
		return "toInt64(count())"
	case !m.Posted:
		return "toInt64(countIf(f.occurred_at >= fromUnixTimestamp64Milli(" + start + ", 'UTC')))"
	case w.Length == 0:
		return clamp("sum(f." + m.Name + ")")
	}
	return clamp("sumIf(f." + m.Name + ", f.at_ms >= " + start + ")")
}

// clamp is not greatest(least(...)): after its third run ClickHouse 26.7 compiles those two, and gets 128 bits wrong.
func clamp(sum string) string {
	return fmt.Sprintf("toInt64(clamp(%s, toInt128(%d), toInt128(%d)))", sum, int64(-Limit), int64(Limit))
}
