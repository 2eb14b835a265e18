package catalog

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/catalog/expr"
)

// The bounds of a catalogue.
const (
	// MaxFeatures is how many features a catalogue may have, with all their windows.
	MaxFeatures = 1000
	maxKeep     = MaxKeys
	// longest is the longest window, and the longest half-life.
	longest = 3650 * day
	// longestExact is the longest window in mode exact, which keeps every moment apart.
	longestExact = 7 * day
)

var (
	nameForm      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	levels        = []string{"basic", "behaviour", "preference", "value", "service"}
	tagLevels     = levels[:4]
	sensitivities = []string{"none", "personal", "sensitive"}
	postedNames   = map[string]Posted{"orders": PostedOrders, "quantity": PostedQuantity, "spend": PostedSpend, "refunds": PostedRefunds, "refund": PostedRefund}
)

// Levels are the levels of features, in the order in which pages show them; tags have all but the last.
func Levels() []string { return slices.Clone(levels) }

// feature checks one definition and keeps it.
func (p *parser) feature(at place, raw featureYAML, mine bool) {
	before := len(p.faults)
	fault := func(key, format string, args ...any) { p.fault(at, key, fmt.Errorf(key+": "+format, args...)) }
	d := &Definition{
		Name: raw.Name, Description: strings.TrimSpace(raw.Description), Unit: raw.Unit, Owner: raw.Owner, Sensitivity: raw.Sensitivity, Level: raw.Level,
		From: raw.From, Where: raw.Where, Each: raw.Each, Value: raw.Value, By: raw.By, Aggregate: raw.Aggregate, Windows: raw.Windows, Mode: raw.Mode,
		Keep: raw.Keep, Of: raw.Of, Complement: raw.Complement, Shipped: mine,
	}
	if !nameForm.MatchString(raw.Name) {
		fault("name", "must be lower snake case, at most 63 characters")
	}
	if why := Unusable(raw.Name); why != "" {
		fault("name", "%s", why)
	}
	if p.names[raw.Name] {
		fault("name", "is taken")
	}
	p.names[raw.Name] = true
	if d.Description == "" {
		fault("description", "say in a sentence what it means")
	}
	d.Sensitivity = orElse(d.Sensitivity, "none")
	d.Mode = orElse(d.Mode, "sawtooth")
	d.Owner = orElse(d.Owner, "analytics")
	oneOf(fault, "level", d.Level, levels)
	oneOf(fault, "sensitivity", d.Sensitivity, sensitivities)
	oneOf(fault, "mode", d.Mode, []string{"sawtooth", "exact"})
	agg, ok := aggregates[raw.Aggregate]
	if !ok {
		fault("aggregate", "%q is none; there are %s", raw.Aggregate, strings.Join(aggregateNames(), ", "))
		return
	}
	c := &compiled{Definition: d, aggregate: agg}
	p.source(fault, c)
	p.members(fault, c)
	p.windows(fault, c, raw)
	p.defaults(fault, c, raw)
	p.raw.Features = append(p.raw.Features, raw)
	if len(p.faults) == before {
		p.defs = append(p.defs, c)
	}
}

// reserved are words that a condition cannot use as a name.
var reserved = strings.Fields("as break const continue ever else false for function has if import in let loop null namespace package return true var void while")

// Unusable says why rules could not use a name; empty when they can.
func Unusable(name string) string {
	switch {
	case slices.Contains(reserved, name):
		return "is a word of the rules' language: take another"
	case strings.HasPrefix(name, "days_since_") || strings.HasPrefix(name, "hours_since_"):
		return "begins like the time since a moment, which rules have for each moment: name the moment itself"
	}
	return ""
}

type faulter func(key, format string, args ...any)

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func oneOf(fault faulter, key, got string, want []string) {
	if !slices.Contains(want, got) {
		fault(key, "%q is none of %s", got, strings.Join(want, ", "))
	}
}

func aggregateNames() []string {
	var out []string
	for name := range aggregates {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// source checks what a definition is made of.
func (p *parser) source(fault faulter, c *compiled) {
	if c.aggregate.of > 0 {
		if len(c.Of) != c.aggregate.of {
			fault("of", "%s is made of %d features", c.Aggregate, c.aggregate.of)
		}
		for key, set := range map[string]bool{"from": c.From != "", "where": c.Where != "", "each": c.Each != "", "value": c.Value != "", "by": c.By != ""} {
			if set {
				fault(key, "%s is made of features: name them with of", c.Aggregate)
			}
		}
		return
	}
	if len(c.Of) > 0 {
		fault("of", "%s is made of events or orders, not of features", c.Aggregate)
	}
	switch c.From = orElse(c.From, "events"); {
	case c.From != "events" && c.From != "orders":
		fault("from", "%q is neither events nor orders", c.From)
	case c.From == "orders" && !c.orders:
		fault("from", "%s cannot be made of orders, which may be taken back", c.Aggregate)
	case c.From == "events":
		c.column.Source = FromEvents
	default:
		c.column.Source = FromOrders
	}
}

// members checks and compiles the expressions.
func (p *parser) members(fault faulter, c *compiled) {
	if c.From == "orders" {
		p.ofOrders(fault, c)
		return
	}
	if c.aggregate.of > 0 {
		return
	}
	given := func(key, text string, need byte) bool {
		switch {
		case text == "" && need == '+':
			fault(key, "%s needs one", c.Aggregate)
		case text != "" && need == 0:
			fault(key, "%s takes none", c.Aggregate)
		}
		return text != "" && need != 0
	}
	faults := func(key string, list []error) {
		for _, err := range list {
			fault(key, "%w", err)
		}
	}
	scope := expr.Scope{Each: c.Each != ""}
	var list []error
	if given("each", c.Each, c.each) {
		c.column.Each, list = expr.ParsePath(c.Each)
		faults("each", list)
	}
	if c.Where != "" {
		c.column.Where, list = expr.ParseBool(c.Where, scope)
		faults("where", list)
	}
	if given("value", c.Value, c.value) {
		if c.text {
			c.column.Text, list = expr.ParseText(c.Value, scope)
		} else {
			c.column.Value, list = expr.ParseNumber(c.Value, scope)
		}
		faults("value", list)
	} else if c.decays == '+' || c.decays == '?' && c.HalfLife > 0 {
		c.column.Value, _ = expr.ParseNumber("1", scope)
	}
	if given("by", c.By, c.by) {
		c.column.By, list = expr.ParseText(c.By, scope)
		faults("by", list)
	}
}

// ofOrders checks what is made of orders: they post five numbers, and have no members.
func (p *parser) ofOrders(fault faulter, c *compiled) {
	for key, text := range map[string]string{"where": c.Where, "each": c.Each, "by": c.By} {
		if text != "" {
			fault(key, "orders have no members: use from: events and the events of orders")
		}
	}
	value := orElse(c.Value, "orders")
	var ok bool
	if c.posted, ok = postedNames[value]; !ok {
		fault("value", "%q is none of orders, quantity, spend, refunds, refund", c.Value)
	}
	if c.value == 0 && c.Value != "" && c.Value != "orders" {
		fault("value", "%s looks at the sales that stand: leave it out", c.Aggregate)
	}
	if c.posted == PostedOrders || c.posted == PostedRefunds {
		switch c.Aggregate {
		case "sum":
			c.kind = KindCount
		case "decayed_sum", "average":
			fault("value", "%s of orders or refunds: these are whole, and it is not; take quantity, spend or refund, or a ratio of two sums", c.Aggregate)
		}
	}
}

// windows checks the spans of time.
func (p *parser) windows(fault faulter, c *compiled, raw featureYAML) {
	if raw.HalfLife != "" {
		half, err := parseSpan(raw.HalfLife)
		switch {
		case err != nil:
			fault("half_life", "%w", err)
		case c.decays == 0:
			fault("half_life", "%s does not decay", c.Aggregate)
		case half < time.Hour || half > longest || half%(DecaySteps*time.Hour) != 0:
			fault("half_life", "must be a multiple of 8 hours, at most 3650d")
		}
		c.HalfLife, c.column.HalfLife = half, half
		if c.column.Value == nil && c.From == "events" && c.decays != 0 && c.Value == "" {
			c.column.Value, _ = expr.ParseNumber("1", expr.Scope{})
		}
	} else if c.decays == '+' {
		fault("half_life", "%s needs one, such as 30d", c.Aggregate)
	}
	if len(c.Windows) > 0 && !c.windowed && c.aggregate.of == 0 {
		fault("windows", "%s has none: it is over all time", c.Aggregate)
	}
	if len(c.Windows) > 0 && c.HalfLife > 0 {
		fault("windows", "there is a half-life: give one of the two")
	}
	seen := map[string]bool{}
	for _, name := range c.Windows {
		w, err := parseWindow(name, c.Mode)
		switch {
		case err != nil:
			fault("windows", "%w", err)
		case seen[name]:
			fault("windows", "%q is there twice", name)
		case c.longest > 0 && (w.Length == 0 || w.Length > c.longest):
			fault("windows", "%q: %s is kept for %s at most", name, c.Aggregate, days(c.longest))
		}
		seen[name] = true
	}
	if c.longest > 0 && len(c.Windows) == 0 {
		fault("windows", "%s needs one, at most %s", c.Aggregate, days(c.longest))
	}
	switch {
	case !c.keeps && c.Keep != 0:
		fault("keep", "%s is no list", c.Aggregate)
	case c.keeps && c.Keep == 0:
		c.Keep = 10
	case c.keeps && (c.Keep < 1 || c.Keep > maxKeep):
		fault("keep", "%d is not within 1 and %d", c.Keep, maxKeep)
	}
	if c.Complement && c.Aggregate != "ratio" {
		fault("complement", "only a ratio can be taken from 1")
	}
}

var spanForm = regexp.MustCompile(`^([1-9][0-9]{0,5})([hd])$`)

func parseSpan(text string) (time.Duration, error) {
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no span of time, such as 24h or 30d", text)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, err
	}
	if m[2] == "d" {
		return time.Duration(n) * day, nil
	}
	return time.Duration(n) * time.Hour, nil
}

func parseWindow(name, mode string) (Window, error) {
	if name == Lifetime.Name {
		return Lifetime, nil
	}
	length, err := parseSpan(name)
	switch {
	case err != nil:
		return Window{}, fmt.Errorf("%w, or lifetime", err)
	case length > longest:
		return Window{}, fmt.Errorf("%q is longer than 3650d: use lifetime", name)
	case mode == "exact" && length > longestExact:
		return Window{}, fmt.Errorf("%q: mode exact keeps every moment apart, for 7d at most", name)
	case mode == "exact":
		return Exact(name, length), nil
	}
	return Sawtooth(name, length), nil
}

// defaults checks the value that stands where there is none.
func (p *parser) defaults(fault faulter, c *compiled, raw featureYAML) {
	if raw.Default == nil {
		return
	}
	if c.kind != KindCount && c.kind != KindDecimal {
		fault("default", "only numbers have one")
		return
	}
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(*raw.Default, 'f', -1, 64))
	if ok && c.kind == KindDecimal {
		r.Mul(r, big.NewRat(1_000_000, 1))
	}
	if !ok || math.IsNaN(*raw.Default) || !r.IsInt() || !r.Num().IsInt64() {
		fault("default", "%v does not fit: counts are whole, other numbers have six decimals at most", *raw.Default)
		return
	}
	n := r.Num().Int64()
	c.Default = &n
}

// tag checks one tag and keeps it.
func (p *parser) tag(at place, raw tagYAML, mine bool) {
	fault := func(key, format string, args ...any) { p.fault(at, key, fmt.Errorf(key+": "+format, args...)) }
	if !nameForm.MatchString(raw.Name) {
		fault("name", "must be lower snake case, at most 63 characters")
	}
	if why := Unusable(raw.Name); why != "" {
		fault("name", "%s", why)
	}
	if p.names[raw.Name] {
		fault("name", "is taken by another tag or a feature")
	}
	p.names[raw.Name] = true
	if strings.TrimSpace(raw.Description) == "" {
		fault("description", "say in a sentence what it means")
	}
	oneOf(fault, "level", raw.Level, tagLevels)
	if strings.TrimSpace(raw.When) == "" {
		fault("when", "is empty: say when it holds")
	}
	p.raw.Tags = append(p.raw.Tags, raw)
	p.tagList = append(p.tagList, Tag{Name: raw.Name, Description: strings.TrimSpace(raw.Description), Level: raw.Level, When: strings.TrimSpace(raw.When), Shipped: mine})
}
