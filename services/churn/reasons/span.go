package reasons

import (
	"math"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
)

const day = 24 * time.Hour

// expand puts what f gives into a template's {keys}.
func expand(template string, f func(key string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		var key string
		key, template, _ = strings.Cut(rest, "}")
		b.WriteString(f(key))
	}
}

// of puts texts into a template: keys and texts in turn.
func of(template string, pairs ...string) string {
	return expand(template, func(key string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1]
			}
		}
		return ""
	})
}

// noun is the form that goes with a number as it is written: of two forms the first for 1.
func noun(forms []string, x float64, written string) string {
	if len(forms) > 1 && (written != "1" || x < 0) {
		return forms[1]
	}
	return forms[0]
}

// measured is a length of time as a number of a unit: minutes, hours to two days, days to two years, years. round says how the number is made whole.
func measured(days float64, round func(float64) float64) (x float64, unit string) {
	switch hours := days * 24; {
	case round(hours*60) < 60:
		return round(hours * 60), "minute"
	case round(hours) < 48:
		return round(hours), "hour"
	case round(days) < 730:
		return round(days), "day"
	}
	return math.Floor(days/365*10) / 10, "year"
}

// span writes a length of time.
func (b *Book) span(l Language, days float64, round func(float64) float64) string {
	f := b.words.forms.in(l)
	x, unit := measured(max(days, 0), round)
	if unit == "minute" && x < 1 {
		return f.Short
	}
	n := l.number(x)
	return n + " " + noun(f.Nouns[unit], x, n)
}

// ago writes how long back a moment lies. What lies ahead, by a clock that is ahead, is just now.
func (b *Book) ago(l Language, days float64) string {
	if days*24 < 1 {
		return b.words.forms.in(l).Soon
	}
	return of(b.words.forms.in(l).Ago, "span", b.span(l, days, math.Floor))
}

// window writes a window; ever is the word for a lifetime.
func (b *Book) window(l Language, w catalog.Window, ever string) string {
	if w.Length == 0 {
		return ever
	}
	f := b.words.forms.in(l)
	length, unit := time.Minute, "minute"
	switch {
	case w.Length > day && w.Length%day == 0:
		length, unit = day, "day"
	case w.Length%time.Hour == 0:
		length, unit = time.Hour, "hour"
	}
	x := float64(w.Length / length)
	n := l.number(x)
	name := noun(f.Nouns[unit], x, n)
	if n == "1" {
		return of(f.One, "noun", name, "span", n+" "+name)
	}
	return of(f.Within, "span", n+" "+name)
}
