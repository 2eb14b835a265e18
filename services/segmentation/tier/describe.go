package tier

import (
	"fmt"
	"math"
	"time"

	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// Descriptions say for people what the tiers are.
var Descriptions = map[string]string{
	HighValue: "The most valuable of those seen lately: about one in eight customers.",
	Medium:    "Valuable and seen lately: about a third of all customers.",
	Potential: "Seen lately and worth little so far: somewhat more than a third of all customers.",
	ChurnRisk: "Not seen for long: about one in six customers.",
}

// Rule says a tier's cut points for people.
func Rule(name string, cuts *segmentationv1.CutPoints) string {
	if cuts == nil {
		if name == Potential {
			return fmt.Sprintf("everybody, while there are fewer than %d customers", MinPopulation)
		}
		return fmt.Sprintf("nobody, while there are fewer than %d customers", MinPopulation)
	}
	recency := time.Duration(cuts.GetChurnRiskRecencyMs()) * time.Millisecond
	switch name {
	case ChurnRisk:
		return fmt.Sprintf("not seen for more than %s", recency)
	case HighValue:
		return fmt.Sprintf("seen within %s, value index at least %s", recency, units(cuts.GetHighValueFrom()))
	case Medium:
		return fmt.Sprintf("seen within %s, value index at least %s and below that of %s", recency, units(cuts.GetMediumFrom()), HighValue)
	default:
		return fmt.Sprintf("seen within %s, value index below that of %s", recency, Medium)
	}
}

// units writes a value index in units of the currency.
func units(index int64) string {
	if index == math.MaxInt64 {
		return "unreachable"
	}
	sign, n := "", uint64(index)
	if index < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%06d", sign, n/1_000_000, n%1_000_000)
}
