// Package plan holds events against a source's tracking plan: JSON Schemas by event name and version. It judges, annotates and strips; it
// is not for the shape of the Segment call itself, which the collector reads before.
//
// A plan acts on an event before anything is taken out of it: names of the person (traits.email, traits.phone) and the money of an
// order are read from what the plan leaves. A stripped trait names nobody, a stripped total counts for nothing: nothing half survives.
// Of an event that is refused nothing is read at all.
package plan

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// Mode is what becomes of an event that does not fit.
type Mode string

// The modes of an event, and of the events that a plan does not know (which cannot be stripped).
const (
	// Allow takes events that are not planned without a word; of unplanned events only.
	Allow Mode = "allow"
	// Warn takes the event and notes what does not fit.
	Warn Mode = "warn"
	// Block refuses the event.
	Block Mode = "block"
	// Strip takes out the members that the schema does not know, then does as Warn.
	Strip Mode = "strip"
)

// Plan is a compiled tracking plan. It never changes: any number of goroutines may use it.
type Plan struct {
	name      string
	unplanned Mode
	events    map[key]*planned
	// types are those with an entry of their own: calls of others are not judged.
	types [eventv1.EventType_EVENT_TYPE_ALIAS + 1]bool
	// folded finds the planned name of one that differs in case only.
	folded map[string]string
}

// key is an event as the plan knows it; the name is empty for all calls of a type.
type key struct {
	typ  eventv1.EventType
	name string
}

// planned is an event of the plan, its versions in ascending order.
type planned struct{ versions []*version }

// version is one schema.
type version struct {
	text   string // as Segment's clients say it: a whole number
	number int
	mode   Mode
	schema *jsonschema.Schema
	quick  *quick
	shape  *shape // of mode Strip
}

// Name is the plan's own.
func (p *Plan) Name() string { return p.name }

// Entry is an event of a plan.
type Entry struct {
	// Type is the call, Name the event's, page's or screen's name; an empty one stands for all calls of the type.
	Type eventv1.EventType
	Name string
	// Version is a whole number.
	Version string
	Mode    Mode
}

// Entries lists the plan's events by type, name and version.
func (p *Plan) Entries() []Entry {
	var out []Entry
	for k, e := range p.events {
		for _, v := range e.versions {
			out = append(out, Entry{Type: k.typ, Name: k.name, Version: v.text, Mode: v.mode})
		}
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(len(a.Version), len(b.Version)),
			cmp.Compare(a.Version, b.Version))
	})
	return out
}

// Load reads and compiles a plan file. The error joins every fault of it.
func Load(path string) (*Plan, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the tracking plan: %w", err)
	}
	p, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("tracking plan %s:\n%w", path, err)
	}
	return p, nil
}

// TypeName is the call's name as clients write it.
func TypeName(t eventv1.EventType) string {
	return strings.ToLower(strings.TrimPrefix(t.String(), "EVENT_TYPE_"))
}

// callTypes are the calls that a plan can speak of, by name.
var callTypes = map[string]eventv1.EventType{
	"track": eventv1.EventType_EVENT_TYPE_TRACK, "identify": eventv1.EventType_EVENT_TYPE_IDENTIFY,
	"page": eventv1.EventType_EVENT_TYPE_PAGE, "screen": eventv1.EventType_EVENT_TYPE_SCREEN,
	"group": eventv1.EventType_EVENT_TYPE_GROUP,
}

// member is where the judged object of a call is: "properties" or "traits".
func member(t eventv1.EventType) string {
	if t == eventv1.EventType_EVENT_TYPE_IDENTIFY || t == eventv1.EventType_EVENT_TYPE_GROUP {
		return "traits"
	}
	return "properties"
}

// TraitsOf says whether a call is judged by its traits; the others are by their properties.
func TraitsOf(t eventv1.EventType) bool { return member(t) == "traits" }
