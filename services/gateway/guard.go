package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/freshet/freshet/pkg/access"
	accessv1 "github.com/freshet/freshet/proto/gen/freshet/access/v1"
)

// guard stands before every call, by gRPC or as HTTP/JSON: who calls must have a token with the method's scope, for the workspace that
// the request names. Nil lets everybody in.
type guard struct {
	tokens  *access.Tokens
	refused *prometheus.CounterVec
}

func newGuard(tokens *access.Tokens, reg prometheus.Registerer) (*guard, error) {
	if tokens == nil {
		return nil, nil
	}
	g := &guard{tokens: tokens, refused: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "freshet_gateway_refused_total",
		Help: "Calls refused for want of a token or of a right, by reason: missing, unknown, expired, revoked, scope, workspace.",
	}, []string{"reason"})}
	if err := reg.Register(g.refused); err != nil {
		return nil, fmt.Errorf("register the gateway's metrics: %w", err)
	}
	return g, nil
}

// admit says whether a call may be made. What the caller proved itself with goes no further than here: the context it returns has no
// authorization.
func (g *guard) admit(ctx context.Context, r rule, args any) (context.Context, error) {
	sent, _ := metadata.FromOutgoingContext(ctx)
	passed := sent.Copy()
	passed.Delete("authorization")
	passed.Delete("grpcgateway-authorization")
	ctx = metadata.NewOutgoingContext(ctx, passed)
	if g == nil {
		return ctx, nil
	}
	workspace, err := r.workspace(args)
	if err != nil {
		return ctx, status.Errorf(codes.InvalidArgument, "the request cannot be read: %v", err)
	}
	return ctx, g.answer(g.tokens.Check(only(sent.Get("authorization")), r.scope, workspace))
}

// knows says whether the caller has a token at all: asked before anything of the request is read into memory, which costs a stranger nothing.
func (g *guard) knows(authorization []string) error {
	if g == nil {
		return nil
	}
	return g.answer(g.tokens.Know(only(authorization)))
}

// only is the one value of a header. Of two, who knows which another reader takes.
func only(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// answer is the status of a refusal, which it counts.
func (g *guard) answer(err error) error {
	var refusal *access.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	g.refused.WithLabelValues(string(refusal.Reason)).Inc()
	if refusal.Known() {
		return status.Error(codes.PermissionDenied, refusal.Error())
	}
	return status.Error(codes.Unauthenticated, refusal.Error())
}

// rule is what a method asks of its callers, out of its descriptor.
type rule struct {
	upstream *upstream
	scope    accessv1.Scope
	request  protoreflect.MessageType
	// tenant is the request's field that names the workspace; nil when it has none.
	tenant protoreflect.FieldDescriptor
	// streams says that the method answers with a stream.
	streams bool
	// endless says that it does so until the caller ends it.
	endless bool
}

func newRule(u *upstream, m protoreflect.MethodDescriptor) (rule, error) {
	request, err := protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName())
	if err != nil {
		return rule{}, fmt.Errorf("find the request of %s: %w", m.FullName(), err)
	}
	scope, _ := proto.GetExtension(m.Options(), accessv1.E_Scope).(accessv1.Scope)
	endless, _ := proto.GetExtension(m.Options(), accessv1.E_Endless).(bool)
	r := rule{upstream: u, scope: scope, request: request, streams: m.IsStreamingServer(), endless: endless}
	if f := m.Input().Fields().ByName("workspace"); f != nil && f.Kind() == protoreflect.StringKind && !f.IsList() {
		r.tenant = f
	}
	return r, nil
}

// workspace is what a request asks for. A method whose requests name none concerns every tenant.
func (r rule) workspace(args any) (string, error) {
	if r.tenant == nil {
		return access.EveryWorkspace, nil
	}
	switch request := args.(type) {
	case *frame:
		m := r.request.New()
		if err := proto.Unmarshal(request.bytes, m.Interface()); err != nil {
			return "", err
		}
		return m.Get(r.tenant).String(), nil
	case proto.Message:
		return request.ProtoReflect().Get(r.tenant).String(), nil
	default:
		return "", fmt.Errorf("a %T is no request", args)
	}
}
