package draft

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/number"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// Draft is a mapping for a file, and what a person needs to judge it.
type Draft struct {
	// Mapping is YAML with comments.
	Mapping string
	// Notes are what was decided, in the order of the mapping.
	Notes []Note
	// Trial is what the mapping makes of the file.
	Trial *Trial
}

// look is what is known of the file before its columns.
type look struct {
	format rows.Format
	ownID  bool // the order's number is no message id
}

// Infer drafts a mapping for a file. Others are the paths of the other files of the same import: the draft says which of them have another header.
// Errors are of files that cannot be read at all.
func Infer(in *file.File, others ...string) (*Draft, error) {
	d := &Draft{}
	l, err := d.look(in)
	if err != nil {
		return nil, err
	}
	s, err := d.take(in, &l)
	if err != nil {
		return nil, err
	}
	columns := s.columns(-1)
	if order := find(columns, orderID, nil, func(c *column) bool { return c.filled > 0 }); order >= 0 {
		columns = s.columns(order)
	}
	for _, c := range columns {
		c.judge()
	}
	d.align(columns)
	text, known, err := d.shipped(l, s, columns)
	if err == nil && known {
		d.Trial, err = try(in, text)
	} else if err == nil {
		text, err = d.own(in, l, s, columns)
	}
	if err == nil && len(others) > 0 {
		err = d.beside(s.names, text, others)
	}
	if err != nil {
		return nil, err
	}
	d.Mapping = d.title(in, s) + text
	return d, nil
}

// take reads the sample, once more where it shows how values are written: signs before texts, and words for "no value".
func (d *Draft) take(in *file.File, l *look) (*sample, error) {
	s, err := take(in, l.format)
	if err != nil {
		return nil, err
	}
	if l.format.TextSign = s.textSign(); l.format.TextSign != "" {
		d.note(Sure, "values have %s before them, so that spreadsheets take them for texts: it is left out", l.format.TextSign)
		if s, err = take(in, l.format); err != nil {
			return nil, err
		}
	}
	if l.format.Null = s.nulls(); len(l.format.Null) > 0 {
		d.note(Guessed, "%s among numbers or times is no value. Set format.null", strings.Join(each(l.format.Null), ", "))
		return take(in, l.format)
	}
	return s, nil
}

// own is a mapping made of the columns alone. What its trial says of the order's number is mended, at most twice.
func (d *Draft) own(in *file.File, l look, s *sample, columns []*column) (text string, err error) {
	p := decide(s, columns)
	numbers := d.convention(columns, p)
	for {
		w := &writer{plan: p.copy(), look: l, columns: columns, numbers: numbers}
		text = w.write(in.Name)
		if d.Trial, err = try(in, text); err != nil {
			return "", err
		}
		if 2*d.Trial.Rejected["conflicting_rows"] > d.Trial.Rows && p.grouped {
			name := columns[p.order].name
			columns[p.order].denied = true
			if p = decide(s, columns); p.order < 0 {
				p.note(Guessed, "rows with the same %q name different people: it is no order's number, and each row is an event", name)
			}
			continue
		}
		if !mend(p, &l, d.Trial) {
			d.Notes = append(d.Notes, w.notes...)
			return text, nil
		}
	}
}

// mend changes what the trial has shown to be wrong; false when there is nothing of the kind.
func mend(p *plan, l *look, t *Trial) bool {
	switch {
	case t.Rejected["key_returned"] > 0 && p.sorted:
		p.sorted = false
	case t.Rejected["message_id_repeated"] > 0 && !l.ownID:
		l.ownID = true
	default:
		return false
	}
	return true
}

// look finds out how the file is written.
func (d *Draft) look(in *file.File) (look, error) {
	var l look
	found, err := rows.FindEncoding(in)
	if err != nil {
		return l, err
	}
	l.format.Encoding = found.Name
	if found.Name != "" {
		level, says := Sure, ""
		if !found.Sure {
			level = Guessed
		}
		if len(found.Others) > 0 {
			says = "; it may be " + strings.Join(found.Others, " or ")
		}
		d.note(level, "letters are written in %s: %s%s", found.Name, found.Why, says)
	}
	layout, err := rows.Layout(in, l.format)
	if err != nil {
		return l, err
	}
	l.format.SkipLines, l.format.Delimiter, l.format.Ignore, l.format.Sheet = layout.SkipLines, layout.Delimiter, layout.Ignore, layout.Sheet
	if layout.Headless {
		for i := range layout.Width {
			l.format.Columns = append(l.format.Columns, fmt.Sprintf("column_%d", i+1))
		}
	}
	level := Sure
	if !layout.Sure {
		level = Guessed
	}
	for _, why := range layout.Why {
		d.note(level, "%s", why)
	}
	return l, nil
}

func (d *Draft) note(level Level, format string, args ...any) {
	d.Notes = append(d.Notes, Note{level, fmt.Sprintf(format, args...)})
}

// title is the head of the mapping: where it comes from, and what to look at.
func (d *Draft) title(in *file.File, s *sample) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# A draft, made of %d rows of %s. Read it, change it, then: freshet import FILE --map THIS --preview 3\n", len(s.rows)+len(s.spread), strings.ToValidUTF8(in.Name, "?"))
	if s.unread > 0 {
		fmt.Fprintf(&b, "# %d of these rows could not be read: see --dry-run.\n", s.unread)
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "# %s: %s\n", n.Level, oneLine(n.Says))
	}
	return b.String()
}

// oneLine keeps a comment a comment, whatever a column is called.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// convention is how the file writes numbers: as its surest column does. Amounts count more than others.
func (d *Draft) convention(columns []*column, p *plan) number.Convention {
	points, best := -1, (*column)(nil)
	for i, c := range columns {
		if c.is != decimal {
			continue
		}
		n := 0
		if c.numbers.Sure {
			n += 4
		}
		if c.numbers.Convention != (number.Convention{}) {
			n += 2
		}
		if p.roles[i] != "" {
			n++
		}
		if n > points {
			points, best = n, c
		}
	}
	if best == nil {
		return number.Convention{}
	}
	if best.numbers.Decimal == "," || best.numbers.Thousands != "" || !best.numbers.Sure {
		level, says := Sure, ""
		if !best.numbers.Sure {
			level, says = Guessed, ". Set format.decimal and format.thousands"
			if len(best.numbers.Alternatives) > 0 && best.numbers.Thousands != "," { // a point is one thing in one half of the world, another in the other
				level = Ask
			}
		}
		d.note(level, "numbers have the decimal sign %q%s: %s%s", cmp.Or(best.numbers.Decimal, "."), groups(best.numbers.Thousands), best.numbers.Why, says)
	}
	return best.numbers.Convention
}

// groups says which sign stands between groups of digits.
func groups(sign string) string {
	if sign == "" {
		return ""
	}
	return fmt.Sprintf(", and %q between thousands", sign)
}
