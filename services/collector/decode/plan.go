package decode

import (
	"bytes"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
	"github.com/freshet/freshet/services/collector/plan"
)

// planned is a source's tracking plan: it says of an event what disagrees, and counts it.
type planned interface {
	Check(e plan.Event) plan.Verdict
}

// holdToPlan holds w.event against its source's plan, before names and money are read from it.
func (w *Work) holdToPlan(it *Item, o *Origin) *Fault {
	e := &w.Event
	e.Plan = nil
	p := o.Rules.Plan
	if p == nil {
		return nil
	}
	body := &e.PropertiesJson
	traits := e.Type == eventv1.EventType_EVENT_TYPE_IDENTIFY || e.Type == eventv1.EventType_EVENT_TYPE_GROUP
	if traits {
		body = &e.TraitsJson
	}
	v := p.Check(plan.Event{Type: e.Type, Name: e.Name, Context: e.ContextJson, Body: *body})
	if v.Reason != "" {
		return &Fault{v.Reason, v.Detail}
	}
	e.Plan = v.Check
	if len(v.Body) == len(*body) {
		return nil
	}
	if *body = v.Body; len(bytes.TrimSpace(v.Body[1:len(v.Body)-1])) == 0 {
		*body = nil
	}
	if traits {
		return w.readPersonAgain(it, v.Body)
	}
	return nil
}

// readPersonAgain finds the e-mail and phone in traits of which something was taken out: a stripped trait names nobody.
func (w *Work) readPersonAgain(it *Item, traits []byte) *Fault {
	it.email, it.phone = nil, nil
	w.inner.Reset(traits, 0, jsonscan.Limits{})
	if err := scanPerson(&w.inner, &it.traits, &it.email, &it.phone); err != nil {
		return &Fault{ReasonInvalidJSON, "traits: " + err.Error()}
	}
	return nil
}
