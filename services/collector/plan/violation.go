package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// finding is one disagreement. It is small, whatever the event: its place and its message are written when it is shown, because an event
// can hold thousands of disagreements under one very long name.
type finding struct {
	rule string
	root string   // pointer of the judged object, "/properties"
	at   []string // the place below root
	// name is the member that is missing or too much, below at; empty when at is the place.
	name string
	kind jsonschema.ErrorKind
}

// findings lists the disagreements of a validation in the order of their places: the validator's own order is that of Go's maps.
func findings(err *jsonschema.ValidationError, root string) []finding {
	var out []finding
	collect(err, root, &out)
	slices.SortFunc(out, func(a, b finding) int {
		return cmp.Or(slices.Compare(a.at, b.at), cmp.Compare(a.name, b.name), cmp.Compare(a.rule, b.rule))
	})
	return slices.CompactFunc(out, func(a, b finding) bool {
		return a.rule == b.rule && a.name == b.name && slices.Equal(a.at, b.at)
	})
}

// collect goes down to the keywords that failed. The branches of anyOf, oneOf, not and contains are no violations of their own.
func collect(err *jsonschema.ValidationError, root string, out *[]finding) {
	add := func(rule, name string) {
		*out = append(*out, finding{rule: rule, root: root, at: err.InstanceLocation, name: name, kind: err.ErrorKind})
	}
	switch k := err.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		for _, c := range err.Causes {
			collect(c, root, out)
		}
	case *kind.Required:
		for _, name := range k.Missing {
			add("required", name)
		}
	case *kind.DependentRequired:
		for _, name := range k.Missing {
			add("dependentRequired", name)
		}
	case *kind.Dependency:
		for _, name := range k.Missing {
			add("dependencies", name)
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add("additionalProperties", name)
		}
	case *kind.PropertyNames:
		add("propertyNames", k.Property)
	case *kind.FalseSchema:
		add(falseRule(err.SchemaURL), "")
	case *kind.InvalidJsonValue:
		add("type", "")
	default:
		add(ruleOf(k), "")
	}
}

// tokens is the place with the name.
func (f finding) tokens() []string {
	if f.name == "" {
		return f.at
	}
	return append(slices.Clone(f.at), f.name)
}

// path is the JSON pointer from the event's root.
func (f finding) path() string { return pointer(f.root, f.tokens()) }

// maxPointer is the longest pointer written, in bytes: names in an event may be as long as the event.
const maxPointer = 1 << 10

// pointer writes a JSON pointer below another one, cut when it is too long.
func pointer(root string, tokens []string) string {
	var b strings.Builder
	b.WriteString(root)
	for _, t := range tokens {
		b.WriteByte('/')
		if b.Len()+len(t) > maxPointer {
			b.WriteString(escape(strings.TrimSuffix(clip(t), "...")) + "...")
			break
		}
		b.WriteString(escape(t))
	}
	return b.String()
}

// sentence is the message with its place before it, written as the collector's other sentences do: properties.products[0].price.
func (f finding) sentence() string {
	var b strings.Builder
	b.WriteString(strings.TrimPrefix(f.root, "/"))
	for _, token := range f.tokens() {
		switch _, err := strconv.Atoi(token); {
		case b.Len() > maxPointer:
			continue
		case err == nil:
			b.WriteString("[" + clip(token) + "]")
			continue
		case b.Len() > 0:
			b.WriteByte('.')
		}
		b.WriteString(clip(token))
	}
	message := f.message()
	if verb, _, _ := strings.Cut(message, " "); verb == "is" || verb == "has" || verb == "fits" {
		return b.String() + " " + message
	}
	return b.String() + ": " + message
}

// ruleOf is the keyword of a kind, when it is in the closed set.
func ruleOf(k jsonschema.ErrorKind) string {
	if k == nil {
		return ruleOther
	}
	if path := k.KeywordPath(); len(path) > 0 && ruleSet[path[0]] {
		return path[0]
	}
	return ruleOther
}

// falseRule names the keyword whose schema is false.
func falseRule(url string) string {
	switch word := url[strings.LastIndexByte(url, '/')+1:]; word {
	case "unevaluatedProperties", "unevaluatedItems", "additionalItems":
		return word
	}
	return ruleFalse
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

func escape(token string) string {
	if !strings.ContainsAny(token, "~/") {
		return token
	}
	return escaper.Replace(token)
}

// message says what is wrong and what to change.
func (f finding) message() string {
	switch k := f.kind.(type) {
	case *kind.Type:
		return typeMessage(k)
	case *kind.InvalidJsonValue:
		return fmt.Sprintf("the number has more than %d digits: send one that can be compared", maxDigits)
	case *kind.Required:
		return fmt.Sprintf("is missing: send %q", clip(f.name))
	case *kind.DependentRequired:
		return fmt.Sprintf("is missing: events with %q need it", clip(k.Prop))
	case *kind.Dependency:
		return fmt.Sprintf("is missing: events with %q need it", clip(k.Prop))
	case *kind.AdditionalProperties, *kind.FalseSchema:
		return "is not planned: do not send it, or put it into the plan"
	case *kind.PropertyNames:
		return fmt.Sprintf("the name %q is not allowed by the plan", clip(k.Property))
	case *kind.Enum:
		return "is " + show(k.Got) + ": send one of " + showAll(k.Want)
	case *kind.Const:
		return "is " + show(k.Got) + ": it must be " + show(k.Want)
	case *kind.Format:
		return fmt.Sprintf("is %s: send it in the format %s", show(k.Got), k.Want)
	case *kind.Pattern:
		return fmt.Sprintf("is %s: it must match %s", show(k.Got), clip(k.Want))
	}
	if m := f.measure(); m != "" {
		return m
	}
	return f.combined()
}

// measure is about sizes and bounds.
func (f finding) measure() string {
	bound := func(got *big.Rat, what string, want *big.Rat) string {
		return "is " + decimal(got) + ": it must be " + what + " " + decimal(want)
	}
	size := func(got int, unit, what string, want int) string {
		return fmt.Sprintf("has %d %s: it must have %s %d", got, unit, what, want)
	}
	switch k := f.kind.(type) {
	case *kind.Minimum:
		return bound(k.Got, "at least", k.Want)
	case *kind.Maximum:
		return bound(k.Got, "at most", k.Want)
	case *kind.ExclusiveMinimum:
		return bound(k.Got, "above", k.Want)
	case *kind.ExclusiveMaximum:
		return bound(k.Got, "below", k.Want)
	case *kind.MultipleOf:
		return bound(k.Got, "a multiple of", k.Want)
	case *kind.MinLength:
		return size(k.Got, "characters", "at least", k.Want)
	case *kind.MaxLength:
		return size(k.Got, "characters", "at most", k.Want)
	case *kind.MinItems:
		return size(k.Got, "elements", "at least", k.Want)
	case *kind.MaxItems:
		return size(k.Got, "elements", "at most", k.Want)
	case *kind.MinProperties:
		return size(k.Got, "members", "at least", k.Want)
	case *kind.MaxProperties:
		return size(k.Got, "members", "at most", k.Want)
	}
	return ""
}

// combined is about keywords that hold schemas, and arrays.
func (f finding) combined() string {
	switch k := f.kind.(type) {
	case *kind.AnyOf:
		return "fits none of the alternatives of the plan's anyOf"
	case *kind.OneOf:
		if len(k.Subschemas) == 0 {
			return "fits none of the alternatives of the plan's oneOf"
		}
		return "fits more than one alternative of the plan's oneOf"
	case *kind.Not:
		return "is what the plan's `not` forbids"
	case *kind.UniqueItems:
		return fmt.Sprintf("the elements %d and %d are equal: send each once", k.Duplicates[0], k.Duplicates[1])
	case *kind.Contains:
		return "no element is what the plan's `contains` asks for"
	case *kind.MinContains:
		return fmt.Sprintf("fewer than %d elements are what the plan's `contains` asks for", k.Want)
	case *kind.MaxContains:
		return fmt.Sprintf("more than %d elements are what the plan's `contains` asks for", k.Want)
	case *kind.AdditionalItems:
		return fmt.Sprintf("has %d elements too many", k.Count)
	}
	return "does not fit the plan"
}

func typeMessage(k *kind.Type) string {
	m := "is " + article(k.Got) + ", and must be " + article(strings.Join(k.Want, " or "))
	number := slices.Contains(k.Want, "number") || slices.Contains(k.Want, "integer")
	switch {
	case k.Got == "string" && number:
		m += ": send it without quotes"
	case k.Got == "number" && slices.Contains(k.Want, "integer"):
		m += ": send it without a fraction"
	case k.Got == "number" && slices.Contains(k.Want, "string"):
		m += ": send it in quotes"
	case k.Got == "null":
		m += ": leave it out when there is none"
	}
	return m
}

func article(typ string) string {
	switch {
	case strings.HasPrefix(typ, "null"):
		return typ
	case strings.ContainsRune("aeio", rune(typ[0])):
		return "an " + typ
	}
	return "a " + typ
}

// show writes a value as JSON, short.
func show(v any) string {
	if _, ok := v.(immeasurable); ok {
		return "a number too long to show"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "a value"
	}
	return clip(string(b))
}

func showAll(values []any) string {
	const most = 10
	var parts []string
	for i, v := range values {
		if i == most {
			parts = append(parts, fmt.Sprintf("... (%d in all)", len(values)))
			break
		}
		parts = append(parts, show(v))
	}
	return strings.Join(parts, ", ")
}

// decimal writes a number that came as a decimal.
func decimal(r *big.Rat) string {
	if r == nil {
		return "no number"
	}
	digits, exact := r.FloatPrec()
	if !exact || digits > 20 {
		return clip(r.FloatString(20))
	}
	return clip(r.FloatString(digits))
}
