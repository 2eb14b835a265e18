package freshet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"regexp"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/terminal"
)

// Main runs the command line and returns the exit status: 0, 1 after a fault, 130 after Ctrl-C in mid-work. A second signal kills the
// process at once.
func Main(ctx context.Context, args []string, in io.Reader, out, fault io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := NewCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(terminal.NewWriter(out))
	root.SetErr(fault)
	root.SilenceUsage = true // cobra would write it to out, where `> plan.yaml` takes it for the plan
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || status.Code(err) == codes.Canceled):
		fmt.Fprintln(fault, "freshet: interrupted")
		return 130
	}
	if cmd != root && !cmd.SilenceUsage {
		fmt.Fprintln(fault, cmd.UsageString())
	}
	fmt.Fprintln(fault, "freshet:", terminal.Lines(grpcWords.ReplaceAllString(err.Error(), "")))
	return 1
}

// grpcWords are what gRPC puts before a service's words: nothing that helps whoever reads them.
var grpcWords = regexp.MustCompile(`rpc error: code = \w+ desc = `)
