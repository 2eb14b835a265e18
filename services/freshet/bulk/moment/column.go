package moment

import (
	"fmt"
	"slices"
	"strings"
)

// maxShapes is how many ways to write a time a column may have.
const maxShapes = 12

// Column gathers how the times of a column are written. The zero Column is empty.
type Column struct {
	values, unread int
	example        string // of unread ones
	shapes         []*counted
	orders         [3]evidence // by orders
	open           int         // values whose order is not told by themselves
	halved, single bool        // some have AM or PM; some a day or month of one digit
	seps           string      // between the numbers of dates of open order
	firsts, lasts  map[int]bool
	clocks         map[string]int // layouts of times of day without a date
	timed, zoned   int
	zone           string // an abbreviation that several countries use
}

// counted is a shape and how many values have it.
type counted struct {
	shape
	n int
}

// evidence is what speaks for an order of day, month and year.
type evidence struct {
	fits     int
	against  string // the first value that it does not fit
	last     int    // the day before, as yyyymmdd
	up, down int    // steps between rows
}

// Finding is how the times of a column are written.
type Finding struct {
	// Layouts as a mapping has them, the most frequent first.
	Layouts []string
	// Sure says that the values leave no other reading.
	Sure bool
	// Why is the evidence, for people, without a full stop.
	Why string
	// Alternatives are layouts in place of the first of Layouts that the values would fit as well; of what is not sure only.
	Alternatives []string
	// Numeric says that the values are pure numbers (unix seconds, yyyymmdd, Excel's days), which may be something else: the name of the column
	// has to speak for a time, at least not against it.
	Numeric bool
	// DateOnly says that no value has a time of day; Zoned that all name their zone.
	DateOnly, Zoned bool
	// Zones are set where the values name a zone by an abbreviation that several countries use (CST): one of them has to be the field's zone.
	Zones []string
	// Unread is how many values are no times: at most one of fifty, and Example is one of them.
	Unread  int
	Example string
}

// Add takes the next value, in the order of the rows. Blank ones count as absent.
func (c *Column) Add(text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	c.values++
	s, ok := shapeOf(text)
	if !ok || !c.count(&s) {
		c.unread++
		if c.example == "" {
			c.example = text
		}
		c.clock(text)
		return
	}
	if s.timed {
		c.timed++
	}
	if s.zoned {
		c.zoned++
	}
	c.halved = c.halved || s.halved
	if _, ok := several[s.zone]; ok {
		c.zone = s.zone
	}
	if s.open {
		c.weigh(&s, text)
	}
}

// count finds the shape among those met.
func (c *Column) count(s *shape) bool {
	for _, have := range c.shapes {
		if have.layout == s.layout && have.year4 == s.year4 {
			have.n++
			return true
		}
	}
	if len(c.shapes) == maxShapes {
		return false
	}
	c.shapes = append(c.shapes, &counted{*s, 1})
	return true
}

// weigh holds a date against each order.
func (c *Column) weigh(s *shape, text string) {
	if c.firsts == nil {
		c.firsts, c.lasts = map[int]bool{}, map[int]bool{}
	}
	c.open++
	c.single = c.single || !s.padded
	if s.sep != 0 && !strings.Contains(c.seps, string(rune(s.sep))) {
		c.seps += string(rune(s.sep))
	}
	if len(c.firsts) < 100 {
		c.firsts[s.dates[0]] = true
	}
	if len(c.lasts) < 100 {
		c.lasts[s.dates[2]] = true
	}
	for i, order := range orders {
		e := &c.orders[i]
		day := s.on(order)
		if day == 0 {
			if e.against == "" {
				e.against = text
			}
			continue
		}
		e.fits++
		switch {
		case e.last == 0 || day == e.last:
		case day > e.last:
			e.up++
		default:
			e.down++
		}
		e.last = day
	}
}

// enough says that nearly all values are counted: of fifty one may be none, as one bad row in a good file is one reject.
func enough(n, values int) bool { return values > 0 && values-n <= values/50 }

// Finding says how the times are written. ok is false for a column of something else.
func (c *Column) Finding() (f Finding, ok bool) {
	if !enough(c.values-c.unread, c.values) {
		return f, false
	}
	f = Finding{Sure: true, DateOnly: c.timed == 0, Zoned: c.zoned == c.values-c.unread, Unread: c.unread, Example: c.example}
	order := orders[0]
	var others []string
	if c.open > 0 {
		if order, others, ok = c.order(&f); !ok {
			return f, false
		}
	}
	shapes := slices.Clone(c.shapes)
	slices.SortStableFunc(shapes, func(a, b *counted) int { return b.n - a.n })
	for _, s := range shapes {
		f.Layouts = append(f.Layouts, s.ordered(order))
		f.Numeric = f.Numeric || s.numeric
	}
	f.Layouts = slices.Compact(f.Layouts)
	for _, s := range shapes {
		for _, other := range others {
			if s.open && !f.Sure {
				f.Alternatives = append(f.Alternatives, s.ordered(other))
			}
		}
		if s.open {
			break
		}
	}
	if c.zone != "" {
		f.Sure, f.Zones = false, zonesOf[c.zone]
		f.Why = c.zone + " is the name of several zones: it has to be said which"
	}
	if f.Why == "" {
		f.Why = "the values are written as " + f.Layouts[0]
	}
	if f.Numeric {
		c.number(&f)
	}
	return f, true
}

// number says what speaks against numbers being times.
func (c *Column) number(f *Finding) {
	f.Sure = false
	f.Why = "as " + f.Layouts[0] + " the numbers are times of our years"
	if f.Layouts[0] == "excel" {
		f.Alternatives = []string{"excel1904"}
	}
}

// order decides on the order of day, month and year. others fit as well.
func (c *Column) order(f *Finding) (order string, others []string, ok bool) {
	var fit []int
	for i := range orders {
		if enough(c.orders[i].fits, c.open) && (i < 2 || c.orders[i].fits > 0) {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return "", nil, false
	}
	best := fit[0]
	if len(fit) > 1 {
		best, f.Sure, f.Why = c.prefer(fit)
	} else {
		f.Why = c.excluded(best)
	}
	for _, i := range fit {
		if i != best {
			others = append(others, orders[i])
		}
	}
	f.Unread += c.open - c.orders[best].fits
	if f.Example == "" {
		f.Example = c.orders[best].against
	}
	return orders[best], others, true
}

var spoken = []string{"day, month, year", "month, day, year", "year, month, day"}

// excluded is the evidence where the values fit one order only.
func (c *Column) excluded(best int) string {
	for i, e := range c.orders {
		if i != best && e.against != "" && i < 2 {
			return fmt.Sprintf("%q can only be %s", e.against, spoken[best])
		}
	}
	return "the values can only be " + spoken[best]
}

// prefer picks an order where the values fit several.
func (c *Column) prefer(fit []int) (best int, sure bool, why string) {
	if best, ok := c.inTime(fit); ok {
		return best, true, fmt.Sprintf("read as %s the rows are in order of time, and otherwise they are not", spoken[best])
	}
	day := slices.Contains(fit, 0)
	switch {
	case c.seps == "." && day:
		return 0, true, "with points, dates begin with the day"
	case !slices.Contains(fit, 1) && day: // a day above twelve in front, or a year
		if len(c.firsts) > 12 && len(c.lasts) <= 6 {
			return 0, true, "the first number takes many values, as days do, and the last few, as years do"
		}
		if len(c.firsts) <= 6 && len(c.lasts) > 12 {
			return 2, true, "the last number takes many values, as days do, and the first few, as years do"
		}
		if len(c.firsts) < len(c.lasts) {
			return 2, false, "the last number takes more values than the first, as days do"
		}
		return 0, false, "the first number is taken for the day: it could be the year"
	case !day:
		return fit[0], false, "the first number is taken for the month: it could be the year"
	case c.halved:
		return 1, false, "with AM and PM, as in America, the month is taken to come first; no value proves it"
	case c.seps == "/" && c.single:
		return 1, false, "without leading zeros, as American programs write, the month is taken to come first; no value proves it"
	}
	return 0, false, "the day is taken to come first; no value proves it"
}

// inTime is the only order in which the rows go on in time, forwards or backwards.
func (c *Column) inTime(fit []int) (best int, ok bool) {
	const steps = 8
	best = -1
	for _, i := range fit {
		e := c.orders[i]
		all, odd := e.up+e.down, min(e.up, e.down)
		switch {
		case all >= steps && odd*50 <= all:
			if best >= 0 {
				return 0, false
			}
			best = i
		case all >= steps && odd*8 < all || all < steps:
			return 0, false // nearly as good
		}
	}
	return best, best >= 0
}

// clock notes a time of day that stands alone.
func (c *Column) clock(text string) {
	r := reader{scan: scan{s: fold(text)}}
	for !r.done() {
		if !r.next() {
			return
		}
	}
	if !r.ok.timed || len(r.numbers) > 0 || r.month > 0 {
		return
	}
	if c.clocks == nil {
		c.clocks = map[string]int{}
	}
	verb := "%H"
	if r.ok.halved {
		verb = "%I"
	}
	if layout := strings.Replace(r.shaped.String(), hour, verb, 1); len(c.clocks) < maxShapes || c.clocks[layout] > 0 {
		c.clocks[layout]++
	}
}

// TimeOfDay is for columns that hold a time of day, whose date stands in another: its layouts, such as %H:%M:%S, the most frequent first. Joined
// with a blank they make those of a template "{Date} {Time}".
func (c *Column) TimeOfDay() (layouts []string, ok bool) {
	n := 0
	for l, count := range c.clocks {
		n += count
		layouts = append(layouts, l)
	}
	slices.SortFunc(layouts, func(a, b string) int {
		if c.clocks[a] != c.clocks[b] {
			return c.clocks[b] - c.clocks[a]
		}
		return strings.Compare(a, b)
	})
	return layouts, enough(n, c.values)
}
