package mapping

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

var (
	word  = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
	calls = []string{"track", "identify", "group", "page", "screen", "alias"}
	kinds = []string{"string", "integer", "decimal", "boolean", "date", "timestamp", "json", "currency"}
)

// validate reports what is wrong whatever the file holds; Compile finds the rest.
func (s *Spec) validate() error {
	faults := s.Format.Validate()
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !word.MatchString(s.SourceName) {
		fault("source_name: %q is not 1 to 64 of a-z 0-9 _ -", s.SourceName)
	}
	if s.Type == "" {
		s.Type = "track"
	}
	if !slices.Contains(calls, s.Type) {
		fault("type: %q is none of %s", s.Type, strings.Join(calls, ", "))
	}
	if s.Type == "track" && s.Event == nil {
		fault(`event: a track call needs the event's name, such as "Order Completed" (docs/events.md)`)
	}
	if s.Type == "group" && s.Identifiers.GroupID == nil {
		fault("identifiers.group_id: a group call needs it")
	}
	if s.Type == "alias" && s.Identifiers.PreviousID == nil {
		fault("identifiers.previous_id: an alias call needs it")
	}
	if s.Rest != "" && s.Rest != "properties" && s.Rest != "traits" {
		fault("rest: %q is neither properties nor traits", s.Rest)
	}
	faults = append(faults, s.validateGroups()...)
	faults = append(faults, s.validateAlternatives()...)
	faults = append(faults, s.validateAlso()...)
	faults = append(faults, s.validateSums()...)
	n := 0
	s.each(func(at string, f *Field) {
		n++
		faults = append(faults, f.validate(at)...)
	})
	if n > 1000 {
		fault("the mapping has more than 1,000 fields")
	}
	if s.Identifiers.empty() {
		fault("identifiers: name at least one of user_id, anonymous_id, email, phone, device_id, external_ids")
	}
	return errors.Join(faults...)
}

func (s *Spec) validateGroups() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	switch {
	case len(s.GroupBy) == 0 && s.Lines != nil:
		fault("lines: needs group_by, the columns whose rows are one event")
	case len(s.GroupBy) == 0 && s.GroupBySorted != nil:
		fault("group_by_sorted: needs group_by")
	case len(s.GroupBy) > 0 && s.Lines == nil && !s.sums():
		fault("group_by: needs lines, what each row becomes, or a property with a sum")
	}
	if len(s.GroupBy) > 0 && s.Rest != "" {
		fault("rest: does not go with group_by, whose event has many rows")
	}
	if s.Lines != nil {
		if s.Lines.Into == "" {
			s.Lines.Into = "products"
		}
		if strings.Contains(s.Lines.Into, ".") {
			fault("lines.into: %q has a dot: give a property of the first level", s.Lines.Into)
		}
		if _, ok := s.Properties[s.Lines.Into]; ok {
			fault("properties.%s: lines.into is the same property", s.Lines.Into)
		}
		if len(s.Lines.Fields) == 0 {
			fault("lines.fields: name at least one")
		}
	}
	return faults
}

func (i *Identifiers) empty() bool {
	return i.UserID == nil && i.AnonymousID == nil && i.Email == nil && i.Phone == nil && i.DeviceID == nil && len(i.ExternalIDs) == 0
}

// each calls f with every field and its path, in a fixed order.
func (s *Spec) each(f func(at string, field *Field)) {
	i := &s.Identifiers
	if s.Event != nil && len(s.Event.Any) == 0 {
		f("event", &s.Event.Field)
	} else if s.Event != nil {
		for n := range s.Event.Any {
			f(fmt.Sprintf("event[%d]", n), &s.Event.Any[n].Field)
		}
	}
	for _, m := range []struct {
		at    string
		field *Field
	}{
		{"timestamp", s.Timestamp}, {"identifiers.user_id", i.UserID}, {"identifiers.anonymous_id", i.AnonymousID}, {"identifiers.email", i.Email},
		{"identifiers.phone", i.Phone}, {"identifiers.device_id", i.DeviceID}, {"identifiers.group_id", i.GroupID}, {"identifiers.previous_id", i.PreviousID},
	} {
		if m.field != nil {
			f(m.at, m.field)
		}
	}
	all := func(at string, fields map[string]Field) {
		for _, k := range slices.Sorted(maps.Keys(fields)) {
			field := fields[k]
			f(at+"."+k, &field)
			fields[k] = field
		}
	}
	all("identifiers.external_ids", i.ExternalIDs)
	all("properties", s.Properties)
	all("traits", s.Traits)
	if s.Lines != nil {
		all("lines.fields", s.Lines.Fields)
	}
	s.eachAlso(f, all)
}

func (f *Field) validate(at string) (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(at+format, args...)) }
	n := 0
	for _, is := range []bool{f.Column != "", f.Template != "", f.Value != nil, f.Sum != ""} {
		if is {
			n++
		}
	}
	if n != 1 {
		fault(": give one of column, template, value and sum")
	}
	faults = append(faults, f.validateNumber(at)...)
	if within(at) == "timestamp" && f.Type == "" {
		f.Type = "timestamp"
	}
	if f.Type != "" && !slices.Contains(kinds, f.Type) {
		fault(".type: %q is none of %s", f.Type, strings.Join(kinds, ", "))
	}
	if within(at) == "timestamp" && f.Type != "timestamp" {
		fault(".type: %q cannot be the time of an event", f.Type)
	}
	if len(f.Layouts) > 0 && f.Type != "date" && f.Type != "timestamp" {
		fault(".layouts: need type: date or timestamp")
	}
	if f.ZoneColumn != "" && f.Type != "date" && f.Type != "timestamp" {
		fault(".zone_column: needs type: date or timestamp")
	}
	if f.Decimal+f.Thousands != "" && f.Type != "integer" && f.Type != "decimal" {
		fault(".decimal and thousands: need type: integer or decimal")
	}
	for _, err := range (rows.Format{Decimal: f.Decimal, Thousands: f.Thousands}).Validate() {
		fault(".%s", strings.TrimPrefix(err.Error(), "format."))
	}
	if len(f.TrueWords)+len(f.FalseWords) > 0 && f.Type != "boolean" {
		fault(".true_words and false_words: need type: boolean")
	}
	if f.Value != nil && (f.Type != "" || f.Map != nil || f.Default != nil) {
		fault(": a constant value has no type, map or default: write it as it should be sent")
	}
	return faults
}
