package training

import (
	"fmt"

	"github.com/freshet/freshet/pkg/forecast"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// bandsOf finds where high and medium begin: where what acting keeps is what it costs. What is at stake is what those spent who stayed, of the jury. said are
// the model's predictions of the jury.
func bandsOf(t *forecast.Target, s split, said []float64) *modelv1.Bands {
	if t.Bands == nil {
		return nil
	}
	stake := 0.0
	if stayed := staying(s); len(stayed) > 0 {
		for _, v := range stayed {
			stake += v / float64(len(stayed))
		}
	}
	high, medium := t.Bands.High, t.Bands.Medium
	b := &modelv1.Bands{High: above(high, stake), Medium: above(medium, stake)}
	n := map[string]int{}
	for _, p := range said {
		n[forecast.Band(p, b.High, b.Medium)]++
	}
	b.Because = fmt.Sprintf("high: %s; medium: %s", because(high, stake), because(medium, stake))
	if len(said) > 0 {
		of := 100 / float64(len(said))
		b.Because += fmt.Sprintf(". Of %d customers judged %.0f %% are high, %.0f %% medium", len(said), of*float64(n["high"]), of*float64(n["medium"]))
	}
	return b
}

// never is a threshold that no probability reaches.
const never = 2

// above is from which probability on an act pays: never, where nothing is at stake.
func above(a forecast.Act, stake float64) float64 {
	if a.CostShare == 0 && stake <= 0 {
		return never
	}
	return min(a.From(stake), never)
}

func because(a forecast.Act, stake float64) string {
	if a.CostShare == 0 && stake <= 0 {
		return fmt.Sprintf("an act that costs %g never pays: those who stayed spent nothing, or it is not known what", a.Cost)
	}
	return a.Because(stake)
}

// staying is what those of the jury spent of whom the label does not tell that they leave.
func staying(s split) []float64 {
	var out []float64
	for i := range s.stakes {
		if s.jury.Y[i] == 0 {
			out = append(out, s.stakes[i])
		}
	}
	return out
}
