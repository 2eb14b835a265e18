package freshet

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/services/freshet/progress"
	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/judge"
	"github.com/freshet/freshet/services/recommendation/judge/page"
)

// recommendOptions are the flags of `freshet recommend evaluate`.
type recommendOptions struct {
	data, test string
	told       string
	split      string
	plots      string
	models     []string
	figures    []string
	gap, visit time.Duration
	cases      int
	json, tune bool
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

The file is CSV, NDJSON, JSON or Parquet, one touch a row; one session a line as a JSON array; one basket or one user a line. Plain or packed. The files of MovieLens, Netflix, Amazon, LastFM,
Yoochoose, Diginetica, Retailrocket, Gowalla, Yelp and MIND are read as they are published; the report says how.
Nothing leaves this machine.`,
		Example: `  freshet recommend evaluate --data sessions.jsonl.gz
  freshet recommend evaluate --data ratings.csv --protocol users --min-value 4 --min-touches 5 --told random --figures capped-recall@20,capped-recall@50,ndcg@100
  freshet recommend evaluate --data u.data --protocol leave-last-out --figures hit@10,ndcg@10
  freshet recommend evaluate --data events.csv --only event=view --session-gap 30m --protocol next-item
  freshet recommend evaluate --data train.txt --test test.txt --models ease,als,item-knn,popular
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
	f.StringVar(&o.plan.Protocol, "protocol", "", strings.Join(judge.Protocols, ", ")+"; by default next-item for sessions, holdout for a test file and for users with times, users for ratings and where there are no times")
	f.StringVar(&o.told, "test-told", "", "a file with what is told of the users in --test, for users: --test is then what is to be found of them")
	f.DurationVar(&o.visit, "session-gap", 0, "part what a user touched into sessions where nothing came for longer, for next-item: 30m is usual; 0 parts nothing")
	f.Float64Var(&o.plan.Share, "test-share", 0.1, "how much judges: of the sessions, of the events by time, or of the users; all users for leave-last-out")
	f.StringVar(&o.plan.Told, "told", judge.ToldOldest, "what of a user who judges is told, for users: oldest for the first four fifths (where the file has times), random for four fifths that are drawn, as published splits of films have it")
	f.IntVar(&o.plan.MinTouches, "min-touches", 0, "leave out users or sessions with fewer touches, after --min-value; 0 leaves out none")
	f.DurationVar(&o.gap, "basket", time.Hour, "how long after its first touch a basket takes others, for next-basket")
	f.StringSliceVar(&o.models, "models", nil, "models to judge; by default all that suit the protocol")
	f.BoolVar(&o.tune, "tune", false, "choose the settings of item-knn, user-knn, ease and als by an inner split of what is learnt from, by NDCG (that of --figures, where one is there); takes 3 to 18 times the training of each")
	f.IntVar(&o.plan.EASEItems, "ease-items", 0, "how many items ease is fitted on, the most taken; 0 for 10000. Memory is 8 bytes times its square (20000: 3.2 GB), time its cube")
	f.StringVar(&o.file.Shape, "shape", "", strings.Join(interaction.Shapes, ", ")+"; all but baskets (names between commas, a basket a line) are found out")
	f.StringVar(&o.file.User, "user", "", "the column of the user or session, where its name does not tell")
	f.StringVar(&o.file.Item, "item", "", "the column of the item")
	f.StringVar(&o.file.Time, "time", "", "the column of the time; - for none; day+ms for two of which the second is in milliseconds")
	f.StringVar(&o.file.Only, "only", "", "read rows only where a column has a value: event=view, or event=view|addtocart")
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
	case o.gap < 0 || o.visit < 0:
		return fmt.Errorf("--basket %v, --session-gap %v: want 0 or more", o.gap, o.visit)
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
	if o.tune {
		if err := judge.Tune(cmd.Context(), s, families, o.judge, show.tell); err != nil {
			return fmt.Errorf("--tune: %w", err)
		}
	}
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
	o.file.Users = o.plan.Protocol != "" && o.plan.Protocol != "next-item"
	r := &recommendReport{Data: o.data, K: o.judge.K}
	var parts [3][]interaction.Event
	for i, path := range []string{o.data, o.test, o.told} {
		if path == "" {
			continue
		}
		from := len(l.Events)
		if err := readShown(cmd.ErrOrStderr(), l, path, o.file); err != nil {
			return nil, nil, err
		}
		if i == 0 {
			r.ReadAs = l.As
		}
		parts[i] = l.Events[from:len(l.Events):len(l.Events)]
	}
	r.Events = len(l.Events)
	l.Events, o.plan.Tell = parts[0], parts[2]
	if o.plan.Protocol == "" {
		o.plan.Protocol = usualProtocol(l, o.test != "")
	}
	if !l.Timed && !l.Sessions && !cmd.Flags().Changed("told") {
		o.plan.Told = judge.ToldRandom // the file has no order
	}
	o.plan.BasketGapMs, o.plan.VisitGapMs = o.gap.Milliseconds(), o.visit.Milliseconds()
	s, err := judge.NewSet(l, parts[1], o.plan)
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
	r.Protocol, r.Users, r.Items = s.Protocol, l.Users.Len(), l.Items.Len()
	r.BadRows, r.LowRows, r.OtherRows, r.Faults = l.Bad, l.Low, l.Other, l.Faults
	r.TrainSessions, r.KnownItems, r.Cases, r.OfFile = len(s.Train), known, len(s.Cases), all
	r.Asked, r.UnknownLeftOut, r.Repeats = s.Asked, s.Unknown, s.Repeats
	return s, r, nil
}

// readShown adds a file to a log, with a bar.
func readShown(out io.Writer, l *interaction.Log, path string, o interaction.Options) error {
	var bar progress.Bar
	var touches, was atomic.Int64
	o.Progress = func(done, of int64) {
		if bar == nil {
			bar = progress.NewBytes(out, "read "+filepath.Base(path), of, func() string { return fmt.Sprintf("%d touches", touches.Load()) })
		}
		touches.Store(int64(len(l.Events)))
		bar.Add(int(done - was.Swap(done)))
	}
	err := l.Read(path, o)
	if bar != nil {
		bar.Done()
	}
	return err
}

// usualProtocol is the one where nobody names any.
func usualProtocol(l *interaction.Log, test bool) string {
	switch {
	case l.Sessions:
		return "next-item"
	case test:
		return "holdout"
	case l.Rated || !l.Timed:
		return "users"
	case interaction.Brief(interaction.Sessions(l.Events, true)):
		return "next-item"
	}
	return "holdout"
}
