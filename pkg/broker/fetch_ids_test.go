package broker

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A topic is deleted, made anew and has grown past the reader's place between two fetches, within a moment and without any fault
// that the reader could see. That is a break, and no record is taken for what follows the old ones.
func TestATopicMadeAnewBetweenTwoFetchesIsABreak(t *testing.T) {
	fake, c := fakeCluster(t, 1)
	c.put(t, 0, "a", "b")
	var hold atomic.Pointer[chan struct{}]
	held := make(chan struct{}, 100)
	fake.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		if until := hold.Load(); until != nil {
			held <- struct{}{}
			fake.SleepControl(func() { <-*until })
		}
		return nil, nil, false
	})
	f := c.Follow(t.Context(), FollowConfig{Gaps: GapRestart}, everyPartition(1)...)
	nextRecords(t, f, 2)
	anew := make(chan struct{})
	hold.Store(&anew)
	c.put(t, 0, "c") // the fetch that was out is over
	<-held
	if _, err := c.kafka.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{testTopic.Name}}); err != nil {
		t.Fatal(err)
	}
	if err := c.EnsureTopics(t.Context(), testTopic); err != nil {
		t.Fatal(err)
	}
	c.put(t, 0, "v", "w", "x", "y", "z")
	hold.Store(nil)
	close(anew)
	var got []string
	for broken := false; !broken || len(got) < 5; {
		b, err := f.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b.Break != nil && b.Break.Kind == BreakAnew {
			broken, got = true, nil
		}
		for _, r := range b.Records {
			got = append(got, string(r.Value))
		}
		if !broken && len(got) > 1 {
			t.Fatalf("read %v as if they came behind [a b]", got)
		}
	}
	if fmt.Sprint(got) != "[v w x y z]" {
		t.Errorf("read %v", got)
	}
}
