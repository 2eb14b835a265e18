package broker

import (
	"fmt"
	"slices"
	"testing"

	"github.com/segmentio/kafka-go"
	"pgregory.net/rapid"
)

// Whatever the order in which a broker lists partitions, every member gets the same ones of every topic, and every partition goes to one member.
func TestTopicsAreSharedOutAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c"}
		count := rapid.IntRange(1, 16).Draw(t, "partitions")
		var listed []kafka.Partition
		for _, topic := range names {
			for n := range count {
				listed = append(listed, kafka.Partition{Topic: topic, ID: n})
			}
		}
		var members []kafka.GroupMember
		for n := range rapid.IntRange(1, 5).Draw(t, "members") {
			members = append(members, kafka.GroupMember{ID: fmt.Sprint("m", n), Topics: names})
		}
		got := (&assigner{}).AssignGroups(members, rapid.Permutation(listed).Draw(t, "listed"))
		var all []int
		for _, m := range members {
			of := func(topic string) []int { return slices.Sorted(slices.Values(got[m.ID][topic])) }
			for _, topic := range names[1:] {
				if !slices.Equal(of(topic), of(names[0])) {
					t.Fatalf("%s has %v of %s and %v of %s", m.ID, of(names[0]), names[0], of(topic), topic)
				}
			}
			all = append(all, of(names[0])...)
		}
		if slices.Sort(all); len(all) != count || len(slices.Compact(all)) != count {
			t.Fatalf("%d partitions are shared out as %v", count, all)
		}
	})
}
