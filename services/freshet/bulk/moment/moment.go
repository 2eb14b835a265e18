// Package moment reads times as people and programs write them, by named layouts, and finds the layouts of a column by its values. It is not
// for a single text about which nothing is known: see services/collector/instant.
//
// Invariants: a time written by a layout is read back by it (TestWhatIsWrittenIsReadBack); a text that names a time that does not exist, the 30th of
// February or an hour that is left out in the zone, is none (TestTimesThatDoNotExist); where the values of a column fit two orders of day
// and month, the finding says so (TestTheOrderOfDayAndMonth).
package moment

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the names of time zones, also in images that have none
)

// Clock reads times of known layouts in a time zone. For one goroutine.
type Clock struct {
	layouts []layout
	zone    *time.Location
	home    map[string]int            // abbreviations that the zone itself uses: CST is one thing in Chicago and another in Shanghai
	beside  map[string]*time.Location // zones of other columns met before
}

// layout is one way to write a time.
type layout struct {
	name  string
	kind  kind
	unit  time.Duration // of unix
	goes  string        // Go's layout
	zoned bool          // of Go's layouts
	steps pattern       // of strftime
	day   pattern       // of strftime: the date alone
}

type kind uint8

const (
	iso kind = iota
	unix
	excel
	excel1904
	strftime
	golang
)

// named are the layouts that have a name.
var named = map[string]layout{
	"iso": {kind: iso}, "unix": {kind: unix, unit: time.Second}, "unix_ms": {kind: unix, unit: time.Millisecond}, "unix_us": {kind: unix, unit: time.Microsecond},
	"unix_ns": {kind: unix, unit: time.Nanosecond}, "excel": {kind: excel}, "excel1904": {kind: excel1904},
}

// New makes a clock. Layouts are tried in order: iso (the default when there is none), unix, unix_ms, unix_us, unix_ns, excel, excel1904,
// strftime patterns, and Go's layouts. zone is that of times that name none: an IANA name, or one of those that Zone knows; UTC when empty.
// Errors name the key they are about: `layouts[1]: ...` or `zone: ...`.
func New(layouts []string, zone string) (*Clock, error) {
	c := &Clock{zone: time.UTC, beside: map[string]*time.Location{}}
	if zone != "" {
		at, err := time.LoadLocation(zone)
		if err != nil {
			at, err = Zone(zone)
		}
		if err != nil || zone == "Local" {
			return nil, fmt.Errorf("zone: %q is no time zone: give an IANA name, such as Europe/Berlin", zone)
		}
		c.zone, c.home = at, abbreviations(at)
	}
	if len(layouts) == 0 {
		layouts = []string{"iso"}
	}
	for i, name := range layouts {
		l, err := newLayout(name)
		if err != nil {
			return nil, fmt.Errorf("layouts[%d]: %w", i, err)
		}
		c.layouts = append(c.layouts, l)
	}
	return c, nil
}

func newLayout(name string) (l layout, err error) {
	l, ok := named[name]
	l.name = name
	switch {
	case ok:
	case strings.Contains(name, "%"):
		l.kind = strftime
		if l.steps, err = compile(fold(name)); err == nil {
			l.day = l.steps.day()
		}
	case !strings.Contains(name, "06"):
		err = fmt.Errorf("%q has no year: give iso, unix, unix_ms, unix_us, unix_ns, excel, excel1904, a strftime pattern such as %%d.%%m.%%Y, or a Go layout such as 02.01.2006", name)
	default:
		l.kind, l.goes = golang, name
		l.zoned = strings.Contains(name, "Z07") || strings.Contains(name, "-07") || strings.Contains(name, "MST")
	}
	return l, err
}

// Zone is the zone that times are read in which name none.
func (c *Clock) Zone() *time.Location { return c.zone }

// Parse reads a time. Local times that come twice, when the clocks go back, mean the first.
func (c *Clock) Parse(text string) (time.Time, error) { return c.parse(text, c.zone, false) }

// ParseDay reads a date whose time of day is not there: layouts with both are taken for their date.
func (c *Clock) ParseDay(text string) (time.Time, error) { return c.parse(text, c.zone, true) }

// ParseIn reads a time whose zone stands beside it, in another column; a zone in the text itself counts more. An empty zone is the clock's own.
// day is as for ParseDay.
func (c *Clock) ParseIn(text, zone string, day bool) (time.Time, error) {
	at, err := c.find(zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("stands beside a zone that cannot be told: %w", err)
	}
	return c.parse(text, at, day)
}

// find is the zone that a text beside a time names.
func (c *Clock) find(zone string) (*time.Location, error) {
	if zone = fold(zone); zone == "" {
		return c.zone, nil
	}
	at, ok := c.beside[zone]
	if ok {
		return at, nil
	}
	if seconds, ok := c.home[zone]; ok {
		at = time.FixedZone(zone, seconds)
	} else {
		var err error
		if at, err = Zone(zone); err != nil {
			return nil, err
		}
	}
	if len(c.beside) < 1000 {
		c.beside[zone] = at
	}
	return at, nil
}

func (c *Clock) parse(text string, zone *time.Location, day bool) (time.Time, error) {
	text = fold(text)
	for i := range c.layouts {
		t, err := c.layouts[i].read(text, zone, c.home, day)
		if err == nil || errors.Is(err, errGap) {
			return t, err
		}
	}
	return time.Time{}, fmt.Errorf("is no time written as %s", c.names())
}

// errOther is the error of a text that is not written in a layout.
var errOther = errors.New("is not written so")

func (l *layout) read(text string, zone *time.Location, home map[string]int, day bool) (t time.Time, err error) {
	var ok bool
	switch l.kind {
	case unix:
		if t, ok = since(text, l.unit); ok {
			return t, nil
		}
	case excel, excel1904:
		if t, ok = serial(text, l.kind == excel1904); ok {
			return local(t, zone)
		}
	case golang:
		t, err := time.Parse(l.goes, text)
		if err != nil || l.zoned || zone == time.UTC {
			return t, err
		}
		return local(t, zone)
	default:
		c := scan{s: text, home: home}
		steps := l.steps
		if day && l.day != nil {
			steps = l.day
		}
		if l.kind == iso && c.iso() || l.kind == strftime && steps.read(&c) {
			if c.w.ready() {
				return c.w.in(zone)
			}
		}
	}
	return t, errOther
}

func (c *Clock) names() string {
	var names []string
	for _, l := range c.layouts {
		names = append(names, l.name)
	}
	return strings.Join(names, " or ")
}
