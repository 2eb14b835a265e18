package bars

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/evaluate"
	cells "github.com/freshet/freshet/pkg/table"
	"github.com/freshet/freshet/services/churn/pipeline"
)

// judged is how many of the newest dates are judged, each by models of what was known by then.
const judged = 3

// draws is how many draws an interval is made of: customers are drawn, with all their rows.
const draws = 300

// scores are what one model said of the test rows of all cuts.
type scores struct {
	name string
	p    []float64
}

// outcome is what came, beside what each model said.
type outcome struct {
	y     []float64
	rows  []int // in the table
	group []int
	said  []scores
	notes []string
}

func (o *outcome) add(name string, p []float64) {
	for i := range o.said {
		if o.said[i].name == name {
			o.said[i].p = append(o.said[i].p, p...)
			return
		}
	}
	o.said = append(o.said, scores{name, p})
}

func (o *outcome) binary(i int) evaluate.Binary {
	return evaluate.Binary{Score: o.said[i].p, Label: o.y}
}

// options are those of `freshet churn evaluate`, on one core and with fewer inner splits.
func options(x *table) pipeline.Options {
	o := pipeline.Default()
	o.Gap, o.Inner, o.Workers = x.horizon, 2, 1
	return o
}

// judge trains and asks all models at the newest dates of a table with a label of two values.
func judge(t *testing.T, x *table) *outcome {
	t.Helper()
	out := &outcome{}
	foretold := x.expected(t)
	logged := make([]float64, len(foretold))
	for i, v := range foretold {
		logged[i] = math.Log(max(v, 1e-9))
	}
	for _, f := range x.cuts(t, judged) {
		train, test := x.Take(f.Train), x.Take(f.Test)
		m, err := pipeline.Train(t.Context(), train, options(x))
		if err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		p, err := m.Predict(test.X)
		if err != nil {
			t.Fatal(err)
		}
		out.y, out.rows, out.group = append(out.y, test.Y...), append(out.rows, f.Test...), append(out.group, at(x.group, f.Test)...)
		out.add("chosen of our families", p)
		out.add("logistic regression on RFM", regressed(t, x.rfm(), x.Y, f))
		out.add("BG/NBD, E[purchases]", regressed(t, []cells.Column{{Name: "log E", Values: logged}}, x.Y, f))
		rate := make([]float64, len(f.Test))
		for i := range rate {
			rate[i] = mean(train.Y)
		}
		out.add("base rate", rate)
		out.notes = append(out.notes, fmt.Sprintf("%s: %s %s, %s; %d rows learnt from, %d judged", test.Times[0].UTC().Format("2006-01-02"), m.Family, m.Settings, m.Calibration.Kind, len(f.Train), len(f.Test)))
	}
	return out
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// figures of a label of two values, in the order of the table.
var figures = []struct {
	name     string
	interval bool
	of       func(evaluate.Binary) (float64, error)
}{
	{"AUC", true, evaluate.Binary.AUC},
	{"PR-AUC", false, evaluate.Binary.AveragePrecision},
	{"log-loss", true, evaluate.Binary.LogLoss},
	{"Brier", false, evaluate.Binary.Brier},
	{"ECE", false, func(b evaluate.Binary) (float64, error) { return b.ECE(10) }},
	{"lift at 10 %", true, func(b evaluate.Binary) (float64, error) { return b.Lift(.1) }},
}

// tell writes the table of figures. what each model's figures are is in the answer, by model and figure.
func (o *outcome) tell(t *testing.T, out *strings.Builder, name string) map[string]map[string]float64 {
	t.Helper()
	fmt.Fprintf(out, "\n## %s: %d rows of %d customers judged, base rate %.3f\n", name, len(o.y), distinct(o.group), mean(o.y))
	for _, n := range o.notes {
		fmt.Fprintf(out, "   %s\n", n)
	}
	how := evaluate.Resample{Times: draws, Seed: 1, Group: o.group}
	got := map[string]map[string]float64{}
	for i, s := range o.said {
		fmt.Fprintf(out, "%-28s", s.name)
		got[s.name] = map[string]float64{}
		for _, f := range figures {
			v, err := f.of(o.binary(i))
			if err != nil {
				t.Fatal(err)
			}
			got[s.name][f.name] = v
			fmt.Fprintf(out, " %s %.4f", f.name, v)
			if !f.interval || s.name == "base rate" {
				continue
			}
			r, err := o.binary(i).Interval(f.of, how)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(out, " [%.4f, %.4f]", r.Low, r.High)
		}
		out.WriteString("\n")
	}
	for i := 1; i < len(o.said)-1; i++ {
		fmt.Fprintf(out, "chosen less %-16s", o.said[i].name)
		for _, f := range figures {
			if !f.interval {
				continue
			}
			r, err := o.binary(0).Difference(o.binary(i), f.of, how)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(out, " %s %+.4f [%+.4f, %+.4f]", f.name, r.Value, r.Low, r.High)
		}
		out.WriteString("\n")
	}
	return got
}

func distinct(group []int) int {
	seen := map[int]bool{}
	for _, g := range group {
		seen[g] = true
	}
	return len(seen)
}

// save writes what the chosen model said of each judged row, for scripts/oracles/sequence.py.
func (o *outcome) save(t *testing.T, path string, x *table) {
	t.Helper()
	var b strings.Builder
	b.WriteString("customer_id,at_ms,score\n")
	for k, i := range o.rows {
		fmt.Fprintf(&b, "%s,%d,%.9f\n", x.ids[i], x.Times[i].UnixMilli(), o.said[0].p[k])
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}
