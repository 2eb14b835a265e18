package experiment

import (
	"fmt"
	"math"
)

// Figure is what is compared.
type Figure string

// The figures.
const (
	// Click is the share of the visitors who clicked in a list.
	Click Figure = "click"
	// Conversion is the share of the visitors who bought from a list.
	Conversion Figure = "conversion"
	// Revenue is the revenue from lists by visitor.
	Revenue Figure = "revenue"
)

// does is what a visitor does, for a sentence.
var does = map[Figure]string{Click: "clicked", Conversion: "bought from a list"}

// Words says in one sentence what a comparison comes to.
func Words(variant string, f Figure, v Verdict) string {
	said := fmt.Sprintf("%s: %s", variant, value(f, v.Value, v.Control))
	switch {
	case v.Early:
		return fmt.Sprintf("%s; too few visitors yet to say anything (%d in each variant, %d who did it)", said, LeastVisitors, leastResponders)
	case v.Found() && v.Difference > 0:
		return fmt.Sprintf("%s; it is better by %s", said, span(f, v))
	case v.Found():
		return fmt.Sprintf("%s; it is worse by %s", said, span(f, Verdict{Low: -v.High, High: -v.Low, Control: v.Control}))
	default:
		return fmt.Sprintf("%s; no difference is shown yet: it lies between %s and %s", said, signed(f, v.Low), signed(f, v.High))
	}
}

func value(f Figure, v, control float64) string {
	if f == Revenue {
		return fmt.Sprintf("revenue by visitor is %.2f against %.2f of the control", v, control)
	}
	return fmt.Sprintf("%.2f %% %s against %.2f %% of the control", 100*v, does[f], 100*control)
}

// span is an interval, in the figure's unit and as a part of the control's value.
func span(f Figure, v Verdict) string {
	text := fmt.Sprintf("%.2f to %.2f", v.Low, v.High)
	if f != Revenue {
		text = fmt.Sprintf("%.2f to %.2f points", 100*v.Low, 100*v.High)
	}
	if v.Control > 0 {
		text += fmt.Sprintf(" (%.0f %% to %.0f %%)", math.Round(100*v.Low/v.Control), math.Round(100*v.High/v.Control))
	}
	return text
}

func signed(f Figure, x float64) string {
	if f == Revenue {
		return fmt.Sprintf("%+.2f", x)
	}
	return fmt.Sprintf("%+.2f points", 100*x)
}
