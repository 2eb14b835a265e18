package expr

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// maxText bounds a text, in bytes; a longer one counts as absent.
const maxText = 255

// maxElements bounds the elements of an array that are looked at.
const maxElements = 500

// Event is an event in the form that conditions are evaluated on: what one of them has looked up is there for the others. The zero Event may be
// Reset. It is for one goroutine, and keeps the event it was made of.
type Event struct {
	event *eventv1.Event
	docs  [3]doc
	item  gjson.Result
	turn  uint32 // counts Resets
	part  uint32 // counts elements
	cache []cached
}

// doc is one JSON object of an event, read at the first look.
type doc struct {
	read    bool
	members []member
}

type member struct {
	key   string
	value gjson.Result
}

// cached is what was found at a path.
type cached struct {
	turn, part uint32
	value      value
}

// value is a member as it was found.
type value struct {
	form form
	text string
	num  float64
}

type form uint8

const (
	formAbsent form = iota // not there, or null
	formText
	formNumber
	formTrue
	formFalse
	formOther // an object or an array
)

// Of makes an Event.
func Of(e *eventv1.Event) *Event {
	x := &Event{}
	x.Reset(e)
	return x
}

// Reset makes x another event.
func (x *Event) Reset(e *eventv1.Event) {
	x.event = e
	for i := range x.docs {
		x.docs[i].read, x.docs[i].members = false, x.docs[i].members[:0]
	}
	x.item = gjson.Result{}
	x.turn++
	if x.turn == 0 {
		clear(x.cache)
		x.turn = 1
	}
	x.part = 0
}

// Event is what x was made of.
func (x *Event) Event() *eventv1.Event { return x.event }

// AtMs is when the event happened, Unix milliseconds.
func (x *Event) AtMs() int64 { return x.event.GetOccurredMs() }

// Each calls f for the elements of the array at p, at most 500 of them: while it runs, item is the element. Nothing when there is no array.
func (p *Path) Each(x *Event, f func()) {
	r, ok := x.find(p)
	if !ok || !r.IsArray() {
		return
	}
	n := 0
	r.ForEach(func(_, element gjson.Result) bool {
		x.item = element
		x.part++
		f()
		n++
		return n < maxElements
	})
	x.item = gjson.Result{}
	x.part++
}

// at looks a path up.
func (x *Event) at(p *Path) value {
	if p.index >= len(x.cache) {
		grown := make([]cached, p.index+16)
		copy(grown, x.cache)
		x.cache = grown
	}
	c := &x.cache[p.index]
	part := uint32(0)
	if p.root == rootItem {
		part = x.part
	}
	if c.turn != x.turn || c.part != part {
		c.turn, c.part, c.value = x.turn, part, x.look(p)
	}
	return c.value
}

func (x *Event) look(p *Path) value {
	if p.root == rootColumn {
		f := fields[p.column]
		if f.truth != nil {
			if f.truth(x.event) {
				return value{form: formTrue}
			}
			return value{form: formFalse}
		}
		text := f.of(x.event)
		if text == "" {
			return value{}
		}
		return value{form: formText, text: text}
	}
	r, ok := x.find(p)
	if !ok {
		return value{}
	}
	return valueOf(r)
}

func valueOf(r gjson.Result) value {
	switch r.Type {
	case gjson.String:
		return value{form: formText, text: r.Str}
	case gjson.Number:
		n, err := strconv.ParseFloat(r.Raw, 64)
		if err != nil {
			return value{form: formOther}
		}
		return value{form: formNumber, num: n}
	case gjson.True:
		return value{form: formTrue}
	case gjson.False:
		return value{form: formFalse}
	case gjson.JSON:
		return value{form: formOther}
	}
	return value{}
}

// find walks the keys of a path. Of a key that stands twice in an object the first counts.
func (x *Event) find(p *Path) (gjson.Result, bool) {
	if p.root == rootItem {
		return walk(x.item, p.keys)
	}
	for _, m := range x.members(p.root) {
		if m.key == p.keys[0] {
			return walk(m.value, p.keys[1:])
		}
	}
	return gjson.Result{}, false
}

func walk(r gjson.Result, keys []string) (gjson.Result, bool) {
	for _, key := range keys {
		if !r.IsObject() {
			return r, false
		}
		var inner gjson.Result
		found := false
		r.ForEach(func(k, v gjson.Result) bool {
			if found = k.Str == key; found {
				inner = v
			}
			return !found
		})
		if !found {
			return r, false
		}
		r = inner
	}
	return r, r.Exists()
}

// members are the members of one JSON object of the event.
func (x *Event) members(r root) []member {
	d := &x.docs[r]
	if d.read {
		return d.members
	}
	d.read = true
	var raw []byte
	switch r {
	case rootTraits:
		raw = x.event.GetTraitsJson()
	case rootContext:
		raw = x.event.GetContextJson()
	default:
		raw = x.event.GetPropertiesJson()
	}
	if len(raw) == 0 || !readable(raw) {
		return d.members
	}
	parsed := gjson.Parse(view(raw))
	if !parsed.IsObject() {
		return d.members
	}
	parsed.ForEach(func(k, v gjson.Result) bool {
		d.members = append(d.members, member{key: k.Str, value: v})
		return true
	})
	return d.members
}

// Text reads the value as a text.
func (v value) asText() (string, bool) {
	switch v.form {
	case formText:
		return v.text, v.text != "" && len(v.text) <= maxText
	case formNumber:
		if v.num != math.Trunc(v.num) || math.Abs(v.num) >= 1<<53 {
			return "", false
		}
		return strconv.FormatInt(int64(v.num), 10), true
	case formTrue:
		return "true", true
	case formFalse:
		return "false", true
	}
	return "", false
}

// Number reads the value as a number, in millionths.
func (v value) asNumber() (int64, bool) {
	switch v.form {
	case formNumber:
		return micros(v.num)
	case formText:
		if !plainDecimal(v.text) {
			return 0, false
		}
		n, err := strconv.ParseFloat(v.text, 64)
		if err != nil {
			return 0, false
		}
		return micros(n)
	}
	return 0, false
}

// micros rounds to millionths, to even.
func micros(x float64) (int64, bool) {
	x = math.RoundToEven(x * 1e6)
	if !(math.Abs(x) <= 9e18) {
		return 0, false
	}
	return int64(x), true
}

// plainDecimal says whether a text is digits, perhaps with a sign before and a point within, at most 40 bytes of them.
func plainDecimal(s string) bool {
	if len(s) > 40 {
		return false
	}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole, fraction := 0, -1
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9' && fraction < 0:
			whole++
		case c >= '0' && c <= '9':
			fraction++
		case c == '.' && fraction < 0:
			fraction = 0
		default:
			return false
		}
	}
	return whole > 0 && fraction != 0
}

// EachText calls f for every member of a JSON object that can be read as a text. Of a name that stands twice the first counts.
func EachText(json []byte, f func(name, text string)) {
	var x Event
	x.Reset(&eventv1.Event{TraitsJson: json})
	members := x.members(rootTraits)
	for i, m := range members {
		if slices.ContainsFunc(members[:i], func(o member) bool { return o.key == m.key }) {
			continue
		}
		if text, ok := valueOf(m.value).asText(); ok {
			f(strings.Clone(m.key), strings.Clone(text))
		}
	}
}
