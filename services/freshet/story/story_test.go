package story

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func sample() *Story {
	at := timestamppb.New(now.Add(-time.Hour))
	return &Story{
		Customer: &identityv1.Customer{CustomerId: "c-1", CreatedAt: at, MergedIds: []string{"c-2"}, Identifiers: []*identityv1.LinkedIdentifier{
			{Identifier: &eventv1.Identifier{Type: "user_id", Value: "42"}, EventId: "e-1", LinkedAt: at}}},
		Profile: &featurev1.GetProfileResponse{
			Traits: []*featurev1.Trait{{Name: "plan", Value: "gold", Source: "web", ToldMs: now.Add(-90 * time.Second).UnixMilli()}},
			Tags:   []*featurev1.ProfileTag{{Name: "new_customer", Level: "basic", Value: &featurev1.TagValue{SinceMs: at.AsTime().UnixMilli(), Because: []string{"tenure < 30 days (is 10 days)"}}}},
			Levels: []*featurev1.ProfileLevel{{Level: "value", Values: map[string]*featurev1.FeatureValue{
				"orders_24h": {Value: &featurev1.FeatureValue_Count{Count: 1}}, "refunds_24h": {Value: &featurev1.FeatureValue_Count{}},
				"spend_24h":  {Value: &featurev1.FeatureValue_Decimal{Decimal: "12.5"}},
				"last_order": {Value: &featurev1.FeatureValue_MomentMs{MomentMs: now.Add(-90 * time.Second).UnixMilli()}},
				"likes": {Value: &featurev1.FeatureValue_List{List: &featurev1.FeatureList{Entries: []*featurev1.FeatureEntry{
					{Key: "shoes", Value: &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Decimal{Decimal: "0.6"}}}}}}},
			}}},
			Completeness: &featurev1.Completeness{Percent: 40},
		},
		Segments: []*segmentationv1.Membership{{CustomerId: "c-1", Segment: "medium", EnteredAt: at}},
		Events:   []Event{{ID: "e-1", At: now.Add(-90 * time.Second), Type: "track", Name: "Order Completed", Identifier: "user_id:42"}},
	}
}

const told = `Customer c-1, known since 2026-05-04 11:00:00
  user_id:42  linked 2026-05-04 11:00:00 by e-1
  was 2 customers: [c-2] merged into this one

Segments:
  medium  since 2026-05-04 11:00:00

Traits:
  plan  gold  from web  1m30s ago

Tags:
  new_customer  basic  since 2026-05-04 11:00:00  tenure < 30 days (is 10 days)

Features, value:
  last_order  1m30s ago
  likes       shoes 0.6
  orders_24h  1
  spend_24h   12.5

The profile is 40 % complete.

Last events:
  2026-05-04 11:58:30  track  Order Completed  user_id:42  
`

func TestTell(t *testing.T) {
	var out strings.Builder
	if err := sample().Tell(&out, now); err != nil || out.String() != told {
		t.Errorf("%v, got\n%swant\n%s", err, out.String(), told)
	}
}

func TestACustomerThatNoServiceButIdentityKnowsIsToldToo(t *testing.T) {
	var out strings.Builder
	s := &Story{Customer: sample().Customer}
	if err := s.Tell(&out, now); err != nil || strings.Count(out.String(), "none yet") != 2 {
		t.Errorf("%v\n%s", err, out.String())
	}
	out.Reset()
	if err := s.JSON(&out); err != nil || strings.Contains(out.String(), "features") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestJSON(t *testing.T) {
	var out strings.Builder
	if err := sample().JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Customer struct {
			CustomerID string `json:"customer_id"`
		}
		Segments []struct{ Segment string }
		Events   []Event
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil || got.Customer.CustomerID != "c-1" || len(got.Segments) != 1 || got.Events[0].Name != "Order Completed" {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestTellSegments(t *testing.T) {
	var out strings.Builder
	err := TellSegments(&out, &segmentationv1.ListSegmentsResponse{Customers: 8, Segments: []*segmentationv1.Segment{
		{Name: "high_value", Size: 1, Tier: true, Version: 2}, {Name: "unhappy", Size: 3, Alert: true, Description: "complained"}}})
	want := `SEGMENT        SIZE  SHARE   KIND          VERSION  MEANS
high_value     1     12.5 %  tier          2        
unhappy        3     37.5 %  rule, alerts  0        complained
all customers  8                                    
`
	if err != nil || out.String() != want {
		t.Errorf("%v, got\n%swant\n%s", err, out.String(), want)
	}
}
