package demo

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/freshet/progress"
)

// train has models made of the history, and shows how it goes. A shop that is too small has none: why is told.
func (o Options) train(ctx context.Context, l *look) error {
	err := o.follow("who leaves", func() (next, error) {
		in, err := l.api.Churn.Train(ctx, &churnv1.TrainRequest{Target: risk})
		return func() (*modelv1.Run, error) { told, err := in.Recv(); return told.GetRun(), err }, err
	})
	if err != nil {
		return err
	}
	return o.follow("who likes what", func() (next, error) {
		in, err := l.api.Recommendations.Train(ctx, &recommendationv1.TrainRequest{})
		return func() (*modelv1.Run, error) { told, err := in.Recv(); return told.GetRun(), err }, err
	})
}

// next is how a training is now, io.EOF when it is over.
type next func() (*modelv1.Run, error)

// follow shows a training until it is over. One that gives way to a training which the stack began by itself is asked for again: the answer is then about that one.
func (o Options) follow(of string, ask func() (next, error)) error {
	bar, at := progress.New(o.Bars, "learning "+of+", %", 100), int32(0)
	defer bar.Done()
	for tries := 0; ; tries++ {
		hear, err := ask()
		for err == nil {
			var run *modelv1.Run
			if run, err = hear(); err == nil {
				bar.Add(int(max(0, run.GetPercent()-at)))
				at = max(at, run.GetPercent())
				if run.GetState() == modelv1.RunState_RUN_STATE_FAILED {
					return fmt.Errorf("no model of %s was made: %s", of, run.GetWords())
				}
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case status.Code(err) != codes.Aborted || tries == 5:
			return fmt.Errorf("train models of %s: %w", of, err)
		}
	}
}
