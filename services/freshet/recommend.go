package freshet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/services/freshet/progress"
	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/judge"
	"github.com/freshet/freshet/services/recommendation/judge/page"
)

func newRecommend() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recommend",
		Short: "Show lists and why they are so, what they brought, what goes with what; train models and say what they are worth",
	}
	cmd.AddCommand(newRecommendFor(), newRecommendSimilar(), newRecommendExplain(), newRecommendScenes(), newRecommendRules(), newRecommendReport())
	cmd.AddCommand(newRecommendEvaluate(), newRecommendTrain(), newRecommendModels(), newRecommendCard(), newRecommendPromote(), newRecommendRollback())
	return family(cmd)
}

// recommendOptions are the flags of `freshet recommend evaluate`.
type recommendOptions struct {
	data, test string
	split      string
	plots      string
	models     []string
	figures    []string
	gap        time.Duration
	cases      int
	json       bool
	file       interaction.Options
	plan       judge.Plan
	judge      judge.Options
}

func newRecommendEvaluate() *cobra.Command {
	o := recommendOptions{}
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: "Train models on the older part of a file and judge them on the newer, by full rankings",
		Long: `Read who touched what (user or session, item[, time][, value]), train every model on one part and say how well it ranks what came in the other:
Recall, MRR, NDCG with intervals, coverage, novelty, beside popularity. Every item is ranked; nothing is sampled.

Protocols: next-item (the last sessions by order; the next touch is to be found), next-basket (time; the next basket of each customer, repeats included),
holdout (time; what a customer had not touched before), users (customers who were not learnt from; a fifth of what they touched: strong generalisation),
leave-last-out (the last touch of each). docs/recommendation-evaluation.md explains them.

The file is CSV, NDJSON, JSON or Parquet, one touch a row, or one session a line as a JSON array, or one basket a line; plain or packed. MovieLens' files are read as they are.
Nothing leaves this machine.`,
		Example: `  freshet recommend evaluate --data sessions.jsonl.gz
  freshet recommend evaluate --data ratings.csv --protocol users --min-value 4 --min-touches 5 --told random --figures capped-recall@20,capped-recall@50,ndcg@100
  freshet recommend evaluate --data u.data --protocol leave-last-out --figures hit@10,ndcg@10
  freshet recommend evaluate --data online_retail.csv.gz --protocol next-basket --user CustomerID --value Quantity --min-value 1 --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.flags(cmd)
	return cmd
}

func (o *recommendOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "the file, or - for standard input")
	f.StringVar(&o.test, "test", "", "a file of its own that judges, in the place of a cut of --data")
	f.StringVar(&o.plan.Protocol, "protocol", "", strings.Join(judge.Protocols, ", ")+"; by default holdout where there are times, next-item elsewhere")
	f.Float64Var(&o.plan.Share, "test-share", 0.1, "how much judges: of the sessions, of the events by time, or of the users; all users for leave-last-out")
	f.StringVar(&o.plan.Told, "told", judge.ToldOldest, "what of a user who judges is told, for users: oldest for the first four fifths, random for four fifths that are drawn, as published splits of films have it")
	f.IntVar(&o.plan.MinTouches, "min-touches", 0, "leave out users or sessions with fewer touches, after --min-value; 0 leaves out none")
	f.DurationVar(&o.gap, "basket", time.Hour, "how long after its first touch a basket takes others, for next-basket")
	f.StringSliceVar(&o.models, "models", nil, "models to judge; by default all that suit the protocol")
	f.IntVar(&o.plan.EASEItems, "ease-items", 0, "how many items ease is fitted on, the most taken; 0 for 10000. Memory is 8 bytes times its square (20000: 3.2 GB), time its cube")
	f.StringVar(&o.file.Shape, "shape", "", "rows, sessions (a JSON array a line) or baskets (names between commas, a basket a line); the first two are found out")
	f.StringVar(&o.file.User, "user", "", "the column of the user or session, where its name does not tell")
	f.StringVar(&o.file.Item, "item", "", "the column of the item")
	f.StringVar(&o.file.Time, "time", "", "the column of the time; - for none")
	f.StringVar(&o.file.Value, "value", "", "the column of the rating or quantity; - for none")
	f.StringSliceVar(&o.file.Columns, "columns", nil, "the names of all columns, for a file without a header")
	f.Float64Var(&o.file.MinValue, "min-value", 0, "leave out rows with a lower value: 4 takes ratings of 4 and more as liked, and the others as nothing")
	f.IntVar(&o.judge.K, "k", 20, "how long lists are; NDCG looks at the first half")
	f.StringSliceVar(&o.figures, "figures", nil, "figures besides, "+strings.Join(judge.Measures(), ", ")+", each with @ and a length, such as capped-recall@50,ndcg@100; capped-recall is by the smaller of length and what was to be found, as published figures of films are")
	f.IntVar(&o.cases, "cases", 0, "judge so many cases only, in whole sessions or customers, evenly taken; 0 for all")
	f.Uint64Var(&o.plan.Seed, "seed", 0, "what is drawn is drawn by it: the same seed gives the same figures")
	f.StringVar(&o.split, "dump-split", "", "write what is learnt from and what is asked into this directory, for other programs to be judged alike")
	f.StringVar(&o.plots, "plots", "", "write a page of pictures, plots.html, into this directory; it needs no network")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
}

// recommendReport is what is told.
type recommendReport struct {
	Data, Protocol                       string
	Users, Items, Events                 int
	BadRows, LowRows                     int64
	Faults                               []interaction.Fault
	TrainSessions, KnownItems            int
	Cases, Asked, UnknownLeftOut, OfFile int
	Repeats                              float64
	K                                    int
	Models                               []judge.Row
}

func (o *recommendOptions) run(cmd *cobra.Command) error {
	switch {
	case o.data == "":
		return errors.New("give --data")
	case o.judge.K < 1 || o.judge.K > 1000:
		return fmt.Errorf("--k %d: want 1 to 1000", o.judge.K)
	case o.cases < 0:
		return fmt.Errorf("--cases %d: want 0 or more", o.cases)
	case o.plan.MinTouches < 0:
		return fmt.Errorf("--min-touches %d: want 0 or more", o.plan.MinTouches)
	case o.plan.EASEItems < 0:
		return fmt.Errorf("--ease-items %d: want 0 or more", o.plan.EASEItems)
	case o.plan.Told != judge.ToldOldest && o.plan.Told != judge.ToldRandom:
		return fmt.Errorf("--told %q: want %s or %s", o.plan.Told, judge.ToldOldest, judge.ToldRandom)
	case o.gap < 0:
		return fmt.Errorf("--basket %v: want 0 or more", o.gap)
	case o.plan.Protocol != "" && !slices.Contains(judge.Protocols, o.plan.Protocol):
		return fmt.Errorf("--protocol %q: want one of %s", o.plan.Protocol, strings.Join(judge.Protocols, ", "))
	}
	if _, err := judge.Choose(o.plan.Protocol, o.models); err != nil {
		return err
	}
	var err error
	if o.judge.Figures, err = judge.Figures(o.figures); err != nil {
		return fmt.Errorf("--figures: %w", err)
	}
	if o.plan.Protocol == "leave-last-out" && !cmd.Flags().Changed("test-share") {
		o.plan.Share = 1
	}
	cmd.SilenceUsage = true
	s, r, err := o.read(cmd)
	if err != nil {
		return err
	}
	if o.split != "" {
		if err := s.Dump(o.split); err != nil {
			return err
		}
	}
	families, err := judge.Choose(s.Protocol, o.models)
	if err != nil {
		return err
	}
	show := &steps{out: cmd.ErrOrStderr()}
	defer show.end()
	models, err := judge.Train(cmd.Context(), s, families, func(model string, done, of int) { show.tell("train "+model, done, of) })
	if err != nil {
		return err
	}
	o.judge.Seed, o.judge.Progress = o.plan.Seed, func(model string, done, of int) { show.tell("judge "+model, done, of) }
	if r.Models, err = judge.Judge(cmd.Context(), s, models, o.judge); err != nil {
		return err
	}
	show.end()
	if o.plots != "" {
		if err := page.Write(o.plots, fmt.Sprintf("%s, %s", filepath.Base(o.data), s.Protocol), r.K, r.Models); err != nil {
			return err
		}
	}
	return o.write(cmd.OutOrStdout(), r)
}

// read reads and cuts the data.
func (o *recommendOptions) read(cmd *cobra.Command) (*judge.Set, *recommendReport, error) {
	l := interaction.NewLog()
	o.file.Stdin = cmd.InOrStdin()
	if err := l.Read(o.data, o.file); err != nil {
		return nil, nil, err
	}
	var test []interaction.Event
	n := len(l.Events)
	if o.test != "" {
		if err := l.Read(o.test, o.file); err != nil {
			return nil, nil, err
		}
		l.Events, test = l.Events[:n:n], l.Events[n:]
	}
	if o.plan.Protocol == "" {
		if o.plan.Protocol = "next-item"; l.Timed {
			o.plan.Protocol = "holdout"
		}
	}
	o.plan.BasketGapMs = o.gap.Milliseconds()
	s, err := judge.NewSet(l, test, o.plan)
	if err != nil {
		return nil, nil, err
	}
	all := len(s.Cases)
	s.Thin(o.cases)
	known := 0
	for _, c := range s.Counts {
		if c > 0 {
			known++
		}
	}
	return s, &recommendReport{Data: o.data, Protocol: s.Protocol, Users: l.Users.Len(), Items: l.Items.Len(), Events: n + len(test), BadRows: l.Bad, LowRows: l.Low, Faults: l.Faults,
		TrainSessions: len(s.Train), KnownItems: known, Cases: len(s.Cases), OfFile: all, Asked: s.Asked, UnknownLeftOut: s.Unknown, Repeats: s.Repeats, K: o.judge.K}, nil
}

func (o *recommendOptions) write(out io.Writer, r *recommendReport) error {
	if o.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	fmt.Fprintf(out, "%s: %d events, %d users or sessions, %d items\n", r.Data, r.Events, r.Users, r.Items)
	for _, f := range r.Faults[:min(3, len(r.Faults))] {
		fmt.Fprintf(out, "  left out: line %d: %s\n", f.Line, f.Reason)
	}
	if r.BadRows > 0 || r.LowRows > 0 {
		fmt.Fprintf(out, "  %d rows could not be used, %d had too low a value\n", r.BadRows, r.LowRows)
	}
	fmt.Fprintf(out, "%s: learnt from %d with %d items; %d of %d cases ask for %d items (%.0f %% of them in the history); %d touches of unknown items left out\n\n",
		r.Protocol, r.TrainSessions, r.KnownItems, r.Cases, r.OfFile, r.Asked, 100*r.Repeats, r.UnknownLeftOut)
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
