package plan

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

const (
	// maxFile bounds the text of a plan, in bytes.
	maxFile = 8 << 20
	// maxEvents bounds the entries of a plan.
	maxEvents = 10_000
	// maxName is the longest event name the collector takes, in bytes.
	maxName = 255
)

var (
	nameForm    = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
	versionForm = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)
)

// Parse compiles the text of a plan file. The error joins every fault of it, each under its place.
func Parse(data []byte) (*Plan, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("the plan has %d bytes, the limit is %d", len(data), maxFile)
	}
	d := &document{}
	root, err := d.open(data)
	if err != nil {
		return nil, err
	}
	p := d.plan(root)
	if len(d.faults) > 0 {
		return nil, errors.Join(d.faults...)
	}
	return p, nil
}

func (d *document) plan(root *yaml.Node) *Plan {
	p := &Plan{unplanned: Warn, events: map[key]*planned{}, folded: map[string]string{}}
	mode := Warn
	var events *yaml.Node
	for _, m := range d.mapping(root, "") {
		switch m.key {
		case "name":
			if p.name = d.text(m.value, "name"); !nameForm.MatchString(p.name) {
				d.fault(m.value, "name", "%q is not 1 to 64 of a-z 0-9 _ -", clip(p.name))
			}
		case "mode":
			mode = d.mode(m.value, "mode", Warn, Block, Strip)
		case "unplanned":
			p.unplanned = d.mode(m.value, "unplanned", Allow, Warn, Block)
		case "events":
			events = m.value
		default:
			d.fault(m.at, m.key, "is no key of a plan: name, mode, unplanned and events are")
		}
	}
	if p.name == "" {
		d.fault(nil, "name", "the plan needs one")
	}
	if events == nil {
		d.fault(nil, "events", "the plan needs a list of events")
		return p
	}
	list := d.list(events, "events")
	if len(list) > maxEvents {
		d.fault(events, "events", "%d are more than %d", len(list), maxEvents)
		return p
	}
	for i, n := range list {
		d.event(p, n, "events["+strconv.Itoa(i)+"]", mode)
	}
	p.settle()
	return p
}

func (d *document) mode(n *yaml.Node, path string, allowed ...Mode) Mode {
	m := Mode(d.text(n, path))
	if !slices.Contains(allowed, m) {
		words := make([]string, len(allowed))
		for i, a := range allowed {
			words[i] = string(a)
		}
		d.fault(n, path, "%q is none of %s", clip(string(m)), strings.Join(words, ", "))
	}
	return m
}

// entry is an element of events as written.
type entry struct {
	event, name, typ string
	named            bool
	version          string
	mode             Mode
	schema           *yaml.Node
}

// event reads one element and puts it into the plan.
func (d *document) event(p *Plan, n *yaml.Node, path string, mode Mode) {
	before := len(d.faults)
	e := entry{version: "1", mode: mode}
	for _, m := range d.mapping(n, path) {
		at := path + "." + m.key
		switch m.key {
		case "event":
			e.event = d.text(m.value, at)
		case "type":
			e.typ = d.text(m.value, at)
		case "name":
			e.name, e.named = d.text(m.value, at), true
		case "version":
			if e.version = d.text(m.value, at); !versionForm.MatchString(e.version) {
				d.fault(m.value, at, "%q is no whole number from 1 up: clients say it in context.protocols.event_version", clip(e.version))
			}
		case "mode":
			e.mode = d.mode(m.value, at, Warn, Block, Strip)
		case "schema":
			e.schema = m.value
		default:
			d.fault(m.at, at, "is no key of an event: event, type, name, version, mode and schema are")
		}
	}
	k, problem := e.key()
	if problem != "" {
		d.fault(n, path, "%s", problem)
	}
	if e.schema == nil {
		d.fault(n, path, "has no schema; `schema: {}` takes everything")
	}
	if len(d.faults) > before {
		return
	}
	v := d.compile(e.schema, path+".schema", e.mode)
	if v == nil {
		return
	}
	v.text, v.mode = e.version, e.mode
	v.number, _ = strconv.Atoi(e.version) // by its form
	if !p.add(k, v) {
		d.fault(n, path, "%s is there twice with version %s", k, e.version)
	}
}

// key says which calls the entry is about.
func (e *entry) key() (key, string) {
	if e.event != "" && e.typ == "" {
		e.typ = "track"
	}
	typ, ok := callTypes[e.typ]
	k := key{typ: typ, name: e.event}
	track := typ == eventv1.EventType_EVENT_TYPE_TRACK
	switch {
	case e.typ == "":
		return k, "needs `event`, a track call's name, or `type`"
	case !ok:
		return k, fmt.Sprintf("type %q is none of track, identify, page, screen, group", clip(e.typ))
	case track && e.named:
		return k, "a track call is named by `event`, not by `name`"
	case track && e.event == "":
		return k, "a track call needs its name in `event`"
	case !track && e.event != "":
		return k, "`event` names track calls; use `name` for pages and screens"
	case !track && e.named && member(typ) == "traits":
		return k, e.typ + " calls have no name"
	case e.named && e.name == "":
		return k, "`name` is empty; leave it out to mean all calls of the type"
	}
	if !track {
		k.name = e.name
	}
	if len(k.name) > maxName {
		return k, fmt.Sprintf("the name is longer than %d bytes: the collector takes no such event", maxName)
	}
	return k, ""
}

func (k key) String() string {
	if k.name == "" {
		return TypeName(k.typ)
	}
	return TypeName(k.typ) + " " + strconv.Quote(k.name)
}

// add puts a version into the plan, unless it is there.
func (p *Plan) add(k key, v *version) bool {
	e := p.events[k]
	if e == nil {
		e = &planned{}
		p.events[k] = e
	}
	if slices.ContainsFunc(e.versions, func(w *version) bool { return w.number == v.number }) {
		return false
	}
	e.versions = append(e.versions, v)
	return true
}

// settle prepares what Check looks up.
func (p *Plan) settle() {
	for k, e := range p.events {
		slices.SortFunc(e.versions, func(a, b *version) int { return a.number - b.number })
		p.types[k.typ] = true
		if k.typ == eventv1.EventType_EVENT_TYPE_TRACK {
			if same := strings.ToLower(k.name); p.folded[same] == "" || k.name < p.folded[same] {
				p.folded[same] = k.name
			}
		}
	}
}
