package freshet

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/stack"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// reportAPI answers reports.
type reportAPI struct {
	recommendationv1.UnimplementedRecommendationServiceServer
	asked *recommendationv1.GetReportRequest
}

func (a *reportAPI) GetReport(_ context.Context, req *recommendationv1.GetReportRequest) (*recommendationv1.GetReportResponse, error) {
	a.asked = req
	switch req.GetScene() {
	case "none":
		return &recommendationv1.GetReportResponse{}, nil
	case "away":
		return nil, status.Error(codes.FailedPrecondition, "set clickhouse.address")
	}
	return &recommendationv1.GetReportResponse{
		Rows: []*recommendationv1.ReportRow{{By: map[string]string{"scene": "home", "variant": ""}, Lists: 7, Visitors: 5, Impressions: 70, Clicks: 7, Purchases: 2, Revenue: 30, Ctr: .1, Conversion: .4, RevenuePerVisitor: 6}},
		Comparisons: []*recommendationv1.Comparison{
			{Scene: "home", Variant: "b", Figure: "click", Control: .1, Value: .12, Difference: .02, Uplift: .2, Low: .01, High: .03, PValue: .0001, Words: "b is better \x1b[31m"},
			{Scene: "home", Variant: "b", Figure: "revenue", Control: 2, Value: 3, Difference: 1, Uplift: .5, PValue: 1, Words: "too few"},
		},
	}, nil
}

func TestRecommendReport(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a, s := &reportAPI{}, grpc.NewServer()
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
	file := write(t, "addresses.json", string(b))
	args := func(more ...string) []string {
		return append([]string{"recommend", "report", "--addresses-file", file}, more...)
	}
	got := must(t, args("--from", "2026-11-01", "--to", "2026-11-02T03:04:05Z", "--by", "scene,variant")...)
	if err := contains(cells(got), "SCENE VARIANT LISTS VISITORS", "home - 7 5 70 7 10.00 % 2 40.00 % 30.00 6.00",
		"home b click 10.00 % 12.00 % +20.0 % +10.0 % +30.0 % < 0.001", "home b revenue 2.00 3.00 +50.0 % - - 1.000", `home, click: b is better \u001b[31m`, "home, revenue: too few"); err != nil {
		t.Error(err)
	}
	if a.asked.GetFromMs() != 1_793_491_200_000 || a.asked.GetToMs() != 1_793_588_645_000 || a.asked.GetBy() != "scene,variant" {
		t.Errorf("asked for %v", a.asked)
	}
	var list struct{ Rows []struct{ Lists string } }
	if err := json.Unmarshal([]byte(must(t, args("--json")...)), &list); err != nil || len(list.Rows) != 1 || list.Rows[0].Lists != "7" {
		t.Error(err, list)
	}
	if got := must(t, args("--scene", "none")...); got != "no list was given in this time\n" {
		t.Error(got)
	}
	for _, c := range [][2]string{{"--scene=away", "set clickhouse.address"}, {"--from=yesterday", "yesterday"}} {
		if code, _, fault := run(t, "", args(c[0])...); code == 0 || !strings.Contains(fault, c[1]) {
			t.Errorf("%s: %d, %q", c[0], code, fault)
		}
	}
}
