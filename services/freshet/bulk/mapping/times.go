package mapping

import (
	"cmp"
	"time"

	"github.com/freshet/freshet/services/freshet/bulk/moment"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// sent is how a time is sent.
const sent = "2006-01-02T15:04:05.000Z"

// timing converts to dates and timestamps.
type timing struct {
	clock *moment.Clock
	date  bool
	zone  int // the slot of the column of zones; -1 for none
}

// times compiles a field of type date or timestamp.
func (v *value) times(c *compiler, f *Field) {
	clock, err := moment.New(f.Layouts, cmp.Or(f.Zone, c.spec.Format.Zone))
	if err != nil {
		c.fault("%s.%v", v.at, err)
		return
	}
	v.reason = reasonTime
	v.time = &timing{clock: clock, date: f.Type == "date", zone: -1}
	if f.ZoneColumn != "" {
		v.time.zone = c.slot(v.at+".zone_column", f.ZoneColumn)
	}
}

// convert reads a time; short says that its time of day is missing.
func (t *timing) convert(v rows.Value, row *rows.Row, short bool) (rows.Value, error) {
	at, err := t.read(v, row, short)
	if err != nil {
		return v, err
	}
	if t.date {
		return rows.Value{Kind: rows.Text, Text: at.Format(time.DateOnly)}, nil
	}
	if at = at.UTC(); at.Year() < 0 || at.Year() > 9999 {
		return v, problem("is not within the years 0 to 9999")
	}
	return rows.Value{Kind: rows.Text, Text: at.Format(sent)}, nil
}

func (t *timing) read(v rows.Value, row *rows.Row, short bool) (time.Time, error) {
	switch {
	case v.Kind == rows.Instant:
		at, err := time.Parse(time.RFC3339Nano, v.Text)
		return at.In(t.clock.Zone()), err
	case t.zone >= 0:
		return t.clock.ParseIn(v.Text, row.Value(t.zone).Text, short)
	case short:
		return t.clock.ParseDay(v.Text)
	}
	return t.clock.Parse(v.Text)
}
