package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// assignedWithin joins a group and waits until it gives its only member these partitions.
func assignedWithin(t *testing.T, c *Client, patience time.Duration, want string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	assigned, ended := make(chan string, 100), make(chan error, 1)
	go func() {
		ended <- c.RunGroup(ctx, GroupConfig{Group: "g", Topics: []string{testTopic.Name}}, func(ctx context.Context, m *Membership) error {
			assigned <- fmt.Sprint(m.Assigned())
			<-ctx.Done()
			return nil
		})
	}()
	last, late := "nothing", time.After(patience)
	for last != want {
		select {
		case last = <-assigned:
		case <-late:
			t.Errorf("after %s the group's only member has %s, want %s", patience, last, want)
			want = last
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A broker that has just started, or is slow, does not know a topic yet that others do. When it is the group's coordinator,
// whoever shares the partitions out finds none; Kafka's protocol then has everybody wait, with nothing, for ever.
func TestATopicThatTheCoordinatorDoesNotKnowYetIsSharedOutLater(t *testing.T) {
	fake, c := fakeCluster(t, 2)
	var asked atomic.Int32
	fake.ControlKey(int16(kmsg.Metadata), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		r := req.(*kmsg.MetadataRequest)
		if len(r.Topics) == 0 || asked.Add(1) > 2 { // the transport asks for all topics, who shares out for the group's
			return nil, nil, false
		}
		res := r.ResponseKind().(*kmsg.MetadataResponse)
		for _, one := range r.Topics {
			unknown := kmsg.NewMetadataResponseTopic()
			unknown.Topic, unknown.ErrorCode = one.Topic, kerr.UnknownTopicOrPartition.Code
			res.Topics = append(res.Topics, unknown)
		}
		return res, nil, true
	})
	assignedWithin(t, c, 20*time.Second, "[test.v1/0 test.v1/1]")
	if asked.Load() < 3 {
		t.Errorf("%d questions for the topic: the test does not test", asked.Load())
	}
}

// A member is attested while its generation is in force, and no longer: not when another member has joined, nor by a generation of before.
func TestAMemberIsAttestedWhileItsGenerationIsInForce(t *testing.T) {
	_, c := fakeCluster(t, 2)
	members := make(chan *Membership, 100)
	join := func(ctx context.Context) (ended chan error) {
		ended = make(chan error, 1)
		go func() {
			ended <- c.RunGroup(ctx, GroupConfig{Group: "g", Topics: []string{testTopic.Name}}, func(ctx context.Context, m *Membership) error {
				if err := m.Attest(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, ErrStaleMember) {
					t.Errorf("at the start: %v", err)
				}
				members <- m
				<-ctx.Done()
				return nil
			})
		}()
		return ended
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	one := join(ctx)
	first := <-members
	if err := first.Attest(t.Context()); err != nil || first.Session() != 10*time.Second {
		t.Errorf("alone: %v, with a session of %s", err, first.Session())
	}
	other := join(ctx)
	for (<-members).Attest(t.Context()) != nil { // a generation that is in force, of both
	}
	if err := first.Attest(t.Context()); !errors.Is(err, ErrStaleMember) {
		t.Errorf("the generation of before: %v", err)
	}
	cancel()
	for _, ended := range []chan error{one, other} {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// silentAddress takes connections and never says a word: a broker that stands still.
func silentAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String() // the kernel accepts
}

// The first of the configured brokers stands still. The others are there, and everything goes on through them.
func TestABrokerThatStandsStillIsNotInTheWay(t *testing.T) {
	fake, err := kfake.NewCluster(kfake.NumBrokers(2))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	healthy := dialTest(t, fake.ListenAddrs()[0], 2)
	healthy.put(t, 0, "a")
	c, err := Connect(Config{Addresses: append([]string{silentAddress(t)}, fake.ListenAddrs()...)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	t.Run("of a group", func(t *testing.T) {
		t.Parallel()
		assignedWithin(t, c, 25*time.Second, "[test.v1/0 test.v1/1]")
	})
	t.Run("of a follower", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		f := c.Follow(ctx, FollowConfig{}, Start{At: TopicPartition{testTopic.Name, 0}, Place: Place{Offset: First}})
		if b, err := f.Next(ctx); err != nil || len(b.Records) != 1 {
			t.Errorf("read %d records, %v", len(b.Records), err)
		}
	})
}
