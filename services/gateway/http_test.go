package gateway_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

func (r *running) do(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(got)
}

// everything answers all calls with what it was asked.
func everything() *backend {
	return &backend{
		getCustomer: echo,
		resolve: func(_ context.Context, r *identityv1.ResolveRequest) (*identityv1.ResolveResponse, error) {
			id := r.GetIdentifiers()[0]
			return &identityv1.ResolveResponse{CustomerId: id.GetType() + "/" + id.GetValue(), IdentityEpoch: 1 << 60}, nil
		},
		getFeatures: func(_ context.Context, r *featurev1.GetFeaturesRequest) (*featurev1.GetFeaturesResponse, error) {
			if r.GetId() == "user_id:nobody" {
				return nil, status.Error(codes.NotFound, `no customer is known as "user_id:nobody"`)
			}
			return &featurev1.GetFeaturesResponse{CustomerId: r.GetId(), AsOfMs: r.GetAsOf().AsTime().UnixMilli()}, nil
		},
		listMembers: func(_ context.Context, r *segmentationv1.ListMembersRequest) (*segmentationv1.ListMembersResponse, error) {
			return &segmentationv1.ListMembersResponse{NextPageToken: r.GetPageToken(), Members: []*segmentationv1.Membership{{Segment: r.GetName(), Version: int64(r.GetPageSize())}}}, nil
		},
	}
}

// An id is whatever stands between the slashes, in any encoding that a client may
// choose.
func TestIDsInPaths(t *testing.T) {
	g := run(t, config(everything().serve(t, "127.0.0.1:0").address))
	for path, want := range map[string]string{
		"user_id:42":                         "user_id:42",
		"user_id%3A42":                       "user_id:42",
		"email:ann@example.com":              "email:ann@example.com",
		"email:ann%40example.com":            "email:ann@example.com",
		"email:ann+shop@x.org":               "email:ann+shop@x.org",
		"user_id:a%2Fb":                      "user_id:a/b",
		"user_id:a%2fb":                      "user_id:a/b",
		"user_id:100%25":                     "user_id:100%",
		"user_id:%252F":                      "user_id:%2F",
		"user_id:%252f":                      "user_id:%2f",
		"user_id:a:b:c":                      "user_id:a:b:c",
		"user_id:resolve":                    "user_id:resolve",
		"user_id:42:resolve":                 "user_id:42:resolve",
		"user_id:~1~0a":                      "user_id:~1~0a",
		"user_id:%7E1%2F":                    "user_id:~1/",
		"user_id:a%20b":                      "user_id:a b",
		"user_id:%C3%A9":                     "user_id:é",
		"user_id:..":                         "user_id:..",
		"user_id:a%2F..%2Fb":                 "user_id:a/../b",
		"user_id:a%3Fb%23c":                  "user_id:a?b#c",
		"phone:%2B442079460018":              "phone:+442079460018",
		"phone:+442079460018":                "phone:+442079460018",
		strings.Repeat("0123", 8):            strings.Repeat("0123", 8),
		"user_id:42/identity?workspace=shop": "user_id:42",
	} {
		if !strings.Contains(path, "?") {
			path += "/identity"
		}
		resp, body := g.do(t, "GET", "/v1/customers/"+path, "")
		var got struct {
			Customer struct {
				CustomerID string `json:"customer_id"`
			}
		}
		if err := json.Unmarshal([]byte(body), &got); resp.StatusCode != 200 || err != nil || got.Customer.CustomerID != want {
			t.Errorf("%s: %d %q, %v", path, resp.StatusCode, body, err)
		}
		id, _, _ := strings.Cut(path, "/identity")
		if resp, body := g.do(t, "GET", "/v1/customers/"+id+"/features", ""); resp.StatusCode != 200 || !strings.Contains(body, `"values":{}`) {
			t.Errorf("features of %s: %d %q", path, resp.StatusCode, body)
		}
	}
}

func TestAnswers(t *testing.T) {
	g := run(t, config(everything().serve(t, "127.0.0.1:0").address))
	tests := map[string]struct {
		method, path, body string
		code               int
		want               string
	}{
		"resolve": {method: "POST", path: "/v1/identity:resolve", body: `{"identifiers":[{"type":"user_id","value":"42"}]}`, code: 200,
			want: `{"customer_id":"user_id/42","identity_epoch":"1152921504606846976"}`}, // int64 as text, or JavaScript rounds it
		"features as of": {method: "GET", path: "/v1/customers/user_id:42/features?as_of=2026-01-01T00:00:00Z", code: 200,
			want: `"as_of_ms":"1767225600000"`},
		"members, a page": {method: "GET", path: "/v1/segments/high_value/members?page_size=7&page_token=x", code: 200,
			want: `{"members":[{"customer_id":"","segment":"high_value","version":"7","entered_at":null}],"next_page_token":"x"}`},
		"an unknown customer": {method: "GET", path: "/v1/customers/user_id:nobody/features", code: 404,
			want: `{"code":5,"message":"no customer is known as \"user_id:nobody\"","details":[]}`},
		"a typing error in a parameter is not ignored": {method: "GET", path: "/v1/customers/user_id:42/features?as_off=2026-01-01T00:00:00Z", code: 400,
			want: `unknown query parameter \"as_off\"; there are workspace, as_of`},
		"a parameter cannot overrule the path": {method: "GET", path: "/v1/customers/user_id:42/identity?id=user_id:43", code: 400,
			want: `unknown query parameter \"id\"; there are workspace`},
		"a bad time": {method: "GET", path: "/v1/customers/user_id:42/features?as_of=yesterday", code: 400, want: `as_of`},
		"a body with an unknown field": {method: "POST", path: "/v1/identity:resolve", body: `{"identifier":[]}`, code: 400,
			want: `unknown field \"identifier\"`},
		"a body that is no JSON":  {method: "POST", path: "/v1/identity:resolve", body: `{`, code: 400, want: `"code":3`},
		"a body without end":      {method: "POST", path: "/v1/identity:resolve", body: `{"workspace":"` + strings.Repeat("x", 1<<20) + `"}`, code: 400, want: "request body too large"},
		"a path that is not":      {method: "GET", path: "/v1/customer/42", code: 404, want: `there is no path \"/v1/customer/42\"; the paths are listed at /`},
		"a path far off":          {method: "GET", path: "/favicon.ico", code: 404, want: `"code":5`},
		"a wrong method":          {method: "DELETE", path: "/v1/segments", code: 405, want: `DELETE is not allowed on \"/v1/segments\"`},
		"a path that is no text":  {method: "GET", path: "/v1/customers/user_id:%ff%fe/identity", code: 400, want: "the path is no UTF-8 text in percent encoding"},
		"a query that is no text": {method: "GET", path: "/v1/segments?workspace=%ff", code: 400, want: "the query is no UTF-8 text in percent encoding"},
		"no id":                   {method: "GET", path: "/v1/customers//identity", code: 200, want: `"customer_id":""`}, // the service says what it misses
		"what is not there yet":   {method: "GET", path: "/v1/items/sku-1", code: 501, want: "items: this process was started without that part"},
		"lists of nobody":         {method: "GET", path: "/v1/customers/user_id:42/recommendations", code: 200, want: "the catalogue is empty"},
		"health":                  {method: "GET", path: "/healthz", code: 200, want: "ok"},
		"readiness":               {method: "GET", path: "/readyz", code: 200, want: "ok"},
		"the description":         {method: "GET", path: "/openapi.json", code: 200, want: `"/v1/customers/{id}/features"`},
		"the page":                {method: "GET", path: "/", code: 200, want: "<code>GET /v1/segments/{name}/members</code>"},
		"the page's addresses":    {method: "GET", path: "/", code: 200, want: "<code>127.0.0.1:9092</code>"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			resp, body := g.do(t, test.method, test.path, test.body)
			// protojson puts a blank after colons or not, at random, so that nobody depends on it
			if resp.StatusCode != test.code || !strings.Contains(squeeze(body), squeeze(test.want)) {
				t.Errorf("got %d %.500s", resp.StatusCode, body)
			}
		})
	}
}

func squeeze(s string) string { return strings.ReplaceAll(s, " ", "") }

func TestCORS(t *testing.T) {
	cfg := config(everything().serve(t, "127.0.0.1:0").address)
	ask := func(g *running, method, origin string) string {
		resp, _ := g.do(t, method, "/v1/customers/user_id:42/identity", "", "Origin", origin, "Access-Control-Request-Method", "GET")
		return resp.Header.Get("Access-Control-Allow-Origin")
	}
	g := run(t, cfg)
	if got := ask(g, "GET", "https://shop.example"); got != "" {
		t.Errorf("off by default, but allowed %q", got)
	}
	cfg.CORSOrigins = []string{"https://shop.example"}
	g = run(t, cfg)
	got := map[string]string{
		"GET":     ask(g, "GET", "https://shop.example"),
		"OPTIONS": ask(g, "OPTIONS", "https://shop.example"),
		"other":   ask(g, "GET", "https://evil.example"),
	}
	if d := cmp.Diff(map[string]string{"GET": "https://shop.example", "OPTIONS": "https://shop.example", "other": ""}, got); d != "" {
		t.Error(d)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	cfg := config((&backend{getCustomer: func(ctx context.Context, _ *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}).serve(t, "127.0.0.1:0").address)
	cfg.Timeout = 20 * time.Millisecond
	resp, body := run(t, cfg).do(t, "GET", "/v1/customers/user_id:42/identity", "")
	if resp.StatusCode != http.StatusGatewayTimeout || !strings.Contains(body, "did not answer within the deadline") {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

func TestTheCallersTraceGoesOn(t *testing.T) {
	var seen string
	g := run(t, config((&backend{getCustomer: func(ctx context.Context, r *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		seen = strings.Join(md.Get("traceparent"), " ")
		return echo(ctx, r)
	}}).serve(t, "127.0.0.1:0").address))
	const trace = "0af7651916cd43dd8448eb211c80319c"
	if resp, body := g.do(t, "GET", "/v1/customers/user_id:42/identity", "", "traceparent", "00-"+trace+"-b7ad6b7169203331-01"); resp.StatusCode != 200 || !strings.Contains(seen, trace) {
		t.Errorf("%d %s, and the service saw %q", resp.StatusCode, body, seen)
	}
}
