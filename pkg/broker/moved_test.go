package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The leader stops to answer, and another one is elected: nobody waits for the first until tryFor is over.
func TestALeaderThatStandsStillCostsTheElection(t *testing.T) {
	fake, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	c := dialTest(t, fake.ListenAddrs()[0], 1)
	c.put(t, 0, "before")
	f := c.Follow(t.Context(), FollowConfig{}, everyPartition(1)...)
	nextRecords(t, f, 1)
	old := fake.LeaderFor(testTopic.Name, 0)
	over, still := make(chan struct{}), make(chan kmsg.Key, 100)
	t.Cleanup(func() { close(over) })
	for _, key := range []kmsg.Key{kmsg.Fetch, kmsg.Produce} {
		fake.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
			fake.KeepControl()
			if fake.CurrentNode() == old {
				still <- key
				fake.SleepControl(func() { <-over })
			}
			return nil, nil, false
		})
	}
	began, stored := time.Now(), make(chan error, 1)
	go func() {
		p := c.NewProducer(ProducerConfig{})
		stored <- p.Produce(t.Context(), Message{Topic: testTopic.Name, Value: []byte("after")})
	}()
	for seen := map[kmsg.Key]bool{}; len(seen) < 2; {
		seen[<-still] = true // both wait for it
	}
	if err := fake.MoveTopicPartition(testTopic.Name, 0, (old+1)%3); err != nil {
		t.Fatal(err)
	}
	if err := <-stored; err != nil {
		t.Fatal(err)
	}
	wrote := time.Since(began)
	if got := nextRecords(t, f, 1); fmt.Sprint(got[0]) != "[after]" {
		t.Errorf("read %v", got)
	}
	if read := time.Since(began); read > tryFor/2 {
		t.Errorf("a record was stored after %s and read after %s", wrote, read)
	}
}
