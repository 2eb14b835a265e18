// Package infer writes a tracking plan from events: what was seen is planned, as narrowly as the events allow. It is a beginning for a
// person to edit, not a judgement. The plan takes every event it was made of, in every mode, as long as required-at is 100 %.
package infer

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
	"github.com/freshet/freshet/services/collector/plan"
)

// Bounds of what is remembered, however much is read. What is beyond them is left open in the plan, with a note.
const (
	maxEvents  = 1_000  // names of events
	maxMembers = 300    // names of members of one object
	maxNodes   = 20_000 // places in all events together
	maxDepth   = 32
	maxName    = 255 // bytes
	maxWord    = 64  // bytes of an enum's value
	// MaxEnum is the greatest Options.Enum.
	MaxEnum = 100
)

// Options say how narrow the plan is.
type Options struct {
	// Name is the plan's.
	Name string
	// Mode is the plan's.
	Mode plan.Mode
	// RequiredAt is the share of events that a member must be in to be required, above 0 and at most 1.
	RequiredAt float64
	// Enum is the greatest number of different texts that become an enum, 0 to MaxEnum; 0 writes none.
	Enum int
	// EnumAfter is how often texts must have been seen before they become an enum; each of them ten times on average as well.
	EnumAfter int
}

// Default is a plan that takes everything it was made of.
func Default() Options {
	return Options{Name: "inferred", Mode: plan.Warn, RequiredAt: 1, Enum: 10, EnumAfter: 50}
}

// Validate reports every fault.
func (o Options) Validate() error {
	var errs []error
	if !(o.RequiredAt > 0 && o.RequiredAt <= 1) {
		errs = append(errs, fmt.Errorf("required-at: %v is not above 0 and at most 1", o.RequiredAt))
	}
	if o.Enum < 0 || o.Enum > MaxEnum {
		errs = append(errs, fmt.Errorf("enum: %d is not within 0 and %d", o.Enum, MaxEnum))
	}
	if !planName.MatchString(o.Name) {
		errs = append(errs, fmt.Errorf("name: %q is not 1 to 64 of a-z 0-9 _ -", o.Name))
	}
	if modes := []plan.Mode{plan.Warn, plan.Block, plan.Strip}; !slices.Contains(modes, o.Mode) {
		errs = append(errs, fmt.Errorf("mode: %q is none of warn, block, strip", o.Mode))
	}
	return errors.Join(errs...)
}

var planName = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// Inference is the plan in the making. For one goroutine.
type Inference struct {
	o      Options
	events map[key]*node
	nodes  int
	// seen counts all events, beyond those whose name came after maxEvents others.
	seen, beyond int64
	s            jsonscan.Scanner
	words        wordFormats
}

type key struct {
	typ  eventv1.EventType
	name string
}

// New begins with nothing seen.
func New(o Options) (*Inference, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	words, err := newWordFormats()
	if err != nil {
		return nil, err
	}
	return &Inference{o: o, events: map[key]*node{}, words: words}, nil
}

// Seen is how many events were taken in.
func (in *Inference) Seen() int64 { return in.seen }

// Add takes an event in. Calls that a plan cannot speak of (alias) change nothing; an error means that the event is none.
func (in *Inference) Add(e plan.Event) error {
	k := key{typ: e.Type}
	switch e.Type {
	case eventv1.EventType_EVENT_TYPE_TRACK:
		if k.name = e.Name; k.name == "" {
			return errors.New("a track call without a name")
		}
	case eventv1.EventType_EVENT_TYPE_IDENTIFY, eventv1.EventType_EVENT_TYPE_GROUP, eventv1.EventType_EVENT_TYPE_PAGE, eventv1.EventType_EVENT_TYPE_SCREEN:
	default:
		return nil
	}
	if len(k.name) > maxName || !utf8.ValidString(k.name) {
		return fmt.Errorf("the name of a %s call is no text of at most %d bytes", plan.TypeName(e.Type), maxName)
	}
	body, err := in.object(e.Body)
	if err != nil {
		return err
	}
	in.seen++
	n := in.events[k]
	if n == nil {
		if len(in.events) >= maxEvents || !in.room() {
			in.beyond++
			return nil
		}
		n = &node{}
		in.events[k] = n
	}
	in.s.Reset(body, 0, jsonscan.Limits{})
	return in.value(n, 0)
}

// object checks a body and makes all readers agree on it, as the collector does.
func (in *Inference) object(body []byte) ([]byte, error) {
	if len(body) == 0 {
		return []byte("{}"), nil
	}
	if !utf8.Valid(body) {
		return nil, errors.New("the event is not UTF-8")
	}
	in.s.Reset(body, 0, jsonscan.Limits{Depth: 1000})
	if in.s.Peek() != '{' {
		return nil, errors.New("the properties are no object")
	}
	if _, err := in.s.Skip(); err != nil {
		return nil, fmt.Errorf("read the properties: %w", err)
	}
	if err := in.s.End(); err != nil {
		return nil, fmt.Errorf("read the properties: %w", err)
	}
	if in.s.Odd() {
		return jsonscan.Canonical(body)
	}
	return body, nil
}

// room counts one more place, unless there are too many.
func (in *Inference) room() bool {
	if in.nodes >= maxNodes {
		return false
	}
	in.nodes++
	return true
}
