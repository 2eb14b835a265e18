package training

import (
	"fmt"
	"slices"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/services/churn/pipeline"
)

// figuresOf are a judgement's, by name, as versions tell them.
func figuresOf(j *pipeline.Judgement) map[string]float64 {
	r := j.Report
	out := map[string]float64{"auc": r.AUC, "log_loss": r.LogLoss, "ece": r.ECE, "lift_10": r.Lift10, "brier": r.Brier, "average_precision": r.AveragePrecision}
	if a := j.Amounts; a != nil {
		out = map[string]float64{"mae": a.MAE, "rmse": a.RMSE, "r2": a.R2, "spearman": a.Spearman, "total": a.Total, "gain_10": a.Gain10, "mae_10": a.MAE10}
	}
	for name, i := range j.Intervals {
		out[name+"_low"], out[name+"_high"] = i.Low, i.High
	}
	return out
}

// loss is the figure by which models are better: its name, in an interval and in words, and what it is of a judged family.
type loss struct {
	name, words, base string
	of                func(pipeline.Report, *pipeline.Amounts) float64
}

func lossOf(kind pipeline.Kind) loss {
	if kind == pipeline.Real {
		return loss{"mae", "mean absolute error", "mean", func(_ pipeline.Report, a *pipeline.Amounts) float64 { return a.MAE }}
	}
	return loss{"log_loss", "log-loss", "base rate", func(r pipeline.Report, _ *pipeline.Amounts) float64 { return r.LogLoss }}
}

// beatsBase says whether the judged loss is better than that of giving everybody the same by more than its interval, and says so in words.
func beatsBase(j *pipeline.Judgement) (bool, string) {
	l := lossOf(j.Kind)
	at := slices.IndexFunc(j.Families, func(c pipeline.Compared) bool { return c.Family == l.base })
	interval, known := j.Intervals[l.name]
	if at < 0 || !known {
		return false, "it was not judged beside the " + l.base
	}
	base, mine := l.of(j.Families[at].Report, j.Families[at].Amounts), l.of(j.Report, j.Amounts)
	what := fmt.Sprintf("its %s, %.4f (%.4f to %.4f)", l.words, mine, interval.Low, interval.High)
	if interval.High >= base {
		return false, fmt.Sprintf("%s, is not better than that of giving everybody the %s, %.4f, by more than chance", what, l.base, base)
	}
	return true, fmt.Sprintf("%s, is better than that of giving everybody the %s, %.4f", what, l.base, base)
}

// newest are the rows of the newest date, those of the jury too: what live customers are compared with.
func (a *attempt) newest() *frame.Frame {
	var rows []int
	for i, at := range a.set.Table.Times {
		if at.Equal(a.split.date) {
			rows = append(rows, i)
		}
	}
	return a.set.Table.X.Take(rows)
}
