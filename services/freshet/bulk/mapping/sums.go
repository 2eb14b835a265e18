package mapping

import (
	"fmt"
	"strings"

	exact "github.com/shopspring/decimal"

	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// sums says that some property is the sum of a column.
func (s *Spec) sums() bool {
	for _, fields := range []map[string]Field{s.Properties, s.Traits} {
		for _, f := range fields {
			if f.Sum != "" {
				return true
			}
		}
	}
	return false
}

// validateNumber reports what is wrong with the keys of a number. A sum without a type is a decimal.
func (f *Field) validateNumber(at string) (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(at+format, args...)) }
	if f.Sum != "" {
		if f.Type == "" {
			f.Type = "decimal"
		}
		switch {
		case !strings.HasPrefix(within(at), "properties.") && !strings.HasPrefix(at, "traits."):
			fault(".sum: a sum is a property or a trait of the event that the rows become")
		case f.Type != "decimal" && f.Type != "integer":
			fault(".type: %q is no sum's: decimal or integer", f.Type)
		case f.Map != nil:
			fault(".map: does not go with sum")
		}
	}
	if f.Absolute && f.Type != "decimal" && f.Type != "integer" {
		fault(".absolute: needs type: decimal or integer")
	}
	return faults
}

// validateSums reports sums without rows to add.
func (s *Spec) validateSums() (faults []error) {
	s.each(func(at string, f *Field) {
		if f.Sum != "" && len(s.GroupBy) == 0 {
			faults = append(faults, fmt.Errorf("%s.sum: needs group_by, the columns whose rows are one event: use column for the value of the row itself", at))
		}
	})
	return faults
}

// total is the exact sum of a column over the rows of one event: of those for which the field's condition holds and that have a value.
func (v *value) total(rs []*rows.Row) (rows.Value, *rows.Fault) {
	sum, found, applies := exact.Zero, false, false
	for _, row := range rs {
		is, fault := v.when.holds(row)
		if fault != nil {
			return rows.Value{}, about(row, rs, fault)
		}
		if !is {
			continue
		}
		applies = true
		got := row.Value(v.slot)
		if got.Kind == rows.Absent {
			continue
		}
		number, err := v.convert(got)
		if err != nil {
			return got, about(row, rs, v.fault(v.reason, got, err.Error()))
		}
		n, err := exact.NewFromString(number.Text)
		if err != nil {
			return got, about(row, rs, v.fault(v.reason, got, "cannot be added"))
		}
		sum, found = sum.Add(n), true
	}
	switch {
	case !applies:
		return rows.Value{}, nil
	case !found:
		return v.missing()
	}
	return v.unsigned(rows.Value{Kind: rows.Number, Text: sum.StringFixed(max(-sum.Exponent(), 0))}), nil
}

// unsigned leaves the minus out, when that is asked for.
func (v *value) unsigned(n rows.Value) rows.Value {
	if v.absolute {
		n.Text = strings.TrimPrefix(n.Text, "-")
	}
	return n
}

// about says which row of several a fault is about.
func about(row *rows.Row, rs []*rows.Row, fault *rows.Fault) *rows.Fault {
	if fault == nil || row == rs[0] {
		return fault
	}
	return &rows.Fault{Reason: fault.Reason, Detail: fmt.Sprintf("row %d: %s", row.Number, fault.Detail)}
}
