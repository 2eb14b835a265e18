package scene

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// fileYAML is a file as written.
type fileYAML struct {
	Scenes []sceneYAML `yaml:"scenes,omitempty"`
	// Remove names shipped scenes that are not wanted.
	Remove []string `yaml:"remove,omitempty"`
}

type sceneYAML struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Body        `yaml:",inline"`
	Variants    []variantYAML `yaml:"variants,omitempty"`
	When        []whenYAML    `yaml:"when,omitempty"`
}

// Body is what a scene, a variant or an override says. What is nil is not said.
type Body struct {
	Limit          *int            `yaml:"limit,omitempty"`
	Sources        []SourceYAML    `yaml:"sources,omitempty,flow"`
	Filter         *string         `yaml:"filter,omitempty"`
	HideBought     *HideBoughtYAML `yaml:"hide_bought,omitempty,flow"`
	HideSeen       *HideSeenYAML   `yaml:"hide_seen,omitempty,flow"`
	Adult          *bool           `yaml:"adult,omitempty"`
	Languages      []string        `yaml:"languages,omitempty,flow"`
	Caps           []CapYAML       `yaml:"caps,omitempty,flow"`
	Quotas         []QuotaYAML     `yaml:"quotas,omitempty,flow"`
	Block          []string        `yaml:"block,omitempty,flow"`
	Pin            []PinYAML       `yaml:"pin,omitempty,flow"`
	Boost          []BoostYAML     `yaml:"boost,omitempty,flow"`
	Diversity      *DiversityYAML  `yaml:"diversity,omitempty,flow"`
	Explore        *ExploreYAML    `yaml:"explore,omitempty,flow"`
	Fallback       []string        `yaml:"fallback,omitempty,flow"`
	List           []string        `yaml:"list,omitempty,flow"`
	WithoutConsent *string         `yaml:"without_consent,omitempty"`
}

// SourceYAML is one of sources.
type SourceYAML struct {
	Of     string   `yaml:"of"`
	Take   int      `yaml:"take,omitempty"`
	Weight *float64 `yaml:"weight,omitempty"`
}

// HideBoughtYAML is hide_bought.
type HideBoughtYAML struct {
	For        span            `yaml:"for,omitempty"`
	By         string          `yaml:"by,omitempty"`
	Cycle      bool            `yaml:"cycle,omitempty"`
	Categories map[string]span `yaml:"categories,omitempty"`
}

// HideSeenYAML is hide_seen.
type HideSeenYAML struct {
	For span `yaml:"for"`
}

// CapYAML is one of caps.
type CapYAML struct {
	By   string `yaml:"by"`
	Most int    `yaml:"most"`
	In   int    `yaml:"in,omitempty"`
}

// QuotaYAML is one of quotas.
type QuotaYAML struct {
	Source string `yaml:"source,omitempty"`
	When   string `yaml:"when,omitempty"`
	Least  int    `yaml:"least"`
}

// PinYAML is one of pin.
type PinYAML struct {
	Item     string   `yaml:"item"`
	Position int      `yaml:"position"`
	From     moment   `yaml:"from,omitempty"`
	Until    moment   `yaml:"until,omitempty"`
	Segments []string `yaml:"segments,omitempty,flow"`
}

// BoostYAML is one of boost.
type BoostYAML struct {
	When string  `yaml:"when"`
	By   float64 `yaml:"by"`
}

// DiversityYAML is diversity.
type DiversityYAML struct {
	Lambda float64 `yaml:"lambda"`
	By     string  `yaml:"by,omitempty"`
}

// ExploreYAML is explore.
type ExploreYAML struct {
	Slots    []int    `yaml:"slots,flow"`
	By       string   `yaml:"by,omitempty"`
	Pool     int      `yaml:"pool,omitempty"`
	Context  string   `yaml:"context,omitempty"`
	Level    int      `yaml:"level,omitempty"`
	Segments []string `yaml:"segments,omitempty,flow"`
}

type variantYAML struct {
	Name  string  `yaml:"name"`
	Share float64 `yaml:"share"`
	With  Body    `yaml:"with,omitempty"`
}

type whenYAML struct {
	Segments []string `yaml:"segments,omitempty,flow"`
	From     moment   `yaml:"from,omitempty"`
	Until    moment   `yaml:"until,omitempty"`
	Hours    hours    `yaml:"hours,omitempty"`
	With     Body     `yaml:"with"`
}

// laid is b with all that over says in its place.
func (b Body) laid(over Body) Body {
	to, from := reflect.ValueOf(&b).Elem(), reflect.ValueOf(over)
	for i := range from.NumField() {
		if !from.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
	return b
}

// span is a number of days, written 30d.
type span time.Duration

func (s span) ms() int64 { return time.Duration(s).Milliseconds() }

// UnmarshalYAML reads 30d.
func (s *span) UnmarshalYAML(n *yaml.Node) error {
	days, err := strconv.Atoi(strings.TrimSuffix(n.Value, "d"))
	if err != nil || !strings.HasSuffix(n.Value, "d") || days < 1 || days > 3650 {
		return fmt.Errorf("line %d: %q is no number of days from 1 to 3650: write 30d", n.Line, n.Value)
	}
	*s = span(time.Duration(days) * 24 * time.Hour)
	return nil
}

// MarshalYAML writes 30d.
func (s span) MarshalYAML() (any, error) {
	return fmt.Sprintf("%dd", int64(time.Duration(s)/(24*time.Hour))), nil
}

// moment is a time: a date is its first moment in UTC.
type moment int64

// UnmarshalYAML reads 2026-11-28, or 2026-11-28T09:00:00+01:00.
func (m *moment) UnmarshalYAML(n *yaml.Node) error {
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, n.Value); err == nil && t.Year() >= 1971 && t.Year() < 3000 {
			*m = moment(t.UnixMilli())
			return nil
		}
	}
	return fmt.Errorf("line %d: %q is no date: write 2026-11-28 or 2026-11-28T09:00:00Z", n.Line, n.Value)
}

// MarshalYAML writes RFC 3339.
func (m moment) MarshalYAML() (any, error) {
	return time.UnixMilli(int64(m)).UTC().Format(time.RFC3339), nil
}

// hours of the day, UTC: from the first to below the second. Both 0: all.
type hours struct{ from, to int }

// UnmarshalYAML reads 18-24, or 22-6 over midnight.
func (h *hours) UnmarshalYAML(n *yaml.Node) error {
	a, b, _ := strings.Cut(n.Value, "-")
	from, err1 := strconv.Atoi(strings.TrimSpace(a))
	to, err2 := strconv.Atoi(strings.TrimSpace(b))
	if err1 != nil || err2 != nil || from < 0 || from > 23 || to < 0 || to > 24 || from == to {
		return fmt.Errorf("line %d: %q are no hours of a day: write 18-24, or 22-6 over midnight", n.Line, n.Value)
	}
	*h = hours{from, to}
	return nil
}

// MarshalYAML writes 18-24.
func (h hours) MarshalYAML() (any, error) { return fmt.Sprintf("%d-%d", h.from, h.to), nil }

// IsZero says that no hours are given.
func (h hours) IsZero() bool { return h == hours{} }

func (h hours) has(atMs int64) bool {
	at := time.UnixMilli(atMs).UTC().Hour()
	switch {
	case h.IsZero():
		return true
	case h.from < h.to:
		return h.from <= at && at < h.to
	}
	return at >= h.from || at < h.to
}

// within says whether a moment lies between two, each of which may be missing.
func within(atMs int64, from, until moment) bool {
	return (from == 0 || atMs >= int64(from)) && (until == 0 || atMs < int64(until))
}
