package identity

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/services/identity/graph"
)

// maxAsked is how many identifiers one Resolve may name.
const maxAsked = 100

// errUnknown says that no customer fits.
var errUnknown = errors.New("no customer is known by this name")

// server answers the gRPC API from the resolver.
type server struct {
	identityv1.UnimplementedIdentityServiceServer
	resolver *resolver
}

// Register adds the gRPC API to r.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	identityv1.RegisterIdentityServiceServer(r, server{resolver: s.resolver})
}

// Resolve finds the customer that owns the identifiers.
func (s server) Resolve(_ context.Context, req *identityv1.ResolveRequest) (*identityv1.ResolveResponse, error) {
	ids, err := askedFor(req.GetIdentifiers())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	owners, epoch, err := s.resolver.Owners(customer.Workspace(req.GetWorkspace()), ids)
	switch {
	case err != nil:
		return nil, toStatus(err)
	case len(owners) == 0:
		return nil, status.Error(codes.NotFound, "none of the identifiers is known")
	case len(owners) > 1:
		return nil, status.Errorf(codes.FailedPrecondition, "the identifiers belong to %d different customers", len(owners))
	}
	return &identityv1.ResolveResponse{CustomerId: owners[0].String(), IdentityEpoch: epoch}, nil
}

// askedFor checks and normalises a request's identifiers.
func askedFor(list []*eventv1.Identifier) ([]graph.Identifier, error) {
	if len(list) == 0 {
		return nil, errors.New("give at least one identifier")
	}
	if len(list) > maxAsked {
		return nil, errors.New("give at most 100 identifiers")
	}
	ids := make([]graph.Identifier, 0, len(list))
	for _, i := range list {
		id := graph.Identifier{Type: i.GetType(), Value: customer.Normalise(i.GetType(), i.GetValue())}
		if id.Type == "" || id.Value == "" {
			return nil, errors.New("an identifier needs a type and a value")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// GetCustomer reads one customer with all its identifiers.
func (s server) GetCustomer(_ context.Context, req *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
	workspace := customer.Workspace(req.GetWorkspace())
	typ, value, isID, err := customer.ParseRef(req.GetId())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	var c graph.Customer
	if isID {
		c, err = s.byID(workspace, value)
	} else {
		c, err = s.byIdentifier(workspace, graph.Identifier{Type: typ, Value: value})
	}
	if err != nil {
		return nil, toStatus(err)
	}
	return &identityv1.GetCustomerResponse{Customer: message(workspace, c)}, nil
}

func (s server) byID(workspace, value string) (graph.Customer, error) {
	id, err := graph.ParseID(value)
	if err != nil {
		return graph.Customer{}, err
	}
	c, ok, err := s.resolver.Customer(workspace, id)
	if err == nil && !ok {
		err = errUnknown
	}
	return c, err
}

// byIdentifier needs no care for a merge between its two reads: the id of a customer
// that was merged away leads to the survivor.
func (s server) byIdentifier(workspace string, id graph.Identifier) (graph.Customer, error) {
	owners, _, err := s.resolver.Owners(workspace, []graph.Identifier{id})
	if err != nil {
		return graph.Customer{}, err
	}
	if len(owners) == 0 {
		return graph.Customer{}, errUnknown
	}
	c, ok, err := s.resolver.Customer(workspace, owners[0])
	if err == nil && !ok {
		err = errUnknown
	}
	return c, err
}

func message(workspace string, c graph.Customer) *identityv1.Customer {
	m := &identityv1.Customer{
		CustomerId: c.ID.String(), Workspace: workspace, CreatedAt: timestamp(c.CreatedMS),
		Identifiers: make([]*identityv1.LinkedIdentifier, 0, len(c.Identifiers)),
		MergedIds:   make([]string, 0, len(c.Merged)),
	}
	for _, l := range c.Identifiers {
		m.Identifiers = append(m.Identifiers, &identityv1.LinkedIdentifier{
			Identifier: &eventv1.Identifier{Type: l.Identifier.Type, Value: l.Identifier.Value},
			EventId:    l.Provenance.EventID,
			LinkedAt:   timestamp(l.Provenance.ReceivedMS),
		})
	}
	for _, id := range c.Merged {
		m.MergedIds = append(m.MergedIds, id.String())
	}
	return m
}

func timestamp(ms int64) *timestamppb.Timestamp { return timestamppb.New(time.UnixMilli(ms)) }

// toStatus gives an error its gRPC code. What it does not know stays an error of its
// own: the server logs it once and answers "internal error".
func toStatus(err error) error {
	switch {
	case errors.Is(err, errUnknown):
		return status.Error(codes.NotFound, err.Error())
	case errors.Is(err, errNotReady):
		return status.Error(codes.Unavailable, err.Error())
	default:
		return err
	}
}
