// Package story gathers what every service knows of one customer, and tells it. It reads public APIs and ClickHouse only.
package story

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// Story is one customer. Profile and Segments are nil where their service does not know the customer yet.
type Story struct {
	Customer *identityv1.Customer
	Profile  *featurev1.GetProfileResponse
	Segments []*segmentationv1.Membership
	// Events are the last ones, the latest first.
	Events []Event
}

// Event is one fact of ClickHouse.
type Event struct {
	ID         string    `json:"event_id"`
	At         time.Time `json:"occurred_at"`
	Type       string    `json:"type"`
	Name       string    `json:"name"`
	Identifier string    `json:"identifier"`
	History    bool      `json:"history"`
	Properties string    `json:"properties"`
}

// Gather asks for the customer that ref (a customer id or type:value) names, and for the last events, at most limit.
func Gather(ctx context.Context, api *stack.API, db driver.Conn, workspace, ref string, limit int) (*Story, error) {
	got, err := api.Identity.GetCustomer(ctx, &identityv1.GetCustomerRequest{Id: ref, Workspace: workspace})
	if status.Code(err) == codes.NotFound {
		return nil, fmt.Errorf("no customer is known as %s: give a customer id or type:value, such as user_id:42 or email:ann@example.com", terminal.Safe(ref))
	}
	if err != nil {
		return nil, fmt.Errorf("look for customer %s: %w", terminal.Safe(ref), err)
	}
	s := &Story{Customer: got.GetCustomer()}
	id := s.Customer.GetCustomerId()
	s.Profile, err = api.Features.GetProfile(ctx, &featurev1.GetProfileRequest{Id: id, Workspace: workspace, Reveal: true})
	if err != nil && status.Code(err) != codes.NotFound {
		return nil, fmt.Errorf("read the profile of customer %s: %w", id, err)
	}
	segments, err := api.Segments.GetCustomerSegments(ctx, &segmentationv1.GetCustomerSegmentsRequest{Id: id, Workspace: workspace})
	if err != nil && status.Code(err) != codes.NotFound {
		return nil, fmt.Errorf("read the segments of customer %s: %w", id, err)
	}
	s.Segments = segments.GetMemberships()
	s.Events, err = lastEvents(ctx, db, s.Customer, limit)
	return s, err
}

// lastEvents reads facts under every id the customer ever had: facts keep the id they were stored with.
func lastEvents(ctx context.Context, db driver.Conn, c *identityv1.Customer, limit int) ([]Event, error) {
	ids := append([]string{c.GetCustomerId()}, c.GetMergedIds()...)
	rows, err := db.Query(ctx, `
		SELECT event_id, occurred_at, type, name, concat(identifier_type, ':', identifier_value), history, properties
		FROM dw.events WHERE workspace = ? AND customer_id IN (?)
		ORDER BY occurred_at DESC, event_id DESC LIMIT ?`, c.GetWorkspace(), ids, limit)
	if err != nil {
		return nil, fmt.Errorf("read the last events of customer %s: %w", c.GetCustomerId(), err)
	}
	defer func() { _ = rows.Close() }()
	var out []Event
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.ID, &e.At, &e.Type, &e.Name, &e.Identifier, &e.History, &e.Properties); err != nil {
			return nil, fmt.Errorf("read an event of customer %s: %w", c.GetCustomerId(), err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
