package collector

import (
	"fmt"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// origin is what all events of one request share.
type origin struct {
	src *source
	// typ is the call named by the path; unspecified when each event says its own.
	typ eventv1.EventType
	// imports says that events of any past are taken; history, that all are history, also those that happened just now.
	imports, history bool
	// cloudEvents says that the events came as CloudEvents, whose attributes have names of their own.
	cloudEvents bool
	// received is when the request came, Unix milliseconds.
	received int64
	// retried says that the client has sent the request before.
	retried bool
	// senders remember the clocks of those who sent before; nil where nobody does.
	senders *senders
	// client is who is at the other end of the connection; the zero Client when nobody is.
	client enrich.Client
}

// decode judges one item and fills w.event, which is good until the next call. The
// event's strings are views of the body.
func (w *work) decode(it *item, o *origin, cfg *Config, messageID string) *fault {
	if it.fault != nil {
		return it.fault
	}
	limit := o.src.limits.EventBytes
	if o.imports || o.history {
		limit = o.src.limits.ImportEventBytes
	}
	if size := len(it.raw) + len(w.envelope.context) + len(w.envelope.integrations); size > limit {
		return &fault{reasonTooLarge, fmt.Sprintf("the event has %d bytes, the limit is %d", size, limit)}
	}
	e := &w.event
	e.Notes = nil
	w.noteEnvelope()
	e.EventId, e.Workspace, e.Source = messageID, o.src.workspace, o.src.name
	for _, step := range []func(*item, *origin) *fault{w.readType, w.readName, w.readObjects, w.holdToPlan, w.readIdentifiers} {
		if f := step(it, o); f != nil {
			return f
		}
	}
	if f := w.readTimes(it, o, cfg.Clock); f != nil {
		return f
	}
	w.readOrder(it, o)
	return nil
}

func (w *work) readType(it *item, o *origin) *fault {
	if w.event.Type = o.typ; o.typ != eventv1.EventType_EVENT_TYPE_UNSPECIFIED {
		return nil
	}
	name, f := text("type", it.typ)
	if f != nil {
		return f
	}
	if name == "" {
		return &fault{reasonMissingType, `the event has no "type": track, identify, page, screen, group or alias`}
	}
	if w.event.Type = eventType(name); w.event.Type == eventv1.EventType_EVENT_TYPE_UNSPECIFIED {
		return &fault{reasonUnknownType, fmt.Sprintf("type %.40q is none of track, identify, page, screen, group, alias", name)}
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

func (w *work) readName(it *item, _ *origin) *fault {
	var f *fault
	w.event.Name = ""
	switch w.event.Type {
	case eventv1.EventType_EVENT_TYPE_TRACK:
		if w.event.Name, f = text("event", it.event); f == nil && w.event.Name == "" {
			f = &fault{reasonMissingName, `a track call needs the event's name in "event"`}
		}
	case eventv1.EventType_EVENT_TYPE_PAGE, eventv1.EventType_EVENT_TYPE_SCREEN:
		w.event.Name, f = text("name", it.name)
	}
	if f == nil && len(w.event.Name) > maxID {
		f = &fault{reasonTooLong, fmt.Sprintf("the event's name is longer than %d bytes", maxID)}
	}
	return f
}

// readObjects takes context, properties and traits as they came, and puts beside
// them what has no field of its own: the group of a group call, integrations and the
// channel into the context, the category of a page into its properties.
func (w *work) readObjects(it *item, _ *origin) *fault {
	e := &w.event
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

func (w *work) readContext(it *item) *fault {
	e := &w.event
	context, integrations := w.object("context", it.context), w.object("integrations", it.integrations)
	if base := w.envelope.context; len(base) > 0 {
		context = merge(context, base)
		// What names the person may have come from the envelope.
		w.inner.Reset(context, 0, jsonscan.Limits{})
		if err := it.scanContext(&w.inner); err != nil {
			return &fault{reasonInvalidJSON, "context: " + err.Error()}
		}
	}
	if integrations = merge(integrations, w.envelope.integrations); len(integrations) > 0 {
		context = with(context, "integrations", integrations)
	}
	if present(it.channel) {
		context = with(context, "channel", it.channel)
	}
	if e.Type == eventv1.EventType_EVENT_TYPE_GROUP {
		group, f := id("groupId", it.groupID)
		if f != nil {
			return f
		}
		if group == "" {
			return &fault{reasonMissingGroup, `a group call needs the group's id in "groupId"`}
		}
		context = with(context, "groupId", it.groupID)
	}
	e.ContextJson = context
	return nil
}
