package freshet

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/services/freshet/progress"
	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/judge"
)

// recommendReport is what is told.
type recommendReport struct {
	Data, ReadAs, Protocol               string
	Users, Items, Events                 int
	BadRows, LowRows, OtherRows          int64
	Faults                               []interaction.Fault
	TrainSessions, KnownItems            int
	Cases, Asked, UnknownLeftOut, OfFile int
	Repeats                              float64
	K                                    int
	Models                               []judge.Row
}

func (o *recommendOptions) write(out io.Writer, r *recommendReport) error {
	if o.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	fmt.Fprintf(out, "%s: %d events, %d users or sessions, %d items\n  read as: %s\n", r.Data, r.Events, r.Users, r.Items, r.ReadAs)
	for _, f := range r.Faults[:min(3, len(r.Faults))] {
		fmt.Fprintf(out, "  left out: line %d: %s\n", f.Line, f.Reason)
	}
	if r.BadRows > 0 || r.LowRows > 0 || r.OtherRows > 0 {
		fmt.Fprintf(out, "  %d rows could not be used, %d had too low a value, %d were not asked for\n", r.BadRows, r.LowRows, r.OtherRows)
	}
	fmt.Fprintf(out, "%s: learnt from %d with %d items; %d of %d cases ask for %d items (%.0f %% of them in the history); %d touches of unknown items left out\n\n",
		r.Protocol, r.TrainSessions, r.KnownItems, r.Cases, r.OfFile, r.Asked, 100*r.Repeats, r.UnknownLeftOut)
	if r.Cases < fewCases {
		fmt.Fprintf(out, "%d cases are few: a larger --test-share, or --protocol users, asks more\n\n", r.Cases)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	r.table(w)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for i, m := range r.Models {
		if i > 0 {
			recall, ndcg := m.BehindBestRecall, m.BehindBestNDCG
			fmt.Fprintf(out, "%s: against %s Recall %+.4f (95 %%: %+.4f to %+.4f), NDCG %+.4f (%+.4f to %+.4f)\n", m.Name, r.Models[0].Name,
				recall.Value, recall.Low, recall.High, ndcg.Value, ndcg.Low, ndcg.High)
		}
		if m.Note != "" {
			fmt.Fprintf(out, "%s: %s\n", m.Name, m.Note)
		}
	}
	return nil
}

// fewCases say little: intervals are wider than what parts models.
const fewCases = 100

// table writes a line a model.
func (r *recommendReport) table(w io.Writer) {
	fmt.Fprintf(w, "model\tRecall@%d\t95 %%\tNDCG@%d\t95 %%\tMRR@%d\t95 %%\t", r.K, (r.K+1)/2, r.K)
	for _, f := range r.Models[0].Figures {
		fmt.Fprintf(w, "%s\t95 %%\t", f.Name)
	}
	fmt.Fprint(w, "coverage\tnovelty, bits\tdiversity\ttop 1 %\tno answer\tp50\tp99\ttraining\t\n")
	for _, m := range r.Models {
		fmt.Fprintf(w, "%s\t", m.Name)
		for _, i := range []evaluate.Interval{m.Recall, m.NDCG, m.MRR} {
			fmt.Fprintf(w, "%.4f\t%.4f-%.4f\t", i.Value, i.Low, i.High)
		}
		for _, f := range m.Figures {
			fmt.Fprintf(w, "%.4f\t%.4f-%.4f\t", f.Value, f.Low, f.High)
		}
		fmt.Fprintf(w, "%.1f %%\t%.1f\t%.3f\t%.1f %%\t%.1f %%\t%v\t%v\t%.1f s\t\n", 100*m.Coverage, m.Novelty, m.Diversity, 100*m.Head, 100*m.Empty,
			m.Median.Round(time.Microsecond), m.Slow.Round(time.Microsecond), m.Took.Seconds())
	}
}

// steps shows one bar after the other.
type steps struct {
	out   io.Writer
	bar   progress.Bar
	shown string
	at    int
}

func (s *steps) tell(what string, done, of int) {
	if what != s.shown {
		s.end()
		s.bar, s.shown, s.at = progress.New(s.out, what, int64(of)), what, 0
	}
	s.bar.Add(done - s.at)
	s.at = done
}

func (s *steps) end() {
	if s.bar != nil {
		s.bar.Done()
		s.bar, s.shown = nil, ""
	}
}
