package broker

import (
	"testing"
	"time"
)

// Which of the slots a request has says nothing: the last one alone at work would else ask a hundred times a second, for ever.
func TestOnlyTheRequestThatLeavesNoSlotComesBackEarly(t *testing.T) {
	_, c := fakeCluster(t, 1)
	all := [requestsOut]bool{}
	for i := range all {
		all[i] = true
	}
	cases := map[string]struct {
		out   [requestsOut]bool
		slot  int
		early bool
	}{
		"alone in the first slot":                  {out: [requestsOut]bool{true}, slot: 0},
		"alone in the last slot":                   {out: [requestsOut]bool{requestsOut - 1: true}, slot: requestsOut - 1},
		"one of two":                               {out: [requestsOut]bool{1: true, requestsOut - 1: true}, slot: requestsOut - 1},
		"the last of all":                          {out: all, slot: requestsOut - 1, early: true},
		"all are out, and it has the middle place": {out: all, slot: 1, early: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFetcher(c, requestBytes)
			defer f.close()
			at := TopicPartition{testTopic.Name, 0}
			q := &queue{out: tc.out, waiting: []*feed{{follower: &Follower{}, at: at, size: partitionBytes}}}
			_, _, wait := f.load(q, tc.slot)
			if early := wait <= shortPoll; early != tc.early {
				t.Errorf("it waits %s of a beat of %s", wait.Round(time.Millisecond), beat)
			}
		})
	}
}
