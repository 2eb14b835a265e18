package feature

import (
	"fmt"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/money"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// absent says why a feature has no value; "" when it has one.
func (e *evidence) absent(f *catalog.Feature) string {
	if e.values[f.Position].Present {
		return ""
	}
	switch {
	case f.Aggregate == "ratio":
		return e.undivided(f)
	case f.Aggregate == "elapsed":
		return e.unelapsed(f)
	case strings.HasPrefix(f.Aggregate, "gap_"):
		n := len(e.readings[f.Reads()[0]].Times)
		return fmt.Sprintf("it takes two %ss at different times, and there is %s", what(f), counted(n, what(f), what(f)+"s"))
	case strings.HasPrefix(f.Aggregate, "session_"):
		return fmt.Sprintf("no visit begins within the last %s", f.Window.Name)
	}
	text := "no " + what(f)
	if f.Window.Length > 0 {
		text += " within the last " + f.Window.Name
	} else {
		text += " yet"
	}
	if f.Where != "" || f.By != "" || f.Value != "" && f.From != "orders" {
		text += " that counts"
		if has := strings.TrimPrefix(f.By+" and "+f.Value, " and "); f.From != "orders" && has != "" {
			text += ": it takes " + strings.TrimSuffix(has, " and ")
		}
	}
	return text
}

// what is the word for what a feature is made of.
func what(f *catalog.Feature) string {
	if f.From == "orders" {
		return "order"
	}
	return "event"
}

// undivided says why a ratio has no value.
func (e *evidence) undivided(f *catalog.Feature) string {
	for i, at := range f.MadeOf() {
		of := &e.book.catalog.Features[at]
		v := e.values[at]
		if !v.Present {
			return fmt.Sprintf("%s has no value: %s", of.Name, e.absent(of))
		}
		if i == 1 && v.Int <= 0 {
			return fmt.Sprintf("%s is %s: there is nothing to divide by", of.Name, e.say(of, v))
		}
	}
	return ""
}

// unelapsed says why there is no time from one moment to another.
func (e *evidence) unelapsed(f *catalog.Feature) string {
	var names []string
	for _, at := range f.MadeOf() {
		of := &e.book.catalog.Features[at]
		if !e.values[at].Present {
			return fmt.Sprintf("%s has no value: %s", of.Name, e.absent(of))
		}
		names = append(names, of.Name)
	}
	return fmt.Sprintf("%s comes after %s", names[0], names[1])
}

// say writes a value for a person.
func (e *evidence) say(f *catalog.Feature, v catalog.Value) string {
	if !v.Present {
		return "nothing"
	}
	switch f.Kind {
	case catalog.KindCount:
		return fmt.Sprint(v.Int) + unit(f)
	case catalog.KindDecimal:
		return money.FormatQuantity(v.Int) + unit(f)
	case catalog.KindMoment:
		return day(v.Int)
	case catalog.KindAge:
		return fmt.Sprintf("%s (since %s)", span(f, e.asOfMs-v.Int), day(v.Int))
	case catalog.KindDuration:
		return span(f, v.Int)
	case catalog.KindText:
		return fmt.Sprintf("%q", v.Text)
	}
	var list []string
	for i, x := range v.List {
		if i == 3 {
			list = append(list, fmt.Sprintf("and %d more", len(v.List)-i))
			break
		}
		list = append(list, strings.TrimSpace(x.Key+" "+sayEntry(f.EntryKind, x)))
	}
	return strings.Join(list, ", ")
}

func sayEntry(k catalog.Kind, x catalog.Entry) string {
	switch k {
	case catalog.KindCount:
		return fmt.Sprint(x.Int)
	case catalog.KindDecimal:
		return money.FormatQuantity(x.Int)
	case catalog.KindMoment:
		return day(x.Int)
	}
	return fmt.Sprintf("%q", x.Text)
}

// unit is that of a number, as it is said behind it.
func unit(f *catalog.Feature) string {
	switch f.Unit {
	case "", "text", "moment":
		return ""
	case "currency":
		return " in the workspace's currency"
	case "share":
		return " as a share"
	}
	return " " + f.Unit
}

// span writes milliseconds in the unit of a feature.
func span(f *catalog.Feature, ms int64) string {
	name, length := f.Unit, f.UnitMs
	if length == 0 || name == "" || name == "moment" {
		name, length = "days", 86_400_000
	}
	return fmt.Sprintf("%.4g %s", float64(ms)/float64(length), name)
}

// day writes a moment, to the minute.
func day(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04 UTC") }

// sentence is an explanation for somebody who reads no tables.
func (e *evidence) sentence(f *catalog.Feature, out *featurev1.ExplainFeatureResponse) string {
	var b strings.Builder
	v := e.values[f.Position]
	if v.Present {
		fmt.Fprintf(&b, "%s is %s. ", f.Name, e.say(f, v))
	} else {
		fmt.Fprintf(&b, "%s has no value: %s. ", f.Name, out.GetAbsent())
	}
	if f.Description != "" {
		b.WriteString(strings.TrimSuffix(f.Description, ".") + ". ")
	}
	if out.GetHopMs() > 0 {
		fmt.Fprintf(&b, "It counts what happened from %s to %s", day(out.GetWindowStartMs()), day(e.asOfMs))
		if over := out.GetWindowNominalMs() - out.GetWindowStartMs(); over >= 60_000 {
			fmt.Fprintf(&b, ", %s more than %s because the window's tail moves in whole steps", time.Duration(over*int64(time.Millisecond)).Truncate(time.Minute), f.Window.Name)
		}
		b.WriteString(". ")
	}
	var made []string
	for _, at := range f.MadeOf() {
		of := &e.book.catalog.Features[at]
		made = append(made, fmt.Sprintf("%s, which is %s", of.Name, e.say(of, e.values[at])))
	}
	if len(made) > 0 {
		fmt.Fprintf(&b, "It is made of %s. ", strings.Join(made, ", and "))
	}
	if t := latestTile(out.GetParts()); t != nil && f.HalfLife == 0 {
		fmt.Fprintf(&b, "The latest that counts is of %s%s. ", within(t, out.GetHopMs()), day(t.GetStartMs()))
	}
	b.WriteString(until(out.GetChangesMs()))
	return strings.TrimSpace(b.String())
}

// latestTile is the latest span of all parts that has a time; nil when there is none.
func latestTile(parts []*featurev1.Part) (last *featurev1.Tile) {
	for _, p := range parts {
		for _, t := range p.GetTiles() {
			if !t.GetSinceEver() && (last == nil || t.GetStartMs() > last.GetStartMs()) {
				last = t
			}
		}
	}
	return last
}

// within says that a tile's moment is the begin of a step, in which the event was.
func within(t *featurev1.Tile, hop int64) string {
	switch {
	case hop < 60_000 || t.GetLengthMs() != hop:
		return ""
	case hop == 86_400_000:
		return "the day from "
	}
	return fmt.Sprintf("the %s from ", strings.TrimSuffix((time.Duration(hop)*time.Millisecond).String(), "0s"))
}

// until says how long an explanation is good for.
func until(ms int64) string {
	if ms == 0 {
		return "It changes with events only."
	}
	return fmt.Sprintf("If nothing more happens it stays so until %s.", day(ms))
}

// told is a condition in words.
func told(c *featurev1.Condition) string {
	if c.GetDenied() {
		return "not: " + c.GetText()
	}
	return c.GetText()
}

// missing says why a tag does not hold.
func missing(list []*featurev1.Condition) string {
	var wrong []string
	for _, c := range list {
		if c.GetHolds() == c.GetDenied() {
			wrong = append(wrong, told(c))
		}
	}
	return "not so: " + strings.Join(wrong, "; ")
}

// tagSentence explains a tag.
func (e *evidence) tagSentence(t *catalog.Tag, out *featurev1.ExplainFeatureResponse) string {
	text := strings.TrimSuffix(t.Description, ".")
	if v := out.GetTagValue(); v != nil {
		return fmt.Sprintf("The tag %s holds since %s, because %s. It means: %s. %s", t.Name, day(v.GetSinceMs()),
			strings.Join(v.GetBecause(), " and "), text, until(out.GetChangesMs()))
	}
	return fmt.Sprintf("The tag %s does not hold; %s. It means: %s. %s", t.Name, out.GetAbsent(), text, until(out.GetChangesMs()))
}
