package watch

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/loop"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// Scores are as old as the live event behind them; those that no event caused, or history did, have no age.
func TestScoresAreAsOldAsTheEventBehindThem(t *testing.T) {
	for what, c := range map[string]struct {
		set  *churnv1.ScoreSet
		want record
	}{
		"of an event":              {set: &churnv1.ScoreSet{ReceivedMs: 7}, want: record{receivedMs: 7, live: true}},
		"of a sweep":               {set: &churnv1.ScoreSet{}},
		"of history, and an event": {set: &churnv1.ScoreSet{ReceivedMs: 7, History: true}, want: record{receivedMs: 7}},
	} {
		value, err := proto.Marshal(c.set)
		if got := scoreSet(value); err != nil || got != c.want {
			t.Errorf("%s: %+v, want %+v (%v)", what, got, c.want, err)
		}
	}
	if got := scoreSet([]byte("\xff")); got != (record{}) {
		t.Errorf("what is no set of scores is %+v", got)
	}
}

// Touches are as old as the event behind them.
func TestTouchesAreAsOldAsTheEventBehindThem(t *testing.T) {
	for what, c := range map[string]struct {
		touch *recommendationv1.Touch
		want  record
	}{
		"of an event":    {touch: &recommendationv1.Touch{ReceivedMs: 7}, want: record{receivedMs: 7, live: true}},
		"of no time":     {touch: &recommendationv1.Touch{}},
		"of an imported": {touch: &recommendationv1.Touch{ReceivedMs: 7, History: true}, want: record{receivedMs: 7}},
	} {
		value, err := proto.Marshal(c.touch)
		if got := touch(value); err != nil || got != c.want {
			t.Errorf("%s: %+v, want %+v (%v)", what, got, c.want, err)
		}
	}
	if got := touch([]byte("\xff")); got != (record{}) {
		t.Errorf("what is no touch is %+v", got)
	}
}

// Every group of recommendation is watched, by the names its tasks have, on every topic that they read.
func TestEveryQueueOfRecommendationIsWatched(t *testing.T) {
	watched := map[string][]string{}
	for _, s := range stages("warehouse.facts", nil) {
		for _, q := range s.queues {
			watched[q.group] = append(watched[q.group], q.topic)
		}
	}
	for group, want := range map[string][]topics.Topic{
		visitor.TaskName:   {topics.EventsResolved, topics.IdentityMappings, topics.VisitorHandover, topics.SegmentTransitions, topics.RecommendationFeedback},
		catalogue.TaskName: {topics.ItemChanges},
		loop.TaskName:      {topics.Recommendations, topics.RecommendationFeedback, topics.Touches, topics.IdentityMappings, topics.LoopHandover},
		"warehouse.facts":  {topics.Touches, topics.Recommendations, topics.RecommendationOutcomes},
	} {
		for _, topic := range want {
			if !slices.Contains(watched[group], topic.Name) {
				t.Errorf("%s before %s is not watched", topic.Name, group)
			}
		}
	}
}
