package plan

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/jsonscan"
)

// Event is what a plan looks at. The texts must be valid JSON objects, or empty.
type Event struct {
	Type eventv1.EventType
	// Name is the event's, page's or screen's.
	Name string
	// Context holds protocols.event_version where the client says one.
	Context []byte
	// Body is the properties (track, page, screen) or the traits (identify, group).
	Body []byte
}

// Reasons of a refusal.
const (
	ReasonViolation = "plan_violation"
	ReasonUnplanned = RuleUnplanned
)

// Bounds of what is said of one event.
const (
	maxViolations = 20
	maxDetails    = 3
)

// Verdict is what a plan says of an event.
type Verdict struct {
	// Body is what is kept of the event's body: the same bytes unless something was stripped.
	Body []byte
	// Check notes what does not fit; nil when everything does, or when the event is refused.
	Check *eventv1.PlanCheck
	// Reason is why the event is refused, "" when it is taken; Detail is a sentence with the first violations.
	Reason, Detail string
	// Rules has the rule of every violation found, and RuleStripped for every member taken out: for counting.
	Rules []string
}

// Check holds an event against the plan. Nothing of the verdict but Body is a view of the event.
func (p *Plan) Check(e Event) Verdict {
	if int(e.Type) >= len(p.types) || !p.types[e.Type] && e.Type != eventv1.EventType_EVENT_TYPE_TRACK {
		return Verdict{Body: e.Body}
	}
	known := p.events[key{e.Type, e.Name}]
	if known == nil && e.Type != eventv1.EventType_EVENT_TYPE_TRACK {
		known = p.events[key{typ: e.Type}]
	}
	if known == nil {
		return p.unknown(e)
	}
	v := known.pick(e.Context)
	verdict := Verdict{Body: e.Body}
	root := "/" + member(e.Type)
	var stripped []string
	if v.shape != nil && len(e.Body) > 0 {
		var total int
		verdict.Body, stripped, total = strip(e.Body, v.shape, root)
		for range total {
			verdict.Rules = append(verdict.Rules, RuleStripped)
		}
	}
	found := v.judge(verdict.Body, root)
	for _, f := range found {
		verdict.Rules = append(verdict.Rules, f.rule)
	}
	switch {
	case len(found) > 0 && v.mode == Block:
		verdict.Reason, verdict.Detail = ReasonViolation, p.detail(v, found)
	case len(found)+len(stripped) > 0:
		verdict.Check = &eventv1.PlanCheck{Plan: p.name, Version: v.text, Violations: list(found), Stripped: stripped}
	}
	return verdict
}

// unknown is the verdict on an event that the plan does not know.
func (p *Plan) unknown(e Event) Verdict {
	v := Verdict{Body: e.Body}
	if p.unplanned == Allow {
		return v
	}
	v.Rules = []string{RuleUnplanned}
	path, message := "/event", TypeName(e.Type)+" "+strconv.Quote(clip(e.Name))+" is not in the plan: put it there, or do not send it"
	if e.Type != eventv1.EventType_EVENT_TYPE_TRACK {
		path = "/name"
	} else if same := p.folded[strings.ToLower(e.Name)]; same != "" {
		message = strconv.Quote(clip(e.Name)) + " is not in the plan: it is written " + strconv.Quote(same)
	}
	if p.unplanned == Block {
		v.Reason, v.Detail = ReasonUnplanned, "plan "+p.name+": "+message
		return v
	}
	v.Check = &eventv1.PlanCheck{Plan: p.name, Violations: []*eventv1.Violation{{Rule: RuleUnplanned, Path: path, Message: message}}}
	return v
}

// pick is the version the client says, else the oldest. That is Segment's rule: clients that say nothing are those from before the
// second version.
func (e *planned) pick(context []byte) *version {
	if len(e.versions) > 1 && len(context) > 0 {
		said := saidVersion(context)
		for _, v := range e.versions {
			if v.text == said {
				return v
			}
		}
	}
	return e.versions[0]
}

// saidVersion reads context.protocols.event_version, an integer or its digits as a string.
func saidVersion(context []byte) string {
	var said []byte
	var s jsonscan.Scanner
	s.Reset(context, 0, jsonscan.Limits{})
	skip := func() error { _, err := s.Skip(); return err }
	_ = s.Object(func(key []byte) error { // a context that cannot be read says nothing
		if string(key) != "protocols" || s.Peek() != '{' {
			return skip()
		}
		return s.Object(func(key []byte) (err error) {
			if string(key) != "event_version" {
				return skip()
			}
			said, err = s.Skip()
			return err
		})
	})
	return string(bytes.Trim(said, `"`))
}

// judge validates a body. The quick way answers for most bodies that fit; the validator has the last word on all others.
func (v *version) judge(body []byte, root string) []finding {
	if len(body) == 0 {
		body = []byte("{}")
	}
	if v.quick.fits(body) {
		return nil
	}
	var s jsonscan.Scanner
	s.Reset(body, 0, jsonscan.Limits{})
	doc, err := value(&s)
	if err != nil {
		return nil // what is no JSON was refused before
	}
	var invalid *jsonschema.ValidationError
	if err := v.schema.Validate(doc); !errors.As(err, &invalid) {
		return nil
	}
	return findings(invalid, root)
}

// list makes violations of the first findings.
func list(found []finding) []*eventv1.Violation {
	var out []*eventv1.Violation
	for i, f := range found {
		if i == maxViolations {
			break
		}
		out = append(out, &eventv1.Violation{Rule: f.rule, Path: f.path(), Message: f.sentence()})
	}
	return out
}

// detail is the first findings in one sentence.
func (p *Plan) detail(v *version, found []finding) string {
	var b strings.Builder
	b.WriteString("plan " + p.name + ", version " + v.text + ": ")
	for i, f := range found {
		if i == maxDetails {
			b.WriteString("; and " + strconv.Itoa(len(found)-maxDetails) + " more")
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.sentence())
	}
	return b.String()
}
