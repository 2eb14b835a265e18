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

// columns are the names of the columns; an empty one is not there. Offset is in milliseconds behind Time; Only is the one of Options.Only.
type columns struct{ User, Item, Time, Value, Offset, Only string }

// usual are names of published sets and of shops, in lower case without signs, the most telling first.
var usual = struct{ user, session, item, time, value []string }{
	user: []string{"userid", "customerid", "visitorid", "reviewerid", "memberid", "user", "customer", "visitor", "uid", "householdkey", "anonymousid"},
	// an invoice is a basket, where nothing says whose
	session: []string{"sessionid", "usersession", "session", "invoiceno", "invoice"},
	item: []string{"itemid", "productid", "movieid", "parentasin", "asin", "articleid", "artistid", "trackid", "songid", "videoid", "bookid", "businessid", "venueid", "newsid", "isbn",
		"item", "product", "movie", "sku", "stockcode", "iid", "sid"},
	time:  []string{"timestamp", "time", "at", "ts", "unixreviewtime", "date", "datetime", "invoicedate", "eventtime", "eventdate", "occurredat", "utctime", "tdat"},
	value: []string{"rating", "bookrating", "overall", "stars", "score", "value", "weight", "plays", "playcount"},
}

// rated says that a column's values are ratings, and no quantities.
func rated(column string) bool { return slices.Contains(usual.value[:5], plainName(column)) }

// plainName is a column's name as usual has it. Some published sets write its type behind it: user_id:token.
func plainName(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(s), ":")
	return strings.NewReplacer("_", "", " ", "", "-", "", ".", "").Replace(s)
}

// bind finds the columns. closed says that no others can come.
func (o Options) bind(names []string, closed bool) (columns, error) {
	var c columns
	var faults []error
	who := slices.Concat(usual.session[:3], usual.user, usual.session[3:])
	if o.Users {
		who = slices.Concat(usual.user, usual.session)
	}
	clock, offset, _ := strings.Cut(o.Time, "+")
	only, _, _ := strings.Cut(o.Only, "=")
	for _, want := range []struct {
		what, said string
		usual      []string
		must       bool
		to         *string
	}{
		{"user or session", o.User, who, true, &c.User},
		{"item", o.Item, usual.item, true, &c.Item},
		{"time", clock, usual.time, false, &c.Time},
		{"value", o.Value, usual.value, false, &c.Value},
		{"offset", offset, nil, false, &c.Offset},
		{"only", only, nil, false, &c.Only},
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
	if o.Time == "" && plainName(c.Time) == "eventdate" {
		c.Offset = first(names, []string{"timeframe"}) // Diginetica: the day, and milliseconds since the session began
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

// String tells which columns were taken for what.
func (c columns) String() string {
	clock := c.Time
	if c.Offset != "" {
		clock += "+" + c.Offset
	}
	parts := []string{c.User + " is the user", c.Item + " the item", clock + " the time", c.Value + " the value"}
	if slices.Contains(usual.session, plainName(c.User)) {
		parts[0] = c.User + " is the session"
	}
	for i, missing := range []bool{false, false, c.Time == "", c.Value == ""} {
		if missing {
			parts[i] = []string{"", "", "no time", "no value"}[i]
		}
	}
	return strings.Join(parts, ", ")
}

func (c columns) list() []string { return []string{c.User, c.Item, c.Time, c.Value, c.Offset, c.Only} }

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
		if text := row.Value(4).Text; text != "" {
			ms, err := strconv.ParseInt(text, 10, 64)
			if err != nil || ms < 0 || ms > maxOffset {
				return e, fmt.Errorf("column %s: %q are no milliseconds", c.Offset, text)
			}
			e.atMs += ms
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

// maxOffset is the most that a column of milliseconds may add to a time: a hundred years.
const maxOffset = 100 * 365 * 24 * 3600 * 1000

// layouts of times, the most frequent first; without a zone they are UTC. Of dates with slashes the month stands first, as in MIND.
var layouts = []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05", time.DateOnly, "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02 15:04:05 MST",
	"1/2/2006 3:04:05 PM", "1/2/2006 15:04", "1/2/2006 15:04:05", "1/2/2006", time.RubyDate}

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
