package simulator

import (
	"math"
	"time"
)

var (
	hourWeight = [24]float64{.25, .15, .1, .08, .1, .2, .4, .7, .9, 1, 1.1, 1.2, 1.3, 1.2, 1.1, 1.1, 1.2, 1.4, 1.6, 1.9, 2.1, 1.9, 1.3, .7}
	dayWeight  = [7]float64{1.25, .95, .9, .9, .95, 1.0, 1.15} // from Sunday
)

// intensity is how busy the shop is in the hour that begins at t, in UTC: evenings, week-ends and the weeks before Christmas.
func intensity(t time.Time) float64 {
	yearly := 1 + 0.3*math.Cos(2*math.Pi*float64(t.YearDay()-345)/365.25)
	return hourWeight[t.Hour()] * dayWeight[t.Weekday()] * yearly
}

// warp turns even time (0 to length, in which the shop is equally busy always) into calendar time. People live in even time, so what
// they do does not depend on the calendar; the warp makes the nights quiet. It must be asked in rising order.
type warp struct {
	from   time.Time
	length float64 // milliseconds
	scale  float64 // even milliseconds for one unit of weight
	// The hour at hand: where it begins in calendar and in even time, and its even length.
	at, even, span float64
}

const hourMillis = float64(time.Hour / time.Millisecond)

func newWarp(from, to time.Time) *warp {
	w := &warp{from: from, length: float64(to.Sub(from).Milliseconds())}
	total := 0.0
	for at := 0.0; at < w.length; at += hourMillis {
		total += intensity(w.hour(at)) * math.Min(hourMillis, w.length-at)
	}
	w.scale = w.length / total
	w.enter(0, 0)
	return w
}

func (w *warp) hour(at float64) time.Time {
	return w.from.Add(time.Duration(at) * time.Millisecond).UTC()
}

func (w *warp) enter(at, even float64) {
	w.at, w.even = at, even
	w.span = intensity(w.hour(at)) * w.scale * math.Min(hourMillis, w.length-at)
}

// time is the calendar time of an even time, both in milliseconds since from.
func (w *warp) time(even int64) time.Time {
	e := math.Min(float64(even), w.length)
	for e > w.even+w.span && w.at+hourMillis < w.length {
		w.enter(w.at+hourMillis, w.even+w.span)
	}
	long := math.Min(hourMillis, w.length-w.at)
	at := math.Min(w.at+long*(e-w.even)/w.span, w.length)
	return w.from.Add(time.Duration(at) * time.Millisecond).UTC()
}
