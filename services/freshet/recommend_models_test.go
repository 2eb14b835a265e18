package freshet

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/stack"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// recommendAPI answers for the models of recommendation as the service does; Train ends as it is told, and never where that is at work.
type recommendAPI struct {
	recommendationv1.UnimplementedRecommendationServiceServer
	ends modelv1.RunState
}

func (a *recommendAPI) ListModels(context.Context, *recommendationv1.ListModelsRequest) (*recommendationv1.ListModelsResponse, error) {
	return &recommendationv1.ListModelsResponse{
		State:    &modelv1.State{Champion: first, Challengers: []string{second}, Why: "it is better", SinceMs: 1},
		Versions: []*modelv1.Version{{Id: second, Family: "sessions and EASE", Rows: 7, Metrics: map[string]float64{"next_item_recall_20": .5812}}, {Id: first}},
		Run:      &modelv1.Run{State: modelv1.RunState_RUN_STATE_DONE, Trigger: "schedule", Words: "not better than the champion"},
	}, nil
}

func (a *recommendAPI) Train(_ *recommendationv1.TrainRequest, out grpc.ServerStreamingServer[recommendationv1.TrainResponse]) error {
	for _, run := range []*modelv1.Run{
		{State: modelv1.RunState_RUN_STATE_REQUESTED, Words: "asked for"}, {State: modelv1.RunState_RUN_STATE_RUNNING, Words: "reading touches", Percent: 100},
		{State: a.ends, Words: "because \x1b[31m", Version: second, Promoted: true},
	} {
		run.Name = "recommendation"
		if err := out.Send(&recommendationv1.TrainResponse{Run: run}); err != nil {
			return err
		}
	}
	if a.ends == modelv1.RunState_RUN_STATE_RUNNING {
		<-out.Context().Done()
	}
	return out.Context().Err()
}

func (a *recommendAPI) Evaluate(_ context.Context, req *recommendationv1.EvaluateRequest) (*recommendationv1.EvaluateResponse, error) {
	return &recommendationv1.EvaluateResponse{Version: &modelv1.Version{Id: first}, Card: []byte("card as " + req.GetFormat() + " of " + req.GetVersion())}, nil
}

func (a *recommendAPI) Promote(_ context.Context, req *recommendationv1.PromoteRequest) (*recommendationv1.PromoteResponse, error) {
	if !req.GetForce() {
		return nil, status.Error(codes.FailedPrecondition, "it is unfit")
	}
	return &recommendationv1.PromoteResponse{State: &modelv1.State{Name: "recommendation", Champion: req.GetVersion(), Why: "by hand"}}, nil
}

func (a *recommendAPI) Rollback(context.Context, *recommendationv1.RollbackRequest) (*recommendationv1.RollbackResponse, error) {
	return &recommendationv1.RollbackResponse{State: &modelv1.State{Name: "recommendation", Champion: first, Why: "back by hand"}}, nil
}

// modelStack is an addresses file of a server that answers so.
func modelStack(t *testing.T, a *recommendAPI) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	recommendationv1.RegisterRecommendationServiceServer(s, a)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	b, err := json.Marshal(stack.Addresses{APIGRPC: l.Addr().String(), APIToken: "a token that is long enough"})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "addresses.json", string(b))
}

func TestRecommendModels(t *testing.T) {
	file := modelStack(t, &recommendAPI{})
	cli := func(args ...string) string {
		return must(t, append(append([]string{"recommend"}, args...), "--addresses-file", file)...)
	}
	if err := contains(cells(cli("models")), first+" serves since", "challenger 7", "next item Recall@20 0.581", first+" champion", "last training (schedule, done): not better"); err != nil {
		t.Error(err)
	}
	var list struct{ Versions []struct{ ID string } }
	if err := json.Unmarshal([]byte(cli("models", "--json")), &list); err != nil || len(list.Versions) != 2 {
		t.Error(err, list)
	}
	page := filepath.Join(t.TempDir(), "card.html")
	for got, want := range map[string]string{
		cli("rollback"):                   "recommendation: " + first + " serves: back by hand\n",
		cli("promote", second, "--force"): "recommendation: " + second + " serves: by hand\n",
		cli("card"):                       "card as text of ",
		cli("card", "--version", second):  "card as text of " + second,
		cli("card", "-o", page):           page + ": the card of recommendation, version " + first + "\n",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if b, err := os.ReadFile(page); err != nil || string(b) != "card as html of " {
		t.Errorf("%s %v", b, err)
	}
	for line, want := range map[string]string{
		"promote":          "accepts 1 arg(s)",
		"promote x":        "it is unfit",
		"card -o card.pdf": "ends with .html, .json or .txt",
		"rollback x":       "unknown command",
	} {
		if code, _, fault := run(t, "", append(append([]string{"recommend"}, strings.Fields(line)...), "--addresses-file", file)...); code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", line, code, fault)
		}
	}
}

// A training is shown to its end; Ctrl-C ends the watching.
func TestRecommendTrain(t *testing.T) {
	a := &recommendAPI{ends: modelv1.RunState_RUN_STATE_DONE}
	args := []string{"recommend", "train", "--addresses-file", modelStack(t, a)}
	code, out, bars := run(t, "", args...)
	if code != 0 || out != `recommendation: `+second+` serves now: because \u001b[31m`+"\n" || contains(bars, "asked for: 0 of 100", "reading touches: 100 of 100") != nil {
		t.Errorf("%d, %q, %q", code, out, bars)
	}
	a.ends = modelv1.RunState_RUN_STATE_SKIPPED
	if code, out, fault := run(t, "", args...); code != 1 || !strings.Contains(out, "no model: because") || !strings.Contains(fault, "not enough to learn from") {
		t.Errorf("%d, %q, %q", code, out, fault)
	}
	a.ends = modelv1.RunState_RUN_STATE_RUNNING
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	var o, faults strings.Builder
	if code := Main(ctx, args, strings.NewReader(""), &o, &faults); code != 130 || !strings.Contains(faults.String(), "interrupted") {
		t.Errorf("%d: %s", code, faults.String())
	}
}
