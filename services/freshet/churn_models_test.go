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
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/stack"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// churnAPI answers as the churn service does, of one target that has two versions and one that has none.
type churnAPI struct {
	churnv1.UnimplementedChurnServiceServer
	token string
	ends  modelv1.RunState
}

const first, second = "20261127T020000-0001", "20261128T020000-0002"

func (a *churnAPI) ListModels(ctx context.Context, _ *churnv1.ListModelsRequest) (*churnv1.ListModelsResponse, error) {
	if md, _ := metadata.FromIncomingContext(ctx); strings.Join(md.Get("authorization"), "") != "Bearer "+a.token {
		return nil, status.Error(codes.Unauthenticated, "no token")
	}
	return &churnv1.ListModelsResponse{Targets: []*churnv1.TargetModels{
		{Target: "churn_risk_60d", Description: "No order within 60 days.", State: &modelv1.State{Champion: first, Challengers: []string{second}, Why: "it is better", SinceMs: 1},
			Versions: []*modelv1.Version{{Id: second, Family: "boosted trees", Rows: 7, Metrics: map[string]float64{"auc": .8123, "lift_10": 2.5}}, {Id: first, Family: "logistic regression"}},
			Run:      &modelv1.Run{State: modelv1.RunState_RUN_STATE_DONE, Trigger: "schedule", Words: "not better than the champion"}},
		{Target: "spend_next_90d", Description: "What they spend.", Missing: "41 of 500 customers who bought"},
	}}, nil
}

func (a *churnAPI) Train(req *churnv1.TrainRequest, out grpc.ServerStreamingServer[churnv1.TrainResponse]) error {
	if req.GetTarget() == "nobody" {
		return status.Error(codes.NotFound, `there is no target "nobody"`)
	}
	if req.GetTarget() == "long" {
		<-out.Context().Done()
		return out.Context().Err()
	}
	for _, run := range []*modelv1.Run{
		{State: modelv1.RunState_RUN_STATE_REQUESTED, Words: "asked for"}, {State: modelv1.RunState_RUN_STATE_RUNNING, Words: "reading what was known", Percent: 20},
		{State: modelv1.RunState_RUN_STATE_RUNNING, Words: "reading what was known", Percent: 100}, {State: a.ends, Words: "because \x1b[31m", Version: second, Promoted: true},
	} {
		run.Name = "churn_risk_60d"
		if err := out.Send(&churnv1.TrainResponse{Run: run}); err != nil {
			return err
		}
	}
	return nil
}

func (a *churnAPI) Evaluate(_ context.Context, req *churnv1.EvaluateRequest) (*churnv1.EvaluateResponse, error) {
	return &churnv1.EvaluateResponse{Version: &modelv1.Version{Id: first}, Card: []byte("card as " + req.GetFormat() + " of " + req.GetTarget() + " " + req.GetVersion())}, nil
}

func (a *churnAPI) Promote(_ context.Context, req *churnv1.PromoteRequest) (*churnv1.PromoteResponse, error) {
	if !req.GetForce() {
		return nil, status.Error(codes.FailedPrecondition, "it is unfit")
	}
	return &churnv1.PromoteResponse{State: &modelv1.State{Name: req.GetTarget(), Champion: req.GetVersion(), Why: "by hand"}}, nil
}

func (a *churnAPI) Rollback(_ context.Context, req *churnv1.RollbackRequest) (*churnv1.RollbackResponse, error) {
	return &churnv1.RollbackResponse{State: &modelv1.State{Name: req.GetTarget(), Champion: first, Why: "back by hand"}}, nil
}

func (a *churnAPI) Explain(_ context.Context, req *churnv1.ExplainRequest) (*churnv1.ExplainResponse, error) {
	return &churnv1.ExplainResponse{Headline: "Likely to leave, said in " + req.GetLanguage(), Score: &churnv1.Score{Target: req.GetTarget(), Value: .7312, Band: "high", ModelVersion: first},
		Reasons: []*churnv1.Reason{{Text: "The last order is 80 days ago.", Contribution: 1.25, Share: .5}, {Text: "Bought three times.", Contribution: -.5, Share: .2}}, Warnings: []string{"Buys half as often."}}, nil
}

// churnStack is an addresses file of a server that answers as the churn service.
func churnStack(t *testing.T, a *churnAPI) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	churnv1.RegisterChurnServiceServer(s, a)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	a.token = "a token that is long enough"
	b, err := json.Marshal(stack.Addresses{APIGRPC: l.Addr().String(), APIToken: a.token})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "addresses.json", string(b))
}

func TestChurnModels(t *testing.T) {
	a := &churnAPI{ends: modelv1.RunState_RUN_STATE_DONE}
	file := churnStack(t, a)
	cli := func(args ...string) string {
		return must(t, append(append([]string{"churn"}, args...), "--addresses-file", file)...)
	}
	if err := contains(cells(cli("models")), first+" serves since", "challenger 7", "AUC 0.812, lift 2.50", first+" champion", "last training (schedule, done): not better",
		"spend_next_90d: What they spend. no model serves: 41 of 500 customers who bought"); err != nil {
		t.Error(err)
	}
	var list struct{ Targets []struct{ Target string } }
	if err := json.Unmarshal([]byte(cli("models", "--json")), &list); err != nil || len(list.Targets) != 2 {
		t.Error(err, list)
	}
	if got := cli("rollback", "churn_risk_60d"); got != "churn_risk_60d: "+first+" serves: back by hand\n" {
		t.Error(got)
	}
	if got := cli("promote", "churn_risk_60d", second, "--force"); got != "churn_risk_60d: "+second+" serves: by hand\n" {
		t.Error(got)
	}
	if err := contains(cells(cli("explain", "user_id:42", "--language", "zh")), "Likely to leave, said in zh", "churn_risk_60d = 0.731, high, by version "+first, "+1.250 50 % The last order is 80 days ago.", "-0.500 20 % Bought", "warning Buys half"); err != nil {
		t.Error(err)
	}
	if got := cli("report", "churn_risk_60d"); got != "card as text of churn_risk_60d " {
		t.Error(got)
	}
	page := filepath.Join(t.TempDir(), "card.html")
	if got := cli("report", "churn_risk_60d", "--version", second, "-o", page); !strings.Contains(got, page) {
		t.Error(got)
	}
	if b, err := os.ReadFile(page); err != nil || string(b) != "card as html of churn_risk_60d "+second {
		t.Errorf("%s %v", b, err)
	}
}

func TestChurnTrain(t *testing.T) {
	a := &churnAPI{ends: modelv1.RunState_RUN_STATE_DONE}
	file := churnStack(t, a)
	args := []string{"churn", "train", "--target", "churn_risk_60d", "--addresses-file", file}
	code, out, bars := run(t, "", args...)
	if code != 0 || out != `churn_risk_60d: `+second+` serves now: because \u001b[31m`+"\n" || contains(bars, "asked for: 0 of 100", "reading what was known: 100 of 100") != nil {
		t.Errorf("%d, %q, %q", code, out, bars)
	}
	a.ends = modelv1.RunState_RUN_STATE_SKIPPED
	if code, out, fault := run(t, "", args...); code != 1 || !strings.Contains(out, "no model: because") || !strings.Contains(fault, "not enough to learn from") {
		t.Errorf("%d, %q, %q", code, out, fault)
	}
	a.ends = modelv1.RunState_RUN_STATE_FAILED
	if code, _, fault := run(t, "", args...); code != 1 || !strings.Contains(fault, "a training failed, what served goes on serving: churn_risk_60d: because") {
		t.Errorf("%d, %q", code, fault)
	}
	for line, want := range map[string]string{
		"churn train --target nobody":                 `there is no target "nobody"`,
		"churn promote churn_risk_60d":                "accepts 2 arg(s)",
		"churn promote churn_risk_60d x":              "it is unfit",
		"churn report churn_risk_60d -o card.pdf":     "ends with .html, .json or .txt",
		"churn report churn_risk_60d -o card":         "ends with .html, .json or .txt",
		"churn rollback":                              "accepts 1 arg(s)",
		"churn models --token wrong-token-wrong-toke": "no token",
	} {
		if code, _, fault := run(t, "", append(strings.Fields(line), "--addresses-file", file)...); code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", line, code, fault)
		}
	}
}

// Ctrl-C while the API answers is an interruption as any other, and what a service says stands alone: what gRPC puts before it helps nobody.
func TestFaultsOfTheAPIAreInTheServicesWords(t *testing.T) {
	file := churnStack(t, &churnAPI{})
	code, _, fault := run(t, "", "churn", "train", "--target", "nobody", "--addresses-file", file)
	if code != 1 || !strings.Contains(fault, `there is no target "nobody"`) || strings.Contains(fault, "rpc error") || strings.Contains(fault, "NotFound") {
		t.Errorf("%d: %s", code, fault)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	var out, faults strings.Builder
	if code := Main(ctx, []string{"churn", "train", "--target", "long", "--addresses-file", file}, strings.NewReader(""), &out, &faults); code != 130 || !strings.Contains(faults.String(), "interrupted") {
		t.Errorf("%d: %s", code, faults.String())
	}
}
