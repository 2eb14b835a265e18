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
	for name, i := range j.Intervals {
		out[name+"_low"], out[name+"_high"] = i.Low, i.High
	}
	return out
}

// beatsBase says whether the judged log-loss is better than that of the base rate by more than its interval, and says so in words.
func beatsBase(j *pipeline.Judgement) (bool, string) {
	at := slices.IndexFunc(j.Families, func(c pipeline.Compared) bool { return c.Family == "base rate" })
	interval, known := j.Intervals["log_loss"]
	if at < 0 || !known {
		return false, "it was not judged beside the base rate"
	}
	base := j.Families[at].Report.LogLoss
	if interval.High >= base {
		return false, fmt.Sprintf("its log-loss, %.4f (%.4f to %.4f), is not better than that of giving everybody the base rate, %.4f, by more than chance", j.Report.LogLoss, interval.Low, interval.High, base)
	}
	return true, fmt.Sprintf("its log-loss, %.4f (%.4f to %.4f), is better than that of giving everybody the base rate, %.4f", j.Report.LogLoss, interval.Low, interval.High, base)
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
