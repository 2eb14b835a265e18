package broker

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/segmentio/kafka-go"
)

// assigner is Kafka's range assignment, which also tells whether it knew all that there is to share out.
//
// The group's coordinator says what partitions there are. One that has just started, or is slow, may not know a topic yet that
// the others do. Kafka's own clients look again later; kafka-go takes it that there is nothing to share out, and every member
// keeps nothing until the next rebalance, whenever that is. So the member that shared out what was not whole joins again at
// once, which makes everybody join (TestATopicThatTheCoordinatorDoesNotKnowYetIsSharedOutLater).
//
// Brokers list a topic's partitions in any order, and kafka-go cuts the list as it comes into ranges. So it is sorted before: topics with as many
// partitions are shared out alike, which a task with several inputs lives by (TestTopicsAreSharedOutAlike).
type assigner struct {
	kafka.RangeGroupBalancer
	missing atomic.Pointer[string]
}

// AssignGroups is called at the member that shares out, before its generation begins.
func (a *assigner) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	known := map[string]bool{}
	for _, p := range partitions {
		known[p.Topic] = true
	}
	a.missing.Store(nil)
	for _, m := range members {
		for _, topic := range m.Topics {
			if !known[topic] {
				a.missing.Store(&topic)
			}
		}
	}
	partitions = slices.SortedFunc(slices.Values(partitions), func(x, y kafka.Partition) int { return cmp.Compare(x.ID, y.ID) })
	return a.RangeGroupBalancer.AssignGroups(members, partitions)
}

// lacked is a topic that was not known at the last sharing out, and empty when all were. It says so once.
func (a *assigner) lacked() string {
	if topic := a.missing.Swap(nil); topic != nil {
		return *topic
	}
	return ""
}
