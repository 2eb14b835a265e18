package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// largestBody is the largest HTTP request body, in bytes: a thousand identifiers of
// the longest kind fit.
const largestBody = 1 << 20

// newJSON turns HTTP/JSON into calls on the router.
func newJSON(r *router) (http.Handler, error) {
	nothing := func(string) (string, bool) { return "", false }
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{
			MarshalOptions: protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true},
		}),
		runtime.WithUnescapingMode(runtime.UnescapingModeAllCharacters),
		runtime.WithErrorHandler(writeError),
		runtime.WithRoutingErrorHandler(writeRoutingError),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.SetQueryParameterParser(strictQuery{}),
		// No header but Authorization, which always passes, means anything to the services.
		runtime.WithIncomingHeaderMatcher(nothing),
		runtime.WithOutgoingHeaderMatcher(nothing),
	)
	ctx := context.Background() // the generated code does not use it: it is for closing connections, and r has none
	for _, err := range []error{
		identityv1.RegisterIdentityServiceHandlerClient(ctx, mux, identityv1.NewIdentityServiceClient(r)),
		featurev1.RegisterFeatureServiceHandlerClient(ctx, mux, featurev1.NewFeatureServiceClient(r)),
		segmentationv1.RegisterSegmentationServiceHandlerClient(ctx, mux, segmentationv1.NewSegmentationServiceClient(r)),
		churnv1.RegisterChurnServiceHandlerClient(ctx, mux, churnv1.NewChurnServiceClient(r)),
		recommendationv1.RegisterRecommendationServiceHandlerClient(ctx, mux, recommendationv1.NewRecommendationServiceClient(r)),
	} {
		if err != nil {
			return nil, fmt.Errorf("register the HTTP/JSON handlers: %w", err)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		// The mux unescapes once only where RawPath is set, and splits at "%2F", but not at "%2f": a slash within an id
		// stays within it.
		req.URL.RawPath = strings.ReplaceAll(req.URL.EscapedPath(), "%2F", "%2f")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(r.timeout)) // writers of tests have none
		req.Body = http.MaxBytesReader(w, req.Body, largestBody)
		mux.ServeHTTP(w, req)
	}), nil
}

// strictQuery refuses query parameters that no field is called: as_off=... would
// otherwise be answered as of now.
type strictQuery struct{ runtime.DefaultQueryParser }

// Parse fills msg from the query.
func (s strictQuery) Parse(msg proto.Message, values url.Values, filter *utilities.DoubleArray) error {
	fields := msg.ProtoReflect().Descriptor().Fields()
	var known []string
	for i := range fields.Len() {
		if name := string(fields.Get(i).Name()); !filter.HasCommonPrefix([]string{name}) {
			known = append(known, name)
		}
	}
	for key := range values {
		first, _, _ := strings.Cut(key, ".")
		if !slices.Contains(known, first) {
			return fmt.Errorf("unknown query parameter %q; there are %s", key, strings.Join(known, ", "))
		}
	}
	return s.DefaultQueryParser.Parse(msg, values, filter)
}

// writeError answers with a google.rpc.Status and says when to come again.
func writeError(ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	if status.Code(err) == codes.Unavailable {
		w.Header().Set("Retry-After", "1")
	}
	runtime.DefaultHTTPErrorHandler(ctx, mux, m, w, r, err)
}

func writeRoutingError(ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	const hint = "the paths are listed at / and described in /openapi.json"
	err := status.Errorf(codes.InvalidArgument, "the path %q is malformed; %s", r.URL.Path, hint)
	switch code {
	case http.StatusNotFound:
		err = status.Errorf(codes.NotFound, "there is no path %q; %s", r.URL.Path, hint)
	case http.StatusMethodNotAllowed:
		err = status.Errorf(codes.Unimplemented, "%s is not allowed on %q; %s", r.Method, r.URL.Path, hint)
	}
	writeError(ctx, mux, m, w, r, &runtime.HTTPStatusError{HTTPStatus: code, Err: err})
}

// allowOrigins lets the pages of the given origins read the answers. Without
// origins it adds nothing.
func allowOrigins(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		w.Header().Add("Vary", "Origin")
		if origin == "" || !slices.Contains(origins, origin) && !slices.Contains(origins, "*") {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", origin)
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Traceparent")
			w.Header().Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
