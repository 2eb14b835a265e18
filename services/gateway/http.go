package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/service"
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
		runtime.WithMiddlewares(restoreSlashes),
		runtime.WithErrorHandler(writeError),
		runtime.WithRoutingErrorHandler(writeRoutingError),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.SetQueryParameterParser(strictQuery{}),
		// No header but Authorization, which always passes, means anything here: see guard.
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
		_, m := runtime.MarshalerForRequest(mux, req)
		if req.ContentLength != 0 {
			if err := r.guard.knows(req.Header.Values("Authorization")); err != nil {
				w.Header().Set("Connection", "close") // else the answer waits for the body
				writeError(req.Context(), mux, m, w, req, err)
				return
			}
		}
		if err := prepare(w, req, r.timeout); err != nil {
			writeError(req.Context(), mux, m, w, req, status.Error(codes.InvalidArgument, err.Error()))
			return
		}
		mux.ServeHTTP(w, req)
	}), nil
}

// prepare makes a request safe to route: text is UTF-8, the body is read within
// timeout, and slashes within path segments are hidden.
func prepare(w http.ResponseWriter, req *http.Request, timeout time.Duration) error {
	if query, err := url.QueryUnescape(req.URL.RawQuery); err != nil || !utf8.ValidString(query) {
		return errors.New("the query is no UTF-8 text in percent encoding")
	}
	if !utf8.ValidString(req.URL.Path) {
		return errors.New("the path is no UTF-8 text in percent encoding")
	}
	hideSlashes(req.URL)
	if req.ContentLength == 0 {
		return nil
	}
	// The deadline must be gone before the call is made: net/http takes one that passes for a client that left.
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return fmt.Errorf("bound the reading of the body: %w", err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, largestBody))
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift the bound on reading: %w", err)
	}
	return nil
}

// An encoded slash belongs to the id it stands in, as in user_id:a%2Fb, but the
// mux splits there in every mode that decodes the rest. So that it sees none, a
// slash within a segment becomes "~1" and "~" becomes "~0" until the path is taken
// apart.
var (
	hide    = strings.NewReplacer("~", "~0", "/", "~1")
	restore = strings.NewReplacer("~1", "/", "~0", "~")
)

func hideSlashes(u *url.URL) {
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if decoded, err := url.PathUnescape(s); err == nil { // it is: u was parsed from it
			segments[i] = hide.Replace(decoded)
		}
	}
	u.Path, u.RawPath = strings.Join(segments, "/"), "" // without RawPath the mux decodes nothing
}

func restoreSlashes(next runtime.HandlerFunc) runtime.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		for name, value := range params {
			params[name] = restore.Replace(value)
		}
		next(w, r, params)
	}
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
	switch status.Code(err) {
	case codes.Unavailable:
		after, _ := service.AgainAfter(err)
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(after.Seconds())))))
	case codes.Unauthenticated:
		w = challenge{w}
	}
	runtime.DefaultHTTPErrorHandler(ctx, mux, m, w, r, err)
}

// challenge says how to prove oneself, in the place of the message that grpc-gateway puts there.
type challenge struct{ http.ResponseWriter }

// WriteHeader is http.ResponseWriter.
func (c challenge) WriteHeader(code int) {
	c.Header().Set("WWW-Authenticate", `Bearer realm="freshet"`)
	c.ResponseWriter.WriteHeader(code)
}

func writeRoutingError(ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	path := restore.Replace(r.URL.Path)
	const hint = "the paths are listed at / and described in /openapi.json"
	err := status.Errorf(codes.InvalidArgument, "the path %q is malformed; %s", path, hint)
	switch code {
	case http.StatusNotFound:
		err = status.Errorf(codes.NotFound, "there is no path %q; %s", path, hint)
	case http.StatusMethodNotAllowed:
		err = status.Errorf(codes.Unimplemented, "%s is not allowed on %q; %s", r.Method, path, hint)
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
