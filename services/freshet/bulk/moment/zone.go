package moment

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/freshet/freshet/services/collector/instant"
)

// Zone finds a time zone by the names that exports write: IANA's, those of Windows and of Rails ("Pacific Time (US & Canada)"), offsets
// ("+01:00", "GMT-3", "(UTC+01:00) Berlin") and abbreviations that mean one offset (PST, CEST).
func Zone(name string) (*time.Location, error) {
	name = fold(name)
	offset := ""
	if strings.HasPrefix(name, "(") {
		if inner, rest, ok := strings.Cut(name[1:], ")"); ok { // as Windows shows them: the name says more than the offset of the winter
			offset, name = inner, strings.TrimSpace(rest)
		}
	}
	for _, find := range []func(string) *time.Location{abbreviated, iana, called} {
		if at := find(name); at != nil {
			return at, nil
		}
	}
	if at := abbreviated(offset); at != nil {
		return at, nil
	}
	return nil, fmt.Errorf("%q is no zone that is known: IANA's names are, such as Europe/Berlin, offsets such as +01:00, and abbreviations that mean one offset; "+
		"of those that several countries use (CST, IST, BST), that of the field's own zone is", name)
}

// abbreviated is a zone as it stands behind a time: an abbreviation, a number, or a place.
func abbreviated(name string) *time.Location {
	c := scan{s: name}
	if name == "" || !c.zone() || !c.done() {
		return nil
	}
	if c.w.place != nil {
		return c.w.place
	}
	return time.FixedZone(name, c.w.offset)
}

func iana(name string) *time.Location {
	if !strings.Contains(name, "/") && name != "UTC" && strings.ToUpper(name) != name || name == "" {
		return nil // "Local", and what a folder of zones may hold besides
	}
	at, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return at
}

// places are the zones met in texts, by their IANA names: to load one takes longer than to read a row.
var places sync.Map

func place(name string) *time.Location {
	if at, ok := places.Load(name); ok {
		return at.(*time.Location) //nolint:errcheck // nothing else is stored
	}
	at := iana(name)
	if at != nil {
		places.Store(name, at)
	}
	return at
}

// called is a zone by a name of zoneNames, in any case.
func called(name string) *time.Location {
	zone, ok := calledNames()[strings.ToLower(name)]
	if !ok {
		cities := strings.Split(name, ",") // "Amsterdam, Berlin, Bern": one zone's cities
		if zone, ok = calledNames()[strings.ToLower(strings.TrimSpace(cities[0]))]; !ok {
			return nil
		}
	}
	return iana(zone)
}

var calledNames = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for _, line := range strings.Split(zoneNames, "\n") {
		zone, names, _ := strings.Cut(line, "=")
		for _, n := range strings.Split(names, "|") {
			out[strings.ToLower(n)] = zone
		}
	}
	return out
})

// abbreviation is what a word means for a zone, in seconds east of UTC.
func abbreviation(word string) (int, bool) {
	if word == "" || len(word) > 5 {
		return 0, false
	}
	return instant.Offset(word)
}

// zonesOf are the zones that an abbreviation may mean which several countries use.
var zonesOf = map[string][]string{
	"CST": {"America/Chicago", "Asia/Shanghai", "America/Havana"}, "IST": {"Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"}, "BST": {"Europe/London", "Asia/Dhaka"},
	"AST": {"America/Halifax", "Asia/Riyadh"}, "GST": {"Asia/Dubai", "Atlantic/South_Georgia"}, "AMT": {"America/Manaus", "Asia/Yerevan"},
}

// several has them with any offset: enough to see that a text names a zone.
var several = func() map[string]int {
	out := map[string]int{}
	for name := range zonesOf {
		out[name] = 0
	}
	return out
}()

// abbreviations are those that a zone uses itself, in summer and in winter, which decide where others use them for something else.
func abbreviations(zone *time.Location) map[string]int {
	out := map[string]int{}
	for _, year := range []int{2005, 2026} {
		for _, month := range []time.Month{time.January, time.July} {
			name, offset := time.Date(year, month, 1, 12, 0, 0, 0, zone).Zone()
			if name != "" && name[0] != '+' && name[0] != '-' {
				out[name] = offset
			}
		}
	}
	return out
}
