package interaction

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// columns are the names of the four columns; an empty one is not there.
type columns struct{ User, Item, Time, Value string }

// usual are names of published sets and of shops, in lower case without signs, the most telling first.
var usual = struct{ user, item, time, value []string }{
	user:  []string{"userid", "customerid", "visitorid", "sessionid", "user", "customer", "visitor", "session", "anonymousid", "invoiceno"},
	item:  []string{"itemid", "productid", "movieid", "item", "product", "movie", "sku", "stockcode", "articleid", "trackid"},
	time:  []string{"timestamp", "time", "at", "ts", "date", "datetime", "invoicedate", "eventtime", "occurredat"},
	value: []string{"rating", "value", "score", "weight"},
}

func plainName(s string) string {
	return strings.NewReplacer("_", "", " ", "", "-", "").Replace(strings.ToLower(s))
}

// bind finds the columns. closed says that no others can come.
func (o Options) bind(names []string, closed bool) (columns, error) {
	var c columns
	var faults []error
	for _, want := range []struct {
		what, said string
		usual      []string
		must       bool
		to         *string
	}{
		{"user or session", o.User, usual.user, true, &c.User},
		{"item", o.Item, usual.item, true, &c.Item},
		{"time", o.Time, usual.time, false, &c.Time},
		{"value", o.Value, usual.value, false, &c.Value},
	} {
		switch {
		case want.said == "-":
		case want.said != "" && (!closed || slices.Contains(names, want.said)):
			*want.to = want.said
		case want.said != "":
			faults = append(faults, fmt.Errorf("there is no column %q; there are %s", want.said, strings.Join(names, ", ")))
		default:
			*want.to = first(names, want.usual)
		}
		if want.must && *want.to == "" && want.said == "" {
			faults = append(faults, fmt.Errorf("no column looks like the %s; name one of %s", want.what, strings.Join(names, ", ")))
		}
	}
	if c.User == "" && len(faults) == 0 || c.Item == "" && len(faults) == 0 {
		faults = append(faults, errors.New("user and item are needed"))
	}
	return c, errors.Join(faults...)
}

func first(names, usual []string) string {
	for _, u := range usual {
		for _, n := range names {
			if plainName(n) == u {
				return n
			}
		}
	}
	return ""
}

func (c columns) list() []string { return []string{c.User, c.Item, c.Time, c.Value} }

type rowEvent struct {
	user, item string
	atMs       int64
	value      float64
}

// event reads a row. A missing value counts as 1. Tables that went through floats write user 17850 as 17850.0.
func (c columns) event(row *rows.Row) (rowEvent, error) {
	e := rowEvent{user: strings.TrimSuffix(row.Value(0).Text, ".0"), item: row.Value(1).Text, value: 1}
	switch {
	case e.user == "":
		return e, fmt.Errorf("column %s is empty", c.User)
	case e.item == "":
		return e, fmt.Errorf("column %s is empty", c.Item)
	}
	if c.Time != "" {
		var err error
		if e.atMs, err = parseTime(row.Value(2).Text); err != nil {
			return e, fmt.Errorf("column %s: %w", c.Time, err)
		}
	}
	if text := row.Value(3).Text; c.Value != "" && text != "" {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return e, fmt.Errorf("column %s: %q is no number", c.Value, text)
		}
		e.value = v
	}
	return e, nil
}

// layouts of times, the most frequent first; without a zone they are UTC.
var layouts = []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05", time.DateOnly, "2006-01-02 15:04:05.999999999", "2006-01-02 15:04"}

// parseTime reads Unix seconds (below 10^11), milliseconds or microseconds (from 10^14 on), RFC 3339, or a date with or without a time.
func parseTime(text string) (int64, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e17 {
		switch {
		case n < 1e11:
			return int64(n * 1000), nil
		case n < 1e14:
			return int64(n), nil
		}
		return int64(n / 1000), nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("%q is no time: write 2026-03-01T12:00:00Z, 2026-03-01 or Unix seconds or milliseconds", text)
}

// guessed names the columns of a first line of nothing but numbers: user, item, value, time, as MovieLens has them. Of three the last is a time when
// it is as large as one. Nil when the line is a header or has another number of columns.
func guessed(fields []string) []string {
	if len(fields) < 2 || len(fields) > 4 {
		return nil
	}
	last := 0.0
	for _, f := range fields {
		n, err := strconv.ParseFloat(strings.TrimSpace(f), 64)
		if err != nil {
			return nil
		}
		last = n
	}
	if len(fields) == 3 && last > 1e8 {
		return []string{"user", "item", "time"}
	}
	return []string{"user", "item", "value", "time"}[:len(fields)]
}
