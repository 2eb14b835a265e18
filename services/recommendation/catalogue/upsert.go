package catalogue

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// mostRows is how many items one request may have.
const mostRows = 1000

// Upsert takes items: what is good is stored when it answers, and on every shelf within a second. What the service makes itself (version, created_ms, price_was_micros and
// the like) may be sent and is not read, so that what Get gave can be sent back.
func (s *Service) Upsert(ctx context.Context, req *recommendationv1.UpsertItemsRequest) (*recommendationv1.UpsertItemsResponse, error) {
	if n := len(req.GetItems()); n > mostRows {
		return nil, status.Errorf(codes.InvalidArgument, "items: there are %d: send at most %d in one request", n, mostRows)
	}
	at, name := s.moment(), uuid.NewString()
	resp := &recommendationv1.UpsertItemsResponse{}
	var msgs []broker.Message
	for i, row := range req.GetItems() {
		c, err := changeOf(row)
		if err != nil {
			resp.Faults = append(resp.Faults, &recommendationv1.RowFault{Row: int32(i), Error: err.Error()})
			continue
		}
		c.Workspace, c.ChangeId, c.AtMs = customer.Workspace(req.GetWorkspace()), fmt.Sprintf("%s/%05d", name, i), at
		s.metrics.cut.Add(float64(bound(c)))
		value, err := proto.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("encode the change of row %d: %w", i, err)
		}
		msgs = append(msgs, broker.Message{Topic: topics.ItemChanges.Name, Key: topics.ItemKey(c.GetWorkspace(), c.GetItemId()), Value: value})
	}
	if len(msgs) > 0 {
		if err := s.out.Produce(ctx, msgs...); err != nil {
			return nil, status.Errorf(codes.Unavailable, "the items could not be stored; some may have been: send them again")
		}
	}
	resp.Taken = int32(len(msgs))
	s.metrics.taken.WithLabelValues("taken").Add(float64(len(msgs)))
	s.metrics.taken.WithLabelValues("faulty").Add(float64(len(resp.Faults)))
	return resp, nil
}

// moment is the time of an upsert: of those of one process each has a later one, so that they hold in the order in which they came.
func (s *Service) moment() int64 {
	for {
		last := s.last.Load()
		at := max(last+1, s.deps.Now().UnixMilli())
		if s.last.CompareAndSwap(last, at) {
			return at
		}
	}
}

// Get is an item as this replica knows it.
func (s *Service) Get(_ context.Context, req *recommendationv1.GetItemRequest) (*recommendationv1.GetItemResponse, error) {
	i := s.Shelf(req.GetWorkspace()).Get(req.GetItemId())
	if i == nil {
		return nil, status.Errorf(codes.NotFound, "item %q: nobody has named it", req.GetItemId())
	}
	return &recommendationv1.GetItemResponse{Item: proto.CloneOf(i)}, nil
}

// changeOf is what a row says, without who says it when; the error joins every fault of it.
func changeOf(row *recommendationv1.ItemUpsert) (*recommendationv1.ItemChange, error) {
	i := proto.CloneOf(row.GetItem())
	if err := validate(i, row.GetClear()); err != nil {
		return nil, err
	}
	c := &recommendationv1.ItemChange{ItemId: i.GetItemId(), Kind: kindUpsert, Item: i}
	for _, field := range sayable {
		if field != fieldAttributes && holds(i, field) {
			c.Fields = append(c.Fields, field)
		}
	}
	for name := range i.GetAttributes() {
		c.Fields = append(c.Fields, attributePrefix+name)
	}
	c.Fields = append(c.Fields, row.GetClear()...)
	slices.Sort(c.Fields)
	i.Workspace, i.ItemId, i.Version, i.PriceWasMicros, i.PriceChangedMs, i.CreatedMs, i.UpdatedMs, i.Stub = "", "", 0, nil, 0, 0, 0, false
	return c, nil
}

// bound leaves out the attributes of a change that would not be kept anyway, and says how many.
func bound(c *recommendationv1.ItemChange) (left int) {
	kept := 0
	c.Fields = slices.DeleteFunc(c.Fields, func(field string) bool {
		name, ok := attribute(field)
		if !ok {
			return false
		}
		if kept++; kept <= MostAttributes {
			return false
		}
		delete(c.Item.Attributes, name)
		left++
		return true
	})
	return left
}
