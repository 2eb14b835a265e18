package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/testkit"
	accessv1 "github.com/freshet/freshet/proto/gen/freshet/access/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	_ "github.com/freshet/freshet/services/collector" // all of Freshet's services are linked in
)

// Each method of each service says which scope it needs, and its requests name the workspace, or only tokens of every workspace may call
// it. The gateway refuses what does not say.
func TestEveryMethodSaysItsScope(t *testing.T) {
	seen := map[accessv1.Scope]int{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "freshet.") {
			return true
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				m := methods.Get(j)
				scope, _ := proto.GetExtension(m.Options(), accessv1.E_Scope).(accessv1.Scope)
				if scope == accessv1.Scope_SCOPE_UNSPECIFIED {
					t.Errorf("%s says no scope: write `option (freshet.access.v1.scope) = SCOPE_...;` beside it", m.FullName())
				}
				inside := scope == accessv1.Scope_SCOPE_INGEST || scope == accessv1.Scope_SCOPE_INTERNAL
				if f := m.Input().Fields().ByName("workspace"); !inside && (f == nil || f.Kind() != protoreflect.StringKind) {
					t.Errorf("a request of %s names no workspace", m.FullName())
				}
				seen[scope]++
			}
		}
		return true
	})
	for _, scope := range []accessv1.Scope{accessv1.Scope_SCOPE_PROFILES, accessv1.Scope_SCOPE_SEGMENTS, accessv1.Scope_SCOPE_MODELS, accessv1.Scope_SCOPE_INGEST, accessv1.Scope_SCOPE_INTERNAL} {
		if seen[scope] == 0 {
			t.Errorf("no method has the scope %s: the walk walks past them", scope)
		}
	}
}

// guarded is a gateway with tokens, and their texts.
func guarded(t *testing.T) (g *running, text map[string]string, file string) {
	t.Helper()
	b := everything()
	b.listSegments = func(context.Context, *segmentationv1.ListSegmentsRequest) (*segmentationv1.ListSegmentsResponse, error) {
		return &segmentationv1.ListSegmentsResponse{}, nil
	}
	cfg := config(b.serve(t, "127.0.0.1:0").address)
	file, text = filepath.Join(t.TempDir(), "tokens.yaml"), map[string]string{}
	for _, token := range []access.Token{
		{Name: "crm", Scopes: []string{"profiles"}}, {Name: "board", Scopes: []string{"segments"}}, {Name: "models", Scopes: []string{"models"}},
		{Name: "shop", Workspace: "shop", Scopes: []string{"profiles", "segments", "models"}},
		{Name: "all", Workspace: "*", Scopes: []string{"profiles", "segments", "models", "admin"}},
	} {
		err := access.Edit(t.Context(), file, time.Now(), func(d *access.Document) (err error) {
			text[token.Name], _, err = d.Add(token)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg.TokensFile = file
	return run(t, cfg), text, file
}

// The same rule stands before HTTP/JSON and before gRPC.
func TestTokens(t *testing.T) {
	g, text, _ := guarded(t)
	const person, customer, features, list, members = "/v1/customers/user_id:42", "/v1/customers/user_id:42/identity", "/v1/customers/user_id:42/features", "/v1/segments", "/v1/segments/x/members"
	for what, c := range map[string]struct {
		token, path string
		code        int
		want        string
	}{
		"nothing":                            {"", customer, 401, "a token is needed: send one as `Authorization: Bearer fst_...`"},
		"nothing, on segments":               {"", list, 401, "freshet token show"},
		"nothing, on recommendations":        {"", "/v1/customers/user_id:42/recommendations", 401, "a token is needed"},
		"a write key, as sources send it":    {"Basic Zm9vOg==", customer, 401, "a token is needed"},
		"a made-up token":                    {"Bearer fst_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", customer, 401, "the token is not known here"},
		"profiles":                           {"crm", customer, 200, `"workspace":""`},
		"profiles give features":             {"crm", features, 200, `"values"`},
		"profiles give no segments":          {"crm", list, 403, "the token crm lacks the scope segments"},
		"profiles give no members":           {"crm", members, 403, "lacks the scope segments"},
		"profiles give no memberships":       {"crm", person + "/segments", 403, "lacks the scope segments"},
		"profiles give no scores":            {"crm", person + "/churn", 403, "lacks the scope models"},
		"profiles give no recommendations":   {"crm", person + "/recommendations", 403, "lacks the scope models"},
		"segments":                           {"board", list, 200, "segments"},
		"segments give members":              {"board", members, 200, "members"},
		"segments give no customers":         {"board", customer, 403, "the token board lacks the scope profiles"},
		"segments give no features":          {"board", features, 403, "lacks the scope profiles"},
		"models":                             {"models", person + "/recommendations", 200, "the visitor counts as unknown"},
		"models give no customers":           {"models", customer, 403, "lacks the scope profiles"},
		"the default workspace by its name":  {"crm", customer + "?workspace=default", 200, `"workspace":"default"`},
		"another workspace":                  {"crm", customer + "?workspace=shop", 403, `the token crm is for the workspace default, not for \"shop\"`},
		"another workspace's features":       {"crm", features + "?workspace=shop", 403, "is for the workspace default"},
		"its own workspace":                  {"shop", customer + "?workspace=shop", 200, `"workspace":"shop"`},
		"the default workspace, not its own": {"shop", customer, 403, `the token shop is for the workspace shop, not for \"default\"`},
		"the workspace twice is the last":    {"shop", list + "?workspace=shop&workspace=other", 400, ""},
		"any workspace":                      {"all", members + "?workspace=whatever", 200, "members"},
		"a path that is not":                 {"", "/v1/nothing", 404, "there is no path"},
		"the page needs none":                {"", "/", 200, "Freshet"},
		"nor does the description":           {"", "/openapi.json", 200, "swagger"},
		"nor health":                         {"", "/healthz", 200, "ok"},
		"nor readiness":                      {"", "/readyz", 200, "ok"},
	} {
		authorization := c.token
		if text[c.token] != "" {
			authorization = "Bearer " + text[c.token]
		}
		resp, body := g.do(t, "GET", c.path, "", "Authorization", authorization)
		if resp.StatusCode != c.code || !strings.Contains(squeeze(body), squeeze(c.want)) {
			t.Errorf("%s: %d %s, want %d with %q", what, resp.StatusCode, body, c.code, c.want)
		}
		if got := resp.Header.Get("WWW-Authenticate"); got != map[bool]string{true: `Bearer realm="freshet"`}[resp.StatusCode == 401] {
			t.Errorf("%s: WWW-Authenticate %q with %d", what, got, resp.StatusCode)
		}
	}
	resolve := `{"workspace":"shop","identifiers":[{"type":"user_id","value":"42"}]}`
	for token, want := range map[string]int{"shop": 200, "crm": 403, "board": 403, "all": 200} {
		if resp, body := g.do(t, "POST", "/v1/identity:resolve", resolve, "Authorization", "Bearer "+text[token]); resp.StatusCode != want {
			t.Errorf("resolve in shop with %s: %d %s", token, resp.StatusCode, body)
		}
	}
}

// A stranger is answered before the message: nothing of it is kept in memory.
func TestAStrangersMessageIsNotAwaited(t *testing.T) {
	g, _, _ := guarded(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stream, err := g.conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, "/freshet.identity.v1.IdentityService/GetCustomer")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(&identityv1.GetCustomerResponse{}); status.Code(err) != codes.Unauthenticated {
		t.Errorf("gRPC: %v", err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "POST /v1/identity:resolve HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("HTTP: %v, %v", resp, err)
	}
}

func TestTokensByGRPC(t *testing.T) {
	g, text, _ := guarded(t)
	client := identityv1.NewIdentityServiceClient(g.conn)
	for what, c := range map[string]struct {
		authorization []string
		workspace     string
		want          codes.Code
	}{
		"nothing":               {want: codes.Unauthenticated},
		"an unknown one":        {authorization: []string{"Bearer fst_x"}, want: codes.Unauthenticated},
		"granted":               {authorization: []string{"Bearer " + text["crm"]}, want: codes.OK},
		"another scope":         {authorization: []string{"Bearer " + text["board"]}, want: codes.PermissionDenied},
		"another workspace":     {authorization: []string{"Bearer " + text["crm"]}, workspace: "shop", want: codes.PermissionDenied},
		"its own workspace":     {authorization: []string{"Bearer " + text["shop"]}, workspace: "shop", want: codes.OK},
		"two, of which one can": {authorization: []string{"Bearer " + text["crm"], "Bearer x"}, want: codes.Unauthenticated},
	} {
		ctx := t.Context()
		for _, a := range c.authorization {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", a)
		}
		_, err := client.GetCustomer(ctx, &identityv1.GetCustomerRequest{Id: "user_id:42", Workspace: c.workspace})
		if status.Code(err) != c.want {
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
	}
	if _, err := healthv1.NewHealthClient(g.conn).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
		t.Errorf("health needs a token: %v", err)
	}
	err := g.conn.Invoke(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+text["crm"]),
		"/freshet.identity.v1.IdentityService/GetCustomer", &segmentationv1.Membership{CustomerId: "user_id:42", Segment: "shop"}, &identityv1.GetCustomerResponse{})
	if status.Code(err) != codes.PermissionDenied { // fields 1 and 2 of another message are an id and the workspace shop
		t.Errorf("a request that says the workspace in other words: %v", err)
	}
	want := `
# HELP freshet_gateway_refused_total Calls refused for want of a token or of a right, by reason: missing, unknown, expired, revoked, scope, workspace.
# TYPE freshet_gateway_refused_total counter
freshet_gateway_refused_total{reason="missing"} 2
freshet_gateway_refused_total{reason="scope"} 1
freshet_gateway_refused_total{reason="unknown"} 1
freshet_gateway_refused_total{reason="workspace"} 2
`
	if err := testutil.GatherAndCompare(g.metrics, strings.NewReader(want), "freshet_gateway_refused_total"); err != nil {
		t.Error(err)
	}
}

// A token that is revoked stops working within a second or so, without a restart; no other does.
func TestARevokedTokenStopsWorking(t *testing.T) {
	g, text, file := guarded(t)
	ask := func(token string) int {
		resp, _ := g.do(t, "GET", "/v1/customers/user_id:42/identity", "", "Authorization", "Bearer "+text[token])
		return resp.StatusCode
	}
	if ask("crm") != http.StatusOK {
		t.Fatal("the token does not work")
	}
	if err := access.Edit(t.Context(), file, time.Now(), func(d *access.Document) error { _, err := d.Revoke("crm", "k1"); return err }); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if code := ask("crm"); code != http.StatusUnauthorized {
			return fmt.Errorf("still %d", code)
		}
		return nil
	})
	if ask("all") != http.StatusOK {
		t.Error("another token stopped working too")
	}
	if err := os.WriteFile(file, []byte("tokens: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	if ask("all") != http.StatusOK || ask("crm") != http.StatusUnauthorized {
		t.Error("a faulty file changed something")
	}
}
