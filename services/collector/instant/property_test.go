package instant

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// writings are ways to write any time, and how fine each is.
var writings = map[string]struct {
	precision time.Duration
	write     func(time.Time) string
}{
	"RFC 3339":         {time.Nanosecond, layout(time.RFC3339Nano)},
	"ISO, no colon":    {time.Millisecond, layout("2006-01-02T15:04:05.000Z0700")},
	"ISO, comma":       {time.Microsecond, layout("2006-01-02T15:04:05,000000Z07:00")},
	"ISO, basic":       {time.Second, layout("20060102T150405Z0700")},
	"ISO, minutes":     {time.Minute, layout("2006-01-02T15:04Z07:00")},
	"ISO, ordinal":     {time.Second, layout("2006-002T15:04:05Z07:00")},
	"ISO, ordinal, 2":  {time.Second, layout("2006002T150405Z0700")},
	"Ruby":             {time.Second, layout("2006-01-02 15:04:05 -0700")},
	"Python":           {time.Microsecond, layout("2006-01-02 15:04:05.000000-07:00")},
	"slashes, lenient": {time.Second, layout("2006/1/2 15:04:05 -0700")},
	"RFC 1123":         {time.Second, layout(time.RFC1123Z)},
	"RFC 2822":         {time.Second, layout("Mon, 2 Jan 2006 15:04:05 -0700")},
	"ctime, zone":      {time.Second, layout("Mon Jan _2 15:04:05 -0700 2006")},
	"git":              {time.Second, layout("Mon Jan 2 15:04:05 2006 -0700")},
	"JavaScript":       {time.Second, layout("Mon Jan 02 2006 15:04:05 GMT-0700 (MST)")},
	"web server":       {time.Second, layout("02/Jan/2006:15:04:05 -0700")},
	"America":          {time.Second, layout("January 2, 2006 3:04:05 PM -0700")},
	"Go":               {time.Nanosecond, layout("2006-01-02 15:04:05.999999999 -0700 MST")},
	"ISO, week": {time.Second, func(t time.Time) string {
		year, week := t.ISOWeek()
		return fmt.Sprintf("%04d-W%02d-%d", year, week, (int(t.Weekday())+6)%7+1) + t.Format("T15:04:05Z07:00")
	}},
	"12 hours with dots": {time.Minute, func(t time.Time) string {
		half := "a.m."
		if t.Hour() >= 12 {
			half = "p.m."
		}
		return t.Format("2006-01-02 3:04 ") + half + t.Format(" -07:00")
	}},
	"other digits": {time.Second, func(t time.Time) string {
		out := []rune(t.Format("2006-01-02T15:04:05Z07:00"))
		for i, r := range out {
			if r >= '0' && r <= '9' {
				out[i] = r - '0' + '۰'
			}
		}
		return string(out)
	}},
}

func layout(l string) func(time.Time) string {
	return func(t time.Time) string { return t.Format(l) }
}

func TestWhateverIsWrittenIsReadBack(t *testing.T) {
	for name, w := range writings {
		rapid.Check(t, func(t *rapid.T) {
			minutes := rapid.IntRange(-12*60, 14*60).Draw(t, "zone")
			at := time.Unix(rapid.Int64Range(0, 7_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).
				In(time.FixedZone("XYZ", minutes*60)).Truncate(w.precision)
			text := w.write(at)
			if got, ok := Parse([]byte(text)); !ok || !got.Equal(at) {
				t.Fatalf("%s: %q was read as %s %v, want %s", name, text, got.UTC().Format(time.RFC3339Nano), ok, at.UTC().Format(time.RFC3339Nano))
			}
		})
	}
}

func TestNumbersOfEveryUnitAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1_000_000_000, 4_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).UTC()
		for _, c := range []struct {
			text string
			want time.Time
		}{
			{strconv.FormatInt(at.Unix(), 10), at.Truncate(time.Second)},
			{strconv.FormatInt(at.UnixMilli(), 10), at.Truncate(time.Millisecond)},
			{strconv.FormatInt(at.UnixMicro(), 10), at.Truncate(time.Microsecond)},
			{strconv.FormatInt(at.UnixNano(), 10), at},
			{fmt.Sprintf("%d.%09d", at.Unix(), at.Nanosecond()), at},
			{fmt.Sprintf("%d.%03d", at.UnixMilli(), at.Nanosecond()/1000%1000), at.Truncate(time.Microsecond)},
			{fmt.Sprintf("%d.0e-9", at.UnixNano()), at},
			{fmt.Sprintf("0.%d%09de10", at.Unix(), at.Nanosecond()), at},
		} {
			if got, ok := Parse([]byte(c.text)); !ok || !got.Equal(c.want) {
				t.Fatalf("%s was read as %s %v, want %s", c.text, got.UTC().Format(time.RFC3339Nano), ok, c.want.Format(time.RFC3339Nano))
			}
		}
	})
}

// Nothing makes it panic, and what it reads it can write and read again.
func FuzzParse(f *testing.F) {
	for _, writing := range read {
		f.Add(writing)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := Parse([]byte(text))
		if !ok {
			return
		}
		if again, ok := Parse([]byte(at.UTC().Format(time.RFC3339Nano))); !ok || !again.Equal(at) {
			t.Errorf("%q is %s, which is read as %s %v", text, at, again, ok)
		}
	})
}

// What nearly all clients send costs nothing to read.
func TestTheCommonFormAllocatesNothing(t *testing.T) {
	raw := []byte(`"2026-11-28T00:42:35.123Z"`)
	if n := testing.AllocsPerRun(100, func() { JSON(raw) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{"RFC 3339": "2026-11-28T00:42:35.123Z", "number": "1795826555123", "RFC 1123": "Sat, 28 Nov 2026 00:42:35 GMT", "unreadable": "Invalid date"} {
		b.Run(name, func(b *testing.B) {
			raw := []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				Parse(raw)
			}
		})
	}
}
