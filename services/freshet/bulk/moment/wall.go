package moment

import (
	"errors"
	"fmt"
	"time"
)

// wall is what a text says: what clocks showed, and where, if it says that.
type wall struct {
	year, month, day     int
	hour, minute, second int
	nanos                int
	half                 int // of the day: 1 before noon, 2 after it, 0 unsaid
	zoned                bool
	offset               int            // seconds east of UTC
	place                *time.Location // in place of an offset
	dayOfYear            int
}

// errGap is the error of a local time that does not exist.
var errGap = errors.New("falls into the hour that is left out when the clocks go forward")

// ready turns 12-hour clocks into 24 hours and days of the year into dates. It says whether there is such a time; 24:00 and a leap second are the
// beginning of what follows.
func (w *wall) ready() bool {
	if w.half > 0 && w.hour <= 12 {
		w.hour = w.hour%12 + 12*(w.half-1)
	}
	if w.dayOfYear > 0 {
		day := time.Date(w.year, 1, w.dayOfYear, 0, 0, 0, 0, time.UTC)
		if day.Year() != w.year {
			return false
		}
		w.month, w.day = int(day.Month()), day.Day()
	}
	if w.hour == 24 && w.minute+w.second+w.nanos > 0 || w.hour > 24 || w.minute > 59 || w.second > 60 {
		return false
	}
	return w.year >= 1 && w.month >= 1 && w.month <= 12 && w.day >= 1 && w.day <= days(w.year, w.month)
}

// days is the length of a month.
func days(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// in is the instant that is meant; times that name no zone are of this one.
func (w *wall) in(zone *time.Location) (time.Time, error) {
	at := time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, w.nanos, time.UTC)
	switch {
	case w.place != nil:
		return local(at, w.place)
	case w.zoned && w.offset != 0: // the day stays that of the text
		return at.Add(-time.Duration(w.offset) * time.Second).In(time.FixedZone("", w.offset)), nil
	case w.zoned:
		return at, nil
	case zone == time.UTC:
		return at, nil
	}
	return local(at, zone)
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
