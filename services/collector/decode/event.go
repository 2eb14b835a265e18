package decode

import (
	"fmt"

	"github.com/freshet/freshet/pkg/customer"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
	"github.com/freshet/freshet/services/collector/placeholder"
	"github.com/freshet/freshet/services/collector/rates"
)

// Origin is what all events of one request share.
type Origin struct {
	// Rules are what its sender is held to; never nil.
	Rules *Rules
	// Type is the call named by the path; unspecified when each event says its own.
	Type eventv1.EventType
	// Imports says that events of any past are taken; history, that all are history, also those that happened just now.
	Imports, History bool
	// CloudEvents says that the events came as CloudEvents, whose attributes have names of their own.
	CloudEvents bool
	// Received is when the request came, Unix milliseconds.
	Received int64
	// Retried says that the client has sent the request before.
	Retried bool
	// Senders remember the clocks of those who sent before; nil where nobody does.
	Senders *Senders
}

// Rules are what the events of one source are held to, prepared when the sources are loaded and never changed afterwards.
type Rules struct {
	// Workspace and source are what the event is said to be of.
	Workspace, Source string
	// EventBytes is the largest live event as JSON, importBytes the largest of an import.
	EventBytes, ImportBytes int
	// Plan is its tracking plan; nil when it has none.
	Plan planned
	// Placeholders are the values that name nobody in its workspace; nil is the default list.
	Placeholders *placeholder.List
	// Habits say how its names are written.
	Habits customer.Habits
	// Decimal is its decimal mark, 0 when it has told none.
	Decimal byte
	// Currency is its workspace's, empty when it has none; rates lead to it.
	Currency string
	// Rates are never nil.
	Rates *rates.Table
	// Trusted says that its word on people counts.
	Trusted bool
}

// Decode judges one item and fills w.event, which is good until the next call. The
// event's strings are views of the body. clock says which times are believed, messageID is the event's id, already settled. The fault is why the
// event is refused, nil when it is taken.
func (w *Work) Decode(it *Item, o *Origin, clock Clock, messageID string) *Fault {
	if it.Fault != nil {
		return it.Fault
	}
	limit := o.Rules.EventBytes
	if o.Imports || o.History {
		limit = o.Rules.ImportBytes
	}
	if size := len(it.Raw) + len(w.Envelope.Context) + len(w.Envelope.Integrations); size > limit {
		return &Fault{ReasonTooLarge, fmt.Sprintf("the event has %d bytes, the limit is %d", size, limit)}
	}
	e := &w.Event
	e.Notes = nil
	w.noteEnvelope()
	e.EventId, e.Workspace, e.Source = messageID, o.Rules.Workspace, o.Rules.Source
	for _, step := range []func(*Item, *Origin) *Fault{w.readType, w.readName, w.readObjects, w.holdToPlan, w.readIdentifiers} {
		if f := step(it, o); f != nil {
			return f
		}
	}
	if f := w.readTimes(it, o, clock); f != nil {
		return f
	}
	w.readOrder(it, o)
	return nil
}

func (w *Work) readType(it *Item, o *Origin) *Fault {
	if w.Event.Type = o.Type; o.Type != eventv1.EventType_EVENT_TYPE_UNSPECIFIED {
		return nil
	}
	name, f := Text("type", it.typ)
	if f != nil {
		return f
	}
	if name == "" {
		return &Fault{ReasonMissingType, `the event has no "type": track, identify, page, screen, group or alias`}
	}
	if w.Event.Type = eventType(name); w.Event.Type == eventv1.EventType_EVENT_TYPE_UNSPECIFIED {
		return &Fault{ReasonUnknownType, fmt.Sprintf("type %.40q is none of track, identify, page, screen, group, alias", name)}
	}
	return nil
}

// eventType reads a Segment call's name.
func eventType(name string) eventv1.EventType {
	switch name {
	case "track":
		return eventv1.EventType_EVENT_TYPE_TRACK
	case "identify":
		return eventv1.EventType_EVENT_TYPE_IDENTIFY
	case "page":
		return eventv1.EventType_EVENT_TYPE_PAGE
	case "screen":
		return eventv1.EventType_EVENT_TYPE_SCREEN
	case "group":
		return eventv1.EventType_EVENT_TYPE_GROUP
	case "alias":
		return eventv1.EventType_EVENT_TYPE_ALIAS
	}
	return eventv1.EventType_EVENT_TYPE_UNSPECIFIED
}

func (w *Work) readName(it *Item, _ *Origin) *Fault {
	var f *Fault
	w.Event.Name = ""
	switch w.Event.Type {
	case eventv1.EventType_EVENT_TYPE_TRACK:
		if w.Event.Name, f = Text("event", it.event); f == nil && w.Event.Name == "" {
			f = &Fault{ReasonMissingName, `a track call needs the event's name in "event"`}
		}
	case eventv1.EventType_EVENT_TYPE_PAGE, eventv1.EventType_EVENT_TYPE_SCREEN:
		w.Event.Name, f = Text("name", it.name)
	}
	if f == nil && len(w.Event.Name) > MaxID {
		f = &Fault{ReasonTooLong, fmt.Sprintf("the event's name is longer than %d bytes", MaxID)}
	}
	return f
}

// readObjects takes context, properties and traits as they came, and puts beside
// them what has no field of its own: the group of a group call, integrations and the
// channel into the context, the category of a page into its properties.
func (w *Work) readObjects(it *Item, _ *Origin) *Fault {
	e := &w.Event
	e.PropertiesJson = w.object("properties", it.properties)
	e.TraitsJson = w.object("traits", it.traits)
	if present(it.category) && (e.Type == eventv1.EventType_EVENT_TYPE_PAGE || e.Type == eventv1.EventType_EVENT_TYPE_SCREEN) {
		e.PropertiesJson = with(e.PropertiesJson, "category", it.category)
	}
	if f := w.readContext(it); f != nil {
		return f
	}
	if own := it.personTraits; e.Type == eventv1.EventType_EVENT_TYPE_IDENTIFY && len(e.TraitsJson) == 0 && len(own) > 2 && own[0] == '{' {
		e.TraitsJson = own // RudderStack's browser client sends the traits there alone
		it.email, it.phone, it.personEmail, it.personPhone = it.personEmail, it.personPhone, nil, nil
	}
	return nil
}

func (w *Work) readContext(it *Item) *Fault {
	e := &w.Event
	context, integrations := w.object("context", it.context), w.object("integrations", it.integrations)
	if base := w.Envelope.Context; len(base) > 0 {
		context = merge(context, base)
		// What names the person may have come from the envelope.
		w.inner.Reset(context, 0, jsonscan.Limits{})
		if err := it.scanContext(&w.inner); err != nil {
			return &Fault{ReasonInvalidJSON, "context: " + err.Error()}
		}
	}
	if integrations = merge(integrations, w.Envelope.Integrations); len(integrations) > 0 {
		context = with(context, "integrations", integrations)
	}
	if present(it.Channel) {
		context = with(context, "channel", it.Channel)
	}
	if e.Type == eventv1.EventType_EVENT_TYPE_GROUP {
		group, f := ID("groupId", it.groupID)
		if f != nil {
			return f
		}
		if group == "" {
			return &Fault{ReasonMissingGroup, `a group call needs the group's id in "groupId"`}
		}
		context = with(context, "groupId", it.groupID)
	}
	e.ContextJson = context
	return nil
}
