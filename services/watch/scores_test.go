package watch

import (
	"testing"

	"google.golang.org/protobuf/proto"

	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
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
