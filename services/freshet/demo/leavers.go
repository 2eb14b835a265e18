package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/simulator"
)

// risk is the target that the demo shows.
const risk = "churn_risk_60d"

// scored is one person with the risk that they leave, and whether they have left.
type scored struct {
	name string
	risk float64
	band string
	left bool
}

// leavers shows who is predicted to leave beside who has left. wrong is 1 when the prediction is worth nothing.
func (o Options) leavers(ctx context.Context, l *look, shop *simulator.Shop) (wrong int, err error) {
	all, err := l.api.Churn.ListModels(ctx, &churnv1.ListModelsRequest{Target: risk})
	if err != nil {
		return 0, fmt.Errorf("list the models: %w", err)
	}
	of := all.GetTargets()[0]
	if of.GetState().GetChampion() == "" {
		_, err := fmt.Fprintf(o.Out, "\nWho will leave? No model yet: %s\n", cmp.Or(of.GetMissing(), of.GetRun().GetWords()))
		return 0, err
	}
	var version *modelv1.Version
	for _, v := range of.GetVersions() {
		if v.GetId() == of.GetState().GetChampion() {
			version = v
		}
	}
	people, err := l.score(ctx, shop)
	if err != nil {
		return 0, err
	}
	return o.tellLeavers(version, people)
}

// score reads the risk of everybody who has a name and bought, as of now.
func (l *look) score(ctx context.Context, shop *simulator.Shop) ([]scored, error) {
	var people []scored
	now := time.Now()
	for _, p := range shop.People() {
		name := "user_id:" + p.UserID
		if p.UserID == "" {
			name = "email:" + p.Email
		}
		if p.Orders > 0 && (p.UserID != "" || p.Email != "") {
			people = append(people, scored{name: name, left: !p.ChurnAt.IsZero() && p.ChurnAt.Before(now)})
		}
	}
	var out []scored
	for part := range slices.Chunk(people, 500) {
		ask := &churnv1.BatchPredictRequest{}
		for _, p := range part {
			ask.Ids = append(ask.Ids, p.name)
		}
		got, err := l.api.Churn.BatchPredict(ctx, ask)
		if err != nil {
			return nil, fmt.Errorf("ask for scores: %w", err)
		}
		for i, a := range got.GetAnswers() {
			for _, s := range a.GetScores().GetScores() {
				if s.GetTarget() == risk && s.GetMissing() == "" {
					p := part[i]
					p.risk, p.band = s.GetValue(), s.GetBand()
					out = append(out, p)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b scored) int { return cmp.Or(cmp.Compare(b.risk, a.risk), cmp.Compare(a.name, b.name)) })
	return out, nil
}

// tellLeavers prints bands beside the truth. The tenth with the highest risk must hold more leavers than any tenth.
func (o Options) tellLeavers(v *modelv1.Version, people []scored) (wrong int, err error) {
	if len(people) < 100 {
		_, err := fmt.Fprintf(o.Out, "\nWho will leave? %d people have a score: too few to compare.\n", len(people))
		return 0, err
	}
	fmt.Fprintf(o.Out, "\nWho will leave? %s by %s (%d rows of %d customers; AUC %.3f on rows it had not seen)\n", risk, v.GetFamily(), v.GetRows(), v.GetCustomers(), v.GetMetrics()["auc"])
	w := tabwriter.NewWriter(o.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "risk\tcustomers\thave left by now, says the simulator\t")
	for _, band := range []string{"high", "medium", "low"} {
		n, left := 0, 0
		for _, p := range people {
			if p.band == band {
				n++
				left += truth(p.left)
			}
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t\n", band, n, share(left, n))
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	tenth, first, all := len(people)/10, 0, 0
	for i, p := range people {
		all += truth(p.left)
		if i < tenth {
			first += truth(p.left)
		}
	}
	mark := "ok"
	if first*len(people) <= all*tenth {
		mark, wrong = "DIFFERS", 1
	}
	fmt.Fprintf(o.Out, "Of the tenth with the highest risk %s have left, of all %s: %s\n", share(first, tenth), share(all, len(people)), mark)
	return wrong, nil
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func share(n, of int) string { return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(max(of, 1))) }

// why prints why somebody's risk is what it is.
func (o Options) why(ctx context.Context, l *look, id string) error {
	got, err := l.api.Churn.Explain(ctx, &churnv1.ExplainRequest{Id: id, Target: risk, Limit: 4})
	if err != nil {
		return nil //nolint:nilerr // There is no score: the story goes on without.
	}
	fmt.Fprintf(o.Out, "\n%s (freshet churn explain %s --target %s)\n", got.GetHeadline(), id, risk)
	for _, r := range got.GetReasons() {
		fmt.Fprintf(o.Out, "  - %s\n", r.GetText())
	}
	for _, text := range got.GetWarnings() {
		fmt.Fprintf(o.Out, "  ! %s\n", text)
	}
	return nil
}
