package stream_test

import (
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
)

// behindProxy is a world and an owner that reaches the broker through a proxy only.
func behindProxy(t *testing.T) (*world, *testkit.Proxy, *owner) {
	t.Helper()
	address := testkit.Kafka(t)
	w := newWorld(t, broker.Config{Addresses: []string{address}, Partitions: 1}, "late")
	p := testkit.NewProxy(t, address)
	return w, p, w.ready(w.own(testkit.BrokerAt(t, p.Addresses[0]), t.TempDir()))
}

// The append of a commit is on its way when the owner gives up and tries again; it lands behind later commits.
func TestAnAppendThatLandsLateChangesNothing(t *testing.T) {
	for name, keys := range map[string]struct{ meanwhile, afterwards []string }{
		"and a reader comes next":                    {meanwhile: []string{"b"}},
		"over the same key, and a reader comes next": {meanwhile: []string{"a"}},
		"and the owner goes on":                      {meanwhile: []string{"a"}, afterwards: []string{"c", "d"}},
		"and the owner goes on for long":             {meanwhile: []string{"a", "b", "a", "b"}, afterwards: []string{"c", "d", "c", "d", "e"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, p, o := behindProxy(t)
			held := p.Hold(testkit.Appends(w.log.Name, ""))
			w.put("a")
			<-held.Arrived()
			held.Cut()
			w.complete(o)
			for _, k := range keys.meanwhile { // each is a commit of its own
				w.put(k)
				w.complete(o)
			}
			held.Release()
			<-held.Answered()
			for _, k := range keys.afterwards {
				w.put(k)
				w.complete(o)
			}
			w.sameFromScratch(o)
		})
	}
}

// The broker has stored a commit, or a record of the outputs, and its answer is lost: the second copy counts for nothing.
func TestALostAnswerCountsOnce(t *testing.T) {
	for name, topic := range map[string]func(*world) string{
		"of a commit":    func(w *world) string { return w.log.Name },
		"of the outputs": func(w *world) string { return w.out.Name },
	} {
		t.Run(name, func(t *testing.T) {
			w, p, o := behindProxy(t)
			lost := p.LoseAnswer(testkit.Appends(topic(w), ""))
			w.put("a")
			<-lost.Answered()
			w.put("b")
			w.complete(o)
			w.sameFromScratch(o)
		})
	}
}

// The path goes black for longer than the owner waits, and heals: requests of which nobody remembers land among new ones.
func TestAPathThatGoesBlackAndHeals(t *testing.T) {
	t.Parallel() // the owner waits ten seconds
	w, p, o := behindProxy(t)
	w.put("a", "b")
	w.complete(o)
	heal := p.Blackhole()
	began := time.Now()
	w.put("a", "b", "c")
	w.complete(o)
	t.Logf("%s until all was folded", time.Since(began).Round(time.Millisecond))
	heal()
	w.put(several(20)...)
	w.complete(o)
	w.sameFromScratch(o)
}
