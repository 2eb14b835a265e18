package churn

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/customer"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// Predict is of now: ages have grown though nothing happened and nothing was told.
func TestPredictIsOfNow(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 40))
	w.settled()
	w.now.Store(start + 2*dayMs)
	got := w.predict(id(1))
	if line(got) != "UNSPECIFIED churn=0.420/medium spend=50.000" || got.GetAsOfMs() != start+2*dayMs || got.GetVersion() != 0 {
		t.Errorf("%v", got)
	}
}

func TestBatchPredictKeepsTheOrder(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 10), ordered(2, start, 20))
	w.settled()
	refs := []string{id(2), "user_id:1", "user_id:99", "", customer.ID("other", "user_id", "1", 0), id(2)}
	resp, err := (&reader{s: w.s}).BatchPredict(t.Context(), &churnv1.BatchPredictRequest{Ids: refs})
	if err != nil {
		t.Fatal(err)
	}
	two, one := "UNSPECIFIED churn=0.200/low spend=50.000", "UNSPECIFIED churn=0.100/low spend=50.000"
	for i, want := range []string{two, one, "", "", "", two} {
		a := resp.GetAnswers()[i]
		if a.GetId() != refs[i] || (want == "") != (a.GetError() != "") || want != "" && line(a.GetScores()) != want || want == "" && a.GetScores() != nil {
			t.Errorf("place %d: %v, want %q", i, a, want)
		}
	}
	if _, err := (&reader{s: w.s}).BatchPredict(t.Context(), &churnv1.BatchPredictRequest{Ids: make([]string, maxBatch+1)}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("too many: %v", err)
	}
	if resp, err := (&reader{s: w.s}).BatchPredict(t.Context(), &churnv1.BatchPredictRequest{}); err != nil || len(resp.GetAnswers()) != 0 {
		t.Errorf("nobody: %v, %v", resp, err)
	}
}

// The API over its server: what is answered, and what is refused with which code.
func TestTheAPI(t *testing.T) {
	w := newWorld(t)
	w.both()
	w.begin()
	w.send(ordered(1, start, 40), ordered(2, start, 400))
	w.settled()
	server := grpc.NewServer()
	w.s.Register(server)
	conn, err := grpc.NewClient(serve(t, server), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c, ctx := churnv1.NewChurnServiceClient(conn), t.Context()

	score, err := c.GetChurnScore(ctx, &churnv1.GetChurnScoreRequest{Id: "user_id:1"})
	if err != nil || score.GetCustomerId() != id(1) || score.GetModelVersion() != first || score.GetAsOf().AsTime().UnixMilli() != start || score.GetProbability() < .399 || score.GetProbability() > .401 {
		t.Errorf("GetChurnScore: %v, %v", score, err)
	}
	why, err := c.Explain(ctx, &churnv1.ExplainRequest{Id: id(1), Target: "churn_risk_60d"})
	if err != nil || why.GetHeadline() != "churn_risk_60d: 0.400, medium." || len(why.GetReasons()) != 1 || why.GetReasons()[0].GetText() != "last_order (40) raises it." || why.GetReasons()[0].GetShare() != 1 || why.GetRest() != 0 {
		t.Errorf("Explain: %v, %v", why, err)
	}
	for what, call := range map[string]struct {
		do   func() error
		code codes.Code
		says string
	}{
		"a score of whom none is predicted": {func() error {
			_, err := c.GetChurnScore(ctx, &churnv1.GetChurnScoreRequest{Id: id(2)})
			return err
		}, codes.FailedPrecondition, "not one of those"},
		"a customer without features": {func() error { _, err := c.Predict(ctx, &churnv1.PredictRequest{Id: "user_id:9"}); return err }, codes.NotFound, "no features yet"},
		"no customer":                 {func() error { _, err := c.Predict(ctx, &churnv1.PredictRequest{}); return err }, codes.InvalidArgument, ""},
		"another workspace": {func() error {
			_, err := c.Predict(ctx, &churnv1.PredictRequest{Id: id(1), Workspace: "shop"})
			return err
		}, codes.NotFound, "no features yet"},
		"no such target": {func() error {
			_, err := c.Explain(ctx, &churnv1.ExplainRequest{Id: id(1), Target: "churn_risk_90d"})
			return err
		}, codes.InvalidArgument, "churn_risk_90d"},
		"a language that there is not": {func() error {
			_, err := c.Explain(ctx, &churnv1.ExplainRequest{Id: id(1), Target: "churn_risk_60d", Language: "fr"})
			return err
		}, codes.InvalidArgument, `"fr"`},
		"too many reasons": {func() error {
			_, err := c.Explain(ctx, &churnv1.ExplainRequest{Id: id(1), Target: "churn_risk_60d", Limit: 51})
			return err
		}, codes.InvalidArgument, "limit"},
		"why there is no score": {func() error {
			_, err := c.Explain(ctx, &churnv1.ExplainRequest{Id: id(2), Target: "churn_risk_60d"})
			return err
		}, codes.FailedPrecondition, "not one of those"},
		"models, where nobody answers for them": {func() error { _, err := c.ListModels(ctx, &churnv1.ListModelsRequest{}); return err }, codes.Unimplemented, ""},
	} {
		if err := call.do(); status.Code(err) != call.code || !strings.Contains(status.Convert(err).Message(), call.says) {
			t.Errorf("%s: %v, want %s with %q", what, err, call.code, call.says)
		}
	}
	w.end()
	if _, err := c.Predict(ctx, &churnv1.PredictRequest{Id: id(1)}); status.Code(err) != codes.Unavailable {
		t.Errorf("after the end: %v", err)
	}
}

// listing answers for the list of models.
type listing struct{ Admin }

// ListModels implements Admin.
func (listing) ListModels(context.Context, *churnv1.ListModelsRequest) (*churnv1.ListModelsResponse, error) {
	return &churnv1.ListModelsResponse{Targets: []*churnv1.TargetModels{{Target: "asked"}}}, nil
}

// Who answers for what is done to models is asked.
func TestAdminIsAsked(t *testing.T) {
	w := newWorld(t)
	deps := w.deps()
	deps.Admin = listing{}
	s, err := New(w.cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	s.Register(server)
	conn, err := grpc.NewClient(serve(t, server), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	got, err := churnv1.NewChurnServiceClient(conn).ListModels(t.Context(), &churnv1.ListModelsRequest{})
	if err != nil || got.GetTargets()[0].GetTarget() != "asked" {
		t.Errorf("%v, %v", got, err)
	}
}

// serve serves until the test ends, and gives the address.
func serve(t *testing.T, server *grpc.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}
