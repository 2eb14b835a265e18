package instant

import "time"

// parts are what a text says of a time, not yet checked.
type parts struct {
	year, month, day, hour, minute, second int
	nanos                                  int64 // beyond the whole of the smallest part that was written
	offset                                 int   // seconds east of UTC
	timed, zoned                           bool
	half                                   byte // 'a' or 'p' of a clock of twelve hours, else 0
}

// time checks the parts and puts them together.
func (p *parts) time() (time.Time, bool) {
	hour := p.hour
	if p.half != 0 {
		if hour < 1 || hour > 12 {
			return time.Time{}, false
		}
		if hour %= 12; p.half == 'p' {
			hour += 12
		}
	}
	midnight := hour == 24 && p.minute == 0 && p.second == 0 && p.nanos == 0
	if p.month < 1 || p.month > 12 || p.day < 1 || p.day > days(p.year, p.month) || hour > 23 && !midnight || p.minute > 59 || p.second > 60 {
		return time.Time{}, false
	}
	t := time.Date(p.year, time.Month(p.month), p.day, hour, p.minute, p.second, 0, time.UTC)
	return ranged(t.Add(time.Duration(p.nanos) - time.Duration(p.offset)*time.Second))
}

// ranged lets through what other programs can write too.
func ranged(t time.Time) (time.Time, bool) {
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, false
	}
	return t, true
}

// days is the number of days of a month.
func days(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// ordinal sets month and day from the day of the year, from 1.
func (p *parts) ordinal(day int) bool {
	if day < 1 || day > time.Date(p.year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay() {
		return false
	}
	t := time.Date(p.year, 1, day, 0, 0, 0, 0, time.UTC)
	p.month, p.day = int(t.Month()), t.Day()
	return true
}

// week sets year, month and day from a week of ISO 8601, from 1, and the day of it, Monday is 1.
func (p *parts) week(week, day int) bool {
	if week < 1 || week > 53 || day < 1 || day > 7 {
		return false
	}
	fourth := time.Date(p.year, 1, 4, 0, 0, 0, 0, time.UTC) // is always in week 1
	monday := (int(fourth.Weekday()) + 6) % 7
	t := fourth.AddDate(0, 0, (week-1)*7+day-1-monday)
	if of, _ := t.ISOWeek(); of != p.year { // this year has no week 53
		return false
	}
	p.year, p.month, p.day = t.Year(), int(t.Month()), t.Day()
	return true
}
