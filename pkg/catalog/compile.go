package catalog

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"gopkg.in/yaml.v3"
)

// catalog expands definitions to features, and plans what they read.
func (p *parser) catalog() (*Catalog, error) {
	c := &Catalog{byName: map[string]int{}, Tags: p.tagList}
	b := &planner{byKey: map[string]int{}, slots: map[Slot]int{}}
	for _, d := range p.defs {
		c.Definitions = append(c.Definitions, d.Definition)
		for _, w := range windowsOf(d) {
			c.Features = append(c.Features, b.feature(d, w, len(c.Features)))
		}
	}
	faults := c.number()
	faults = append(faults, c.link()...)
	if len(c.Features) > MaxFeatures {
		faults = append(faults, fmt.Errorf("features: %d with all their windows, at most %d are allowed", len(c.Features), MaxFeatures))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	c.plan = b.finish()
	for i := range c.Features {
		f := &c.Features[i]
		for j, s := range f.slots {
			f.slots[j] = b.place[s]
		}
	}
	c.layout = NewLayout(c.fields())
	var err error
	c.source, err = yaml.Marshal(p.raw)
	return c, err
}

// windowsOf are the windows that a definition makes a feature for: the zero Window where it has none.
func windowsOf(d *compiled) []Window {
	if len(d.Windows) == 0 {
		if d.windowed && d.HalfLife == 0 {
			return []Window{Lifetime}
		}
		return []Window{{}}
	}
	var out []Window
	for _, name := range d.Windows {
		if w, err := parseWindow(name, d.Mode); err == nil {
			out = append(out, w)
		}
	}
	return out
}

// planner collects columns and slots.
type planner struct {
	columns []Column
	byKey   map[string]int
	list    []Slot
	slots   map[Slot]int
	place   []int // where a slot went when columns were sorted
}

// feature expands a definition for a window.
func (b *planner) feature(d *compiled, w Window, position int) Feature {
	f := Feature{Name: d.Name, Position: position, Kind: d.kind, Window: w, EntryKind: d.entry, Definition: d.Definition, finish: d.finish, halfLife: d.HalfLife}
	if len(d.Windows) > 0 {
		f.Name += "_" + w.Name
	}
	if d.Aggregate == "breakdown" {
		f.EntryKind = KindCount
		if d.Value != "" {
			f.EntryKind = KindDecimal
		}
	}
	f.UnitMs = unitMs(d)
	if d.aggregate.of > 0 {
		return f
	}
	for _, c := range d.columns(d) {
		over := w
		if c.Op == OpSessions || w == (Window{}) {
			over = Lifetime // the whole of what is kept
		}
		f.slots = append(f.slots, b.slot(c, over, w))
	}
	return f
}

// unitMs is the unit in which rules compare a duration or an age.
func unitMs(d *compiled) int64 {
	if d.kind != KindDuration && d.kind != KindAge {
		return 0
	}
	for unit, length := range map[string]time.Duration{"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour} {
		if d.Unit == unit {
			return length.Milliseconds()
		}
	}
	return dayMs
}

// slot finds or adds a column, and the reading of it over a window; keep is the window that says how long its parts are kept.
func (b *planner) slot(c Column, over, keep Window) int {
	c.Key = keyOf(&c)
	i, ok := b.byKey[c.Key]
	if !ok {
		i = len(b.columns)
		b.byKey[c.Key] = i
		b.columns = append(b.columns, c)
	}
	b.columns[i].keep(over, keep)
	s := Slot{Column: i, Window: over}
	at, ok := b.slots[s]
	if !ok {
		at = len(b.list)
		b.slots[s] = at
		b.list = append(b.list, s)
	}
	return at
}

// keep notes that a column is read over a window.
func (c *Column) keep(over, keep Window) {
	if over.Length == 0 {
		c.Lifetime = true
	}
	if keep.Length == 0 || over.Length == 0 && c.Op != OpSessions {
		return
	}
	if c.Op == OpSessions && !slices.Contains(c.Windows, keep) {
		c.Windows = append(c.Windows, keep)
	}
	i, found := slices.BinarySearch(c.Hops, keep.Hop)
	if !found {
		c.Hops = slices.Insert(c.Hops, i, keep.Hop)
		c.Keep = slices.Insert(c.Keep, i, keep)
	} else if c.Keep[i].Length < keep.Length {
		c.Keep[i] = keep
	}
}

// keyOf writes what a column accumulates in a normal form.
func keyOf(c *Column) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d|%d|%d", c.Op, c.Source, c.Posted)
	part := func(name string, s fmt.Stringer, set bool) {
		if set {
			fmt.Fprintf(&b, "|%s %s", name, s)
		}
	}
	part("where", c.Where, c.Where != nil)
	part("each", c.Each, c.Each != nil)
	part("value", c.Value, c.Value != nil)
	part("counted", c.Counted, c.Counted != nil)
	part("text", c.Text, c.Text != nil)
	part("by", c.By, c.By != nil)
	if c.HalfLife > 0 {
		part("half-life", c.HalfLife, true)
	}
	return b.String()
}

// finish sorts the columns by key, so that the order of definitions means nothing to a state.
func (b *planner) finish() *Plan {
	p := &Plan{}
	order := make([]int, len(b.columns))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Compare(b.columns[x].Key, b.columns[y].Key) })
	place := make([]int, len(b.columns))
	for to, from := range order {
		place[from] = to
		c := b.columns[from]
		c.ID = idOf(&c)
		p.Columns = append(p.Columns, c)
		for _, h := range c.Hops {
			if i, found := slices.BinarySearch(p.Hops, h); !found {
				p.Hops = slices.Insert(p.Hops, i, h)
			}
		}
	}
	var text []byte
	for _, c := range p.Columns {
		text = binary.BigEndian.AppendUint64(text, c.ID)
	}
	p.Fingerprint = xxhash.Sum64(text)
	b.place = make([]int, len(b.list))
	for i, s := range b.list {
		b.place[i] = i
		p.Slots = append(p.Slots, Slot{Column: place[s.Column], Window: s.Window})
	}
	return p
}

// idOf hashes a column's key and the tiles by which it is kept.
func idOf(c *Column) uint64 {
	text := c.Key
	for i, h := range c.Hops {
		text += fmt.Sprintf("|%s %s", h, c.Keep[i].Length)
	}
	if c.Lifetime {
		text += "|lifetime"
	}
	return xxhash.Sum64String(text)
}

// number gives every name its position.
func (c *Catalog) number() (faults []error) {
	for i, f := range c.Features {
		if _, twice := c.byName[f.Name]; twice {
			faults = append(faults, fmt.Errorf("feature %q: the name with its window is another feature's, too", f.Name))
		}
		c.byName[f.Name] = i
	}
	for i := range c.Tags {
		t := &c.Tags[i]
		t.Position = len(c.Features) + i
		if _, twice := c.byName[t.Name]; twice {
			faults = append(faults, fmt.Errorf("tag %q: the name is a feature's, too", t.Name))
		}
		c.byName[t.Name] = t.Position
	}
	return faults
}

// link finds the features that others are made of: with a window, each by the name with that window, or without one.
func (c *Catalog) link() (faults []error) {
	for i := range c.Features {
		f := &c.Features[i]
		for _, name := range f.Of {
			at, ok := c.byName[name+"_"+f.Window.Name]
			if !ok || f.Window.Name == "" {
				at, ok = c.byName[name]
			}
			switch {
			case !ok || at >= len(c.Features):
				faults = append(faults, fmt.Errorf("feature %q: of: there is no feature %q, with or without its window", f.Name, name))
				continue
			case len(c.Features[at].Of) > 0:
				faults = append(faults, fmt.Errorf("feature %q: of: %q is made of features itself", f.Name, name))
				continue
			}
			if err := fits(f, &c.Features[at]); err != nil {
				faults = append(faults, fmt.Errorf("feature %q: of: %w", f.Name, err))
			}
			f.of = append(f.of, at)
			scale := int64(1)
			if c.Features[at].Kind == KindCount {
				scale = 1_000_000
			}
			f.scales = append(f.scales, scale)
		}
		if len(f.Of) > 0 {
			c.derived = append(c.derived, i)
		}
	}
	return faults
}

// fits says why a feature cannot be made of another.
func fits(f, of *Feature) error {
	moment := of.Kind == KindMoment || of.Kind == KindAge
	number := of.Kind == KindCount || of.Kind == KindDecimal
	if f.Aggregate == "elapsed" && !moment {
		return fmt.Errorf("%q is no moment", of.Name)
	}
	if f.Aggregate == "ratio" && !number {
		return fmt.Errorf("%q is no number", of.Name)
	}
	return nil
}

// fields are the positions of a vector.
func (c *Catalog) fields() []Field {
	var out []Field
	for _, f := range c.Features {
		out = append(out, Field{Name: f.Name, Kind: f.Kind, UnitMs: f.UnitMs, EntryKind: f.EntryKind, Zero: alwaysThere(&f)})
	}
	for _, t := range c.Tags {
		out = append(out, Field{Name: t.Name, Kind: KindTag})
	}
	return out
}

// alwaysThere says that a feature has a value for every customer, and that zero is one that need not be written.
func alwaysThere(f *Feature) bool {
	switch f.Aggregate {
	case "count", "sum", "distinct", "session_count", "streak_current", "streak_longest", "decayed_sum":
		return true
	}
	return f.Default != nil && *f.Default == 0
}
