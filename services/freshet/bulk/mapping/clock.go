package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the names of time zones, also in images that have none

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// clock reads times.
type clock struct {
	layouts []layout
	zone    *time.Location
}

// layout is one way to write a time: Go's layout, any of ISO 8601, a number of units (seconds, milliseconds) since 1970, or Excel's number of days.
type layout struct {
	name  string
	goes  string
	unit  time.Duration
	zoned bool
	iso   bool
	excel bool
}

// isoLayouts are the forms of ISO 8601 that a text may have, found by its shape: to try them one after the other costs more than all the rest.
func isoLayouts(text string) []layout {
	switch {
	case len(text) == len(time.DateOnly):
		return isoDay
	case len(text) > 10 && text[8] == 'T':
		return isoCompact
	case len(text) <= 10 || text[10] != 'T' && text[10] != ' ':
		return nil
	}
	zoned := strings.ContainsAny(text[11:], "Z+-")
	switch {
	case text[10] == 'T' && zoned:
		return isoZoned
	case text[10] == 'T':
		return isoLocal
	case zoned:
		return isoBlankZoned
	}
	return isoBlank
}

var (
	isoDay        = goLayouts(time.DateOnly)
	isoCompact    = goLayouts("20060102T150405", "20060102T150405Z0700")
	isoZoned      = goLayouts(time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00")
	isoLocal      = goLayouts("2006-01-02T15:04:05", "2006-01-02T15:04")
	isoBlankZoned = goLayouts("2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 -07:00")
	isoBlank      = goLayouts("2006-01-02 15:04:05", "2006-01-02 15:04")
)

func goLayouts(list ...string) (out []layout) {
	for _, l := range list {
		out = append(out, goLayout("iso", l))
	}
	return out
}

func newClock(layouts []string, zone string) (*clock, error) {
	c := &clock{}
	var err error
	if c.zone, err = time.LoadLocation(zone); err != nil || zone == "Local" {
		return nil, fmt.Errorf("zone: %q is no time zone such as Europe/Berlin", zone)
	}
	if len(layouts) == 0 {
		layouts = []string{"iso"}
	}
	for i, name := range layouts {
		switch {
		case name == "iso":
			c.layouts = append(c.layouts, layout{name: name, iso: true})
		case name == "unix":
			c.layouts = append(c.layouts, layout{name: name, unit: time.Second})
		case name == "unix_ms":
			c.layouts = append(c.layouts, layout{name: name, unit: time.Millisecond})
		case name == "excel":
			c.layouts = append(c.layouts, layout{name: name, excel: true})
		case strings.Contains(name, "%"):
			l, err := strftime(name)
			if err != nil {
				return nil, fmt.Errorf("layouts[%d]: %w", i, err)
			}
			c.layouts = append(c.layouts, goLayout(name, l))
		case !strings.Contains(name, "06"):
			return nil, fmt.Errorf("layouts[%d]: %q has no year: give iso, unix, unix_ms, excel, a strftime pattern such as %%d.%%m.%%Y, or a Go layout such as 02.01.2006", i, name)
		default:
			c.layouts = append(c.layouts, goLayout(name, name))
		}
	}
	return c, nil
}

func goLayout(name, l string) layout {
	return layout{name: name, goes: l, zoned: strings.Contains(l, "Z07") || strings.Contains(l, "-07") || strings.Contains(l, "MST")}
}

// verbs of strftime: the lenient form takes one digit or two.
var verbs = map[byte][2]string{
	'Y': {"2006", "2006"}, 'y': {"06", "06"}, 'm': {"1", "01"}, 'd': {"2", "02"}, 'e': {"_2", "_2"}, 'H': {"15", "15"}, 'I': {"3", "03"}, 'M': {"4", "04"},
	'S': {"5", "05"}, 'p': {"PM", "PM"}, 'b': {"Jan", "Jan"}, 'B': {"January", "January"}, 'a': {"Mon", "Mon"}, 'A': {"Monday", "Monday"},
	'z': {"Z0700", "Z0700"}, 'F': {"2006-01-02", "2006-01-02"}, 'T': {"15:04:05", "15:04:05"}, 'j': {"002", "002"}, '%': {"%", "%"},
}

// strftime translates a pattern into Go's. ".%f" needs no place of its own: Go reads a fraction behind any seconds.
func strftime(pattern string) (string, error) {
	p := strings.NewReplacer(".%f", "", ",%f", "").Replace(pattern)
	exact := 0
	for i := 0; i+2 < len(p); i++ {
		if p[i] == '%' && p[i+2] == '%' {
			exact = 1 // two verbs touch: only fixed widths keep them apart
		}
	}
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if p[i] != '%' {
			if p[i] >= '0' && p[i] <= '9' {
				return "", fmt.Errorf("%q: digits outside of a %% verb cannot be told from a time", pattern)
			}
			b.WriteByte(p[i])
			continue
		}
		if i++; i == len(p) {
			return "", fmt.Errorf("%q ends in the middle of a verb", pattern)
		}
		v, ok := verbs[p[i]]
		if !ok {
			return "", fmt.Errorf("%q: %%%c is none of Y y m d e H I M S f p b B a A z F T j", pattern, p[i])
		}
		b.WriteString(v[exact])
	}
	return b.String(), nil
}

// errGap is the error of a local time that does not exist.
var errGap = errors.New("falls into the hour that is left out when the clocks go forward")

// parse reads a time. Local times that come twice, when the clocks go back, mean the first.
func (c *clock) parse(v rows.Value) (time.Time, error) {
	if v.Kind == rows.Instant {
		return time.Parse(time.RFC3339Nano, v.Text)
	}
	for i := range c.layouts {
		l := &c.layouts[i]
		switch {
		case l.unit != 0:
			if t, ok := l.since(v.Text); ok {
				return t, nil
			}
		case l.excel:
			if wall, ok := serial(v.Text); ok {
				return local(wall, c.zone)
			}
		case l.iso:
			if t, ok, err := c.any(isoLayouts(v.Text), v.Text); ok {
				return t, err
			}
		default:
			if t, ok, err := c.any(c.layouts[i:i+1], v.Text); ok {
				return t, err
			}
		}
	}
	return time.Time{}, fmt.Errorf("is no time written as %s", c.names())
}

// any tries layouts; ok says that one fits, err that the time does not exist.
func (c *clock) any(layouts []layout, text string) (t time.Time, ok bool, err error) {
	for i := range layouts {
		t, err := time.Parse(layouts[i].goes, text)
		if err != nil {
			continue
		}
		if layouts[i].zoned || c.zone == time.UTC {
			return t, true, nil
		}
		t, err = local(t, c.zone)
		return t, true, err
	}
	return t, false, nil
}

// since reads a number of units since 1970, with decimals.
func (l *layout) since(text string) (time.Time, bool) {
	n, ok := decimal(text, ".", "")
	if !ok || strings.Contains(n, "e") {
		return time.Time{}, false
	}
	whole, fraction, _ := strings.Cut(n, ".")
	units, err := strconv.ParseInt(whole, 10, 64)
	if limit := 100_000_000_000 * int64(time.Second/l.unit); err != nil || units > limit || units < -limit { // the year 5138
		return time.Time{}, false
	}
	rest, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	rest = rest * int64(l.unit) / int64(time.Second)
	if strings.HasPrefix(whole, "-") {
		rest = -rest
	}
	if l.unit == time.Second {
		return time.Unix(units, rest).UTC(), true
	}
	return time.UnixMilli(units).Add(time.Duration(rest)).UTC(), true
}

// serial is what the clocks showed after a number of days as Excel counts them: 1 is the first of January 1900, and the day 60, which never was, is passed
// over with all before it. Its fraction is rounded to milliseconds.
func serial(text string) (time.Time, bool) {
	n, ok := decimal(text, ".", "")
	whole, fraction, _ := strings.Cut(n, ".")
	days, err := strconv.Atoi(whole)
	if !ok || err != nil || days <= 60 || days > 2_958_465 { // the end of the year 9999
		return time.Time{}, false
	}
	part, err := strconv.ParseInt((fraction + "0000000000")[:10], 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	const day, scale = 86_400_000, 10_000_000_000 // milliseconds; ten digits
	return time.Date(1899, 12, 30+days, 0, 0, 0, 0, time.UTC).Add(time.Duration((part*day+scale/2)/scale) * time.Millisecond), true
}

// local finds the instant at which the clocks of a zone show a time.
func local(wall time.Time, zone *time.Location) (time.Time, error) {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), zone)
	if !shows(at, wall) {
		return time.Time{}, fmt.Errorf("%w in %s", errGap, zone)
	}
	begin, _ := at.ZoneBounds()
	if begin.IsZero() {
		return at, nil
	}
	_, now := at.Zone()
	_, before := begin.Add(-1).Zone()
	if first := at.Add(time.Duration(now-before) * time.Second); first.Before(at) && shows(first, wall) {
		return first, nil
	}
	return at, nil
}

func shows(at, wall time.Time) bool {
	return at.Hour() == wall.Hour() && at.Minute() == wall.Minute() && at.Day() == wall.Day()
}

func (c *clock) names() string {
	var names []string
	for _, l := range c.layouts {
		if len(names) == 0 || names[len(names)-1] != l.name {
			names = append(names, l.name)
		}
	}
	return strings.Join(names, " or ")
}
