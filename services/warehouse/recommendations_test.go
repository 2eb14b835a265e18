package warehouse

import (
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// given is a list of two places.
func given(request, customer, variant string) *recommendationv1.Answer {
	return &recommendationv1.Answer{
		RequestId: request, Workspace: "default", CustomerId: customer, Scene: "home", Variant: variant, AtMs: base.UnixMilli(), ModelVersion: "m1", Context: "segment:vip",
		Items: []*recommendationv1.AnswerItem{{ItemId: "i1", Source: "session"}, {ItemId: "i2", Source: "trending", Explored: true, Category: "Shoes"}},
	}
}

// became is an outcome of a list's place.
func became(id string, a *recommendationv1.Answer, place int, kind recommendationv1.FeedbackKind, edit func(*recommendationv1.Outcome)) *recommendationv1.Outcome {
	x := a.Items[place-1]
	o := &recommendationv1.Outcome{
		OutcomeId: id, Workspace: a.Workspace, CustomerId: a.CustomerId, RequestId: a.RequestId, Scene: a.Scene, Variant: a.Variant, ModelVersion: a.ModelVersion,
		ItemId: x.ItemId, Position: int32(place), Source: x.Source, Explored: x.Explored, Context: a.Context, Category: x.Category, Kind: kind, AnsweredMs: a.AtMs, AtMs: a.AtMs + 1000,
	}
	if edit != nil {
		edit(o)
	}
	return o
}

// bought is an outcome with an order and a value.
func bought(order string, units int64, undone bool) func(*recommendationv1.Outcome) {
	return func(o *recommendationv1.Outcome) {
		o.OrderId, o.ValueMicros, o.Undone = order, proto.Int64(units*1_000_000), undone
	}
}

const (
	sawIt     = recommendationv1.FeedbackKind_FEEDBACK_KIND_IMPRESSION
	clickedIt = recommendationv1.FeedbackKind_FEEDBACK_KIND_CLICK
	boughtIt  = recommendationv1.FeedbackKind_FEEDBACK_KIND_PURCHASE
)

// Lists and outcomes reach their columns; copies are counted once; what was taken back is in no figure; who was merged is one visitor.
func TestRecommendationsAndWhatBecameOfThem(t *testing.T) {
	w := newWorld(t, 1)
	w.start(nil)
	one, two, empty := given("r1", "a", "control"), given("r2", "b", "better"), given("r3", "c", "better")
	empty.Items, empty.Unseen = nil, true
	for range 2 { // everything twice, in blocks of their own
		w.produce(topics.Recommendations, "a", one, two, empty)
		w.produce(topics.RecommendationOutcomes, "a",
			became("o1", one, 1, sawIt, nil), became("o2", one, 2, sawIt, nil), became("o3", two, 1, sawIt, nil), became("o4", two, 2, sawIt, nil),
			became("o5", two, 2, clickedIt, nil), became("o6", two, 2, boughtIt, bought("n1", 30, false)),
			became("o7", one, 1, boughtIt, bought("n2", 50, false)), became("o8", one, 1, boughtIt, bought("n2", 50, true)))
		w.wantCommitted(topics.Recommendations, 0)
		w.wantCommitted(topics.RecommendationOutcomes, 0)
	}
	w.want(5, "SELECT count() FROM {dm}.recommendations")
	w.want(8, "SELECT count() FROM {dm}.recommendation_outcomes")
	w.want(1, `SELECT count() FROM {dm}.recommendations WHERE (workspace, request_id, position, customer_id, scene, variant, model_version, unseen, item_id, source, explored, context, category)
		= ('default', 'r2', 2, 'b', 'home', 'better', 'm1', false, 'i2', 'trending', true, 'segment:vip', 'Shoes') AND toUnixTimestamp64Milli(answered_at) = `+ms(base.UnixMilli()))
	w.want(1, "SELECT count() FROM {dm}.recommendations WHERE (request_id, position, item_id, unseen) = ('r3', 0, '', true)")
	w.want(1, `SELECT count() FROM {dm}.recommendation_outcomes WHERE (workspace, outcome_id, kind, sign, customer_id, request_id, position, scene, variant, model_version, item_id, source, explored, context, category, value_micros, order_id)
		= ('default', 'o6', 'purchase', 1, 'b', 'r2', 2, 'home', 'better', 'm1', 'i2', 'trending', true, 'segment:vip', 'Shoes', 30000000, 'n1')
		AND toUnixTimestamp64Milli(answered_at) = `+ms(base.UnixMilli())+` AND toUnixTimestamp64Milli(occurred_at) = `+ms(base.UnixMilli()+1000))
	w.want(1, `SELECT count() FROM {dm}.recommendation_daily WHERE (scene, variant, source, position, lists, visitors, impressions, clicks, purchased_lines, revenue, ctr)
		= ('home', 'better', 'trending', 2, 1, 1, 1, 1, 1, 30, 1)`)
	w.want(1, "SELECT count() FROM {dm}.recommendation_daily WHERE (variant, position, impressions, clicks, purchased_lines, revenue) = ('control', 1, 1, 0, 0, 0)")
	w.want(1, "SELECT count() FROM {dm}.recommendation_variants WHERE (scene, variant, visitors, clickers, buyers, payers, revenue, revenue_squares) = ('home', 'better', 2, 1, 1, 1, 30, 900)")
	w.want(1, "SELECT count() FROM {dm}.recommendation_variants WHERE (variant, visitors, clickers, buyers, payers, revenue) = ('control', 1, 0, 0, 0, 0)")
	w.produce(topics.IdentityMappings, "c", &identityv1.Mapping{Workspace: "default", FromCustomerId: "c", ToCustomerId: "b", Epoch: 7, MergedMs: base.UnixMilli()})
	w.want(1, "SELECT count() FROM {dm}.recommendation_variants WHERE (variant, visitors, clickers) = ('better', 1, 1)")
}

// What is refused leaves no trace in any column.
func TestListsAndOutcomesThatNoTableHoldsAreRefusedWhole(t *testing.T) {
	list := func(edit func(*recommendationv1.Answer)) proto.Message {
		a := given("r", "a", "")
		edit(a)
		return a
	}
	outcome := func(edit func(*recommendationv1.Outcome)) proto.Message {
		return became("o", given("r", "a", ""), 1, clickedIt, edit)
	}
	for name, c := range map[string]struct {
		topic topics.Topic
		m     proto.Message
	}{
		"a list without a customer":    {topics.Recommendations, list(func(a *recommendationv1.Answer) { a.CustomerId = "" })},
		"a list without an id":         {topics.Recommendations, list(func(a *recommendationv1.Answer) { a.RequestId = "" })},
		"a list without a workspace":   {topics.Recommendations, list(func(a *recommendationv1.Answer) { a.Workspace = "" })},
		"a list of the year 1800":      {topics.Recommendations, list(func(a *recommendationv1.Answer) { a.AtMs = minMillis - 1 })},
		"an outcome without an id":     {topics.RecommendationOutcomes, outcome(func(o *recommendationv1.Outcome) { o.OutcomeId = "" })},
		"an outcome of no list":        {topics.RecommendationOutcomes, outcome(func(o *recommendationv1.Outcome) { o.RequestId = "" })},
		"an outcome of no place":       {topics.RecommendationOutcomes, outcome(func(o *recommendationv1.Outcome) { o.Position = 0 })},
		"an outcome of a place far on": {topics.RecommendationOutcomes, outcome(func(o *recommendationv1.Outcome) { o.Position = math.MaxUint16 + 1 })},
		"an outcome of the year 2300":  {topics.RecommendationOutcomes, outcome(func(o *recommendationv1.Outcome) { o.AtMs = maxMillis + 1 })},
	} {
		value, err := proto.Marshal(c.m)
		if err != nil {
			t.Fatal(err)
		}
		r, err := convert(block{tp: broker.TopicPartition{Topic: c.topic.Name}, records: []broker.Record{{Topic: c.topic.Name, Value: value, Time: base}}})
		if err != nil || len(r.bad) != 1 || r.tables[0].rows != 0 {
			t.Errorf("%s: bad %+v, %d rows, %v", name, r.bad, r.tables[0].rows, err)
		}
		wantWhole(t, name, r.tables[0])
	}
}
