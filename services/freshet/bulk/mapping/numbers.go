package mapping

import (
	"cmp"
	"fmt"

	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/services/freshet/bulk/number"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// numeric is the conversion to a number, digit for digit. JSON and Parquet have their own way to write one; in texts the signs are the field's, or
// the format's.
func numeric(f *Field, format rows.Format) func(rows.Value) (rows.Value, error) {
	signs := number.Convention{Decimal: cmp.Or(f.Decimal, format.Decimal), Thousands: cmp.Or(f.Thousands, format.Thousands)}
	if f.Decimal != "" && f.Decimal == signs.Thousands {
		signs.Thousands = "" // the format's, which cannot be this field's
	}
	if f.Thousands != "" && f.Thousands == signs.Decimal {
		signs.Decimal = ""
	}
	return func(v rows.Value) (rows.Value, error) {
		own := signs
		if v.Kind == rows.Number {
			own = number.Convention{}
		}
		if f.Type == "integer" {
			n, ok := number.Integer(v.Text, own)
			if !ok {
				return v, problem("is no whole number within 64 bits")
			}
			return rows.Value{Kind: rows.Number, Text: n}, nil
		}
		n, _, ok := number.Parse(v.Text, own)
		if !ok {
			return v, noNumber(v.Text, cmp.Or(own.Decimal, "."))
		}
		return rows.Value{Kind: rows.Number, Text: n}, nil
	}
}

// noNumber says what speaks against a number, and where to change it when it is one elsewhere.
func noNumber(text, point string) error {
	says := fmt.Sprintf("is no number with the decimal sign %q", point)
	for _, other := range []number.Convention{{Decimal: ",", Thousands: "."}, {Decimal: ".", Thousands: ","}} {
		if _, _, ok := number.Parse(text, other); ok {
			return problem(says + ": format.decimal and format.thousands say how numbers are written")
		}
	}
	return problem(says)
}

// code is the currency that stands in a value: what the map makes of its code or sign, else the code. A sign of several currencies, and a value
// that names none, is none.
func (v *value) code(raw rows.Value) (rows.Value, *rows.Fault) {
	sign := ""
	if raw.Kind == rows.Text {
		sign = number.Currency(raw.Text)
	}
	if sign == "" {
		return v.missing()
	}
	if means, ok := v.mapped(sign); ok {
		sign = means
	} else if _, known := money.MinorDigits(sign); !known {
		return v.missing()
	}
	if sign == "" {
		return v.missing()
	}
	return rows.Value{Kind: rows.Text, Text: sign}, nil
}
