package freshet

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/freshet/progress"
)

func newChurnTrain() *cobra.Command {
	var d doors
	req := &churnv1.TrainRequest{}
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a model of the stack's customers now, and show how it goes",
		Long: `Ask the stack for a training, of --target or of all targets one after the other, and show how it goes until it is over. The new model serves only where it is better
than the one that does, on customers that neither has learnt from; otherwise it is kept as a version.

The stack trains by itself: as soon as there is enough to learn from, every night, and when its customers change. Ctrl-C ends the watching, not the training.
Exit status 1 when a training failed, or none made a version.`,
		Example: `  freshet churn train --target churn_risk_60d
  freshet churn train`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAPI(cmd, &d, func(api *stack.API) error { return train(cmd, api, req) })
		},
	}
	d.reads(cmd)
	cmd.Flags().StringVar(&req.Target, "target", "", "what is predicted, as churn_risk_60d; by default all")
	cmd.Flags().StringVar(&req.Workspace, "workspace", "", `the tenant; empty means "default"`)
	return cmd
}

// train follows trainings to their end.
func train(cmd *cobra.Command, api *stack.API, req *churnv1.TrainRequest) error {
	in, err := api.Churn.Train(cmd.Context(), req)
	if err != nil {
		return fmt.Errorf("ask for a training: %w", err)
	}
	return follow(cmd, func() (*modelv1.Run, error) {
		part, err := in.Recv()
		return part.GetRun(), err
	})
}

// follow shows trainings, as they are told of, to their end.
func follow(cmd *cobra.Command, next func() (*modelv1.Run, error)) error {
	w := watched{out: cmd.OutOrStdout(), bars: cmd.ErrOrStderr()}
	defer w.done()
	for {
		run, err := next()
		if errors.Is(err, io.EOF) {
			return w.verdict()
		}
		if err != nil {
			return fmt.Errorf("follow the training: %w", err)
		}
		w.see(run)
	}
}

// watched shows trainings while they go on.
type watched struct {
	out, bars io.Writer
	bar       progress.Bar
	shown     string
	at        int32
	made      int
	failed    []string
}

// see shows where a training is.
func (w *watched) see(run *modelv1.Run) {
	name := terminal.Safe(run.GetName())
	if run.GetState() < modelv1.RunState_RUN_STATE_DONE {
		if what := name + ": " + terminal.Safe(run.GetWords()); what != w.shown {
			w.done()
			w.bar, w.shown, w.at = progress.New(w.bars, what, 100), what, 0
		}
		w.bar.Add(int(run.GetPercent() - w.at))
		w.at = run.GetPercent()
		return
	}
	w.done()
	words := terminal.Safe(run.GetWords())
	switch run.GetState() {
	case modelv1.RunState_RUN_STATE_DONE:
		w.made++
		what := "is kept as a version"
		if run.GetPromoted() {
			what = "serves now"
		}
		fmt.Fprintf(w.out, "%s: %s %s: %s\n", name, run.GetVersion(), what, words)
	case modelv1.RunState_RUN_STATE_FAILED:
		w.failed = append(w.failed, name+": "+words)
	default:
		fmt.Fprintf(w.out, "%s: no model: %s\n", name, words)
	}
}

func (w *watched) done() {
	if w.bar != nil {
		w.bar.Done()
	}
	w.bar = nil
}

// verdict is how all of it ended.
func (w *watched) verdict() error {
	switch {
	case len(w.failed) > 0:
		return fmt.Errorf("a training failed, what served goes on serving: %s", strings.Join(w.failed, "; "))
	case w.made == 0:
		return errors.New("there is not enough to learn from yet")
	}
	return nil
}
