package testkit

import (
	"fmt"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

var proxiedTopic = topics.Topic{Name: "proxied.v1"}

// behindProxy is a client of a broker that it reaches through a proxy only, and what it appends with.
func behindProxy(t *testing.T) (*Proxy, *broker.Client, func(value string) error) {
	t.Helper()
	address := Kafka(t)
	p := NewProxy(t, address)
	c := BrokerAt(t, p.Addresses[0], proxiedTopic)
	put := func(value string) error {
		_, err := c.Append(t.Context(), broker.TopicPartition{Topic: proxiedTopic.Name}, []broker.Message{{Key: []byte("k"), Value: []byte(value)}})
		return err
	}
	if err := put("zero"); err != nil {
		t.Fatal(err)
	}
	return p, c, put
}

func values(t *testing.T, c *broker.Client) string {
	t.Helper()
	var out []string
	for _, r := range Records(t, c, proxiedTopic) {
		out = append(out, string(r.Value))
	}
	return fmt.Sprint(out)
}

// A request is on its way when its client gives up and tries again; it lands behind what came later.
func TestAHeldRequestLandsLate(t *testing.T) {
	p, c, put := behindProxy(t)
	held := p.Hold(Appends(proxiedTopic.Name, "one"))
	failed := make(chan error, 1)
	go func() { failed <- put("one") }()
	<-held.Arrived()
	held.Cut()
	if err := <-failed; err == nil || broker.Permanent(err) {
		t.Fatalf("the client whose connection was cut was told %v", err)
	}
	for _, v := range []string{"one", "two"} {
		if err := put(v); err != nil {
			t.Fatal(err)
		}
	}
	if got := values(t, c); got != "[zero one two]" {
		t.Errorf("while the first attempt is held the log is %s", got)
	}
	held.Release()
	<-held.Answered()
	if got := values(t, c); got != "[zero one two one]" {
		t.Errorf("the log is %s", got)
	}
}

// The broker has stored it and its answer is lost.
func TestALostAnswer(t *testing.T) {
	p, c, put := behindProxy(t)
	lost := p.LoseAnswer(Appends(proxiedTopic.Name, "one"))
	if err := put("one"); err == nil {
		t.Error("the client has an answer")
	}
	<-lost.Answered()
	if got := values(t, c); got != "[zero one]" {
		t.Errorf("the log is %s", got)
	}
}

// A path is black for longer than the client waits, and heals: what was sent over it arrives.
func TestABlackholeThatHeals(t *testing.T) {
	t.Parallel() // the client waits ten seconds
	p, c, put := behindProxy(t)
	heal := p.Blackhole()
	began := time.Now()
	if err := put("one"); err == nil {
		t.Error("the client has an answer")
	}
	t.Logf("the client gave up after %s", time.Since(began).Round(time.Millisecond))
	for _, v := range []string{"one", "two"} {
		if err := put(v); err != nil {
			t.Fatal(err)
		}
	}
	heal()
	Eventually(t, 10*time.Second, func() error {
		if got := values(t, c); got != "[zero one two one]" {
			return fmt.Errorf("the log is %s", got)
		}
		return nil
	})
}

// The broker's side of the connections has gone and nobody told the client: it gives up by itself and connects anew.
func TestHalfOpenConnections(t *testing.T) {
	t.Parallel() // the client waits ten seconds
	p, c, put := behindProxy(t)
	p.HalfOpen()
	if err := put("one"); err == nil {
		t.Error("the client has an answer")
	}
	if err := put("two"); err != nil {
		t.Errorf("over a new connection: %v", err)
	}
	if got := values(t, c); got != "[zero two]" {
		t.Errorf("the log is %s", got)
	}
}
