package board

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// A touch is known to trend and popularity at once; what a visit teaches others is known when it ends; what a sale teaches, at once. No model is there.
func TestATouchChangesTheNextList(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.send(w.visit("ann", "tea", "cup")...)
	if !w.has("trending", "cup") || !w.has("popular", "cup") {
		t.Error("a touch is not in what trends or is popular")
	}
	if w.has("session", "cup", "tea") || w.has("also_viewed", "cup", "tea") {
		t.Error("a visit under way teaches others")
	}
	w.paused()
	if !w.has("session", "cup", "tea") || !w.has("also_viewed", "cup", "tea") {
		t.Error("a visit that has ended teaches nobody")
	}
	one, two := w.touch("bob", buy, "pot"), w.touch("bob", buy, "lid")
	one.OrderId, two.OrderId = "7", "7"
	w.send(one, two)
	if !w.has("also_bought", "lid", "pot") || !w.has("bought_together", "lid", "pot") {
		t.Error("a sale teaches nobody")
	}
	w.send(w.touch("kim", buy, "pot"))
	pot, _ := w.shelf.Number("pot")
	kim := &ask.Ask{NowMs: w.nowMs, Visitor: &visitor.View{CustomerID: "kim", Personal: true}, History: []int32{pot}, Skip: func(i int32) bool { return i == pot }}
	if got := w.boards.Of(shop).Source("alike").Candidates(nil, kim, 5); len(got) != 1 || w.shelf.Item(got[0].Item).ID != "lid" {
		t.Errorf("who resembles kim took %v", got)
	}
	if kim.Visitor.Personal = false; len(w.boards.Of(shop).Source("alike").Candidates(nil, kim, 5)) != 0 {
		t.Error("who does not consent is compared with others")
	}
	back := w.touch("bob", buy, "lid")
	back.OrderId, back.Undone = "7", true
	w.send(back)
	if w.has("also_bought", "lid", "pot") || w.has("bought_together", "lid", "pot") {
		t.Error("a sale that was undone teaches on")
	}
	if got := w.boards.Of(shop).KnownMs(); got != w.nowMs {
		t.Errorf("known up to %d, want %d", got, w.nowMs)
	}
	if s := w.boards.Of(shop).Source("taste"); s != nil {
		t.Error("taste speaks without a model")
	}
}

// Anonymous visitors teach visits and trends and never who bought what.
func TestTheAnonymousTeachNoCustomerGroups(t *testing.T) {
	w := newWorld(t)
	w.begin()
	list := []*recommendationv1.Touch{w.touch("x", view, "tea"), w.touch("x", view, "cup"), w.touch("x", buy, "tea"), w.touch("x", buy, "cup")}
	for _, one := range list {
		one.Anonymous, one.Country = true, "DE"
	}
	w.send(list...)
	w.paused()
	if w.has("also_bought", "cup", "tea") {
		t.Error("who bought what is known of the anonymous")
	}
	if !w.has("session", "cup", "tea") || !w.has("trending", "cup") {
		t.Error("their visit teaches nothing")
	}
}

// Copies have their number; also where they come after others, and after a restart.
func TestCopiesChangeNothing(t *testing.T) {
	w := newWorld(t)
	w.begin()
	list := append(w.visit("ann", "tea", "cup"), w.touch("bob", buy, "pot"))
	w.send(list...)
	counts := func() []int64 { return w.boards.Of(shop).version.learner.Popular.Counts() }
	want := counts()
	w.send(append(slices.Clone(list), list...)...)
	if got := counts(); !slices.Equal(got, want) {
		t.Errorf("after copies: %v, want %v", got, want)
	}
	w.begin()
	if got := counts(); !slices.Equal(got, want) {
		t.Errorf("after a restart: %v, want %v", got, want)
	}
	list[0].Partition = 3 // another partition counts for itself
	w.send(list[0])
	if got := counts(); slices.Equal(got, want) {
		t.Error("another partition's touch is taken for a copy")
	}
}

func TestAnUnknownWorkspaceTakesNoMemory(t *testing.T) {
	w := newWorld(t)
	w.begin()
	for i := range 1000 {
		b := w.boards.Of(fmt.Sprint("w", i))
		for _, name := range Names() {
			if s := b.Source(name); s != nil && b.Version() != "" {
				t.Fatal("it has a version")
			}
		}
	}
	if n := len(*w.boards.rooms.Load()); n != 0 {
		t.Errorf("%d workspaces", n)
	}
	id := w.promote(w.train(w.visit("ann", "tea", "cup"), nil)) // nobody touched anything there since
	w.serves(id)
}

// It is not ready before it has read what was there; StartWithin bounds that.
func TestReadiness(t *testing.T) {
	w := newWorld(t)
	w.send(w.visit("ann", "tea", "cup")...)
	r := &away{Registry: w.registry}
	r.hide.Lock() // the registry is not ready, so that nothing is read
	w.deps.Registry = r
	w.cfg.StartWithin = time.Second
	w.start()
	if w.boards.Ready() == nil {
		t.Error("ready before anything was read")
	}
	testkit.Eventually(t, soon, w.boards.Ready) // by the clock: the registry stays away
	if w.boards.state.Load() == late && w.boards.Words() == "" {
		t.Error("it does not say that it is late")
	}
	w.settled() // and goes on without it
	r.hide.Unlock()
	testkit.Eventually(t, soon, func() error {
		if s := w.boards.state.Load(); s != caughtUp {
			return fmt.Errorf("state %d", s)
		}
		return nil
	})
	if got := w.boards.Words(); got != "" {
		t.Errorf("it has caught up and says %q", got)
	}
}

// Answers and touches meet; promotions, too.
func TestReadersMeetTheFollower(t *testing.T) {
	w := newWorld(t)
	w.begin()
	files := w.train(w.visit("ann", "tea", "cup"), nil)
	for _, item := range []string{"tea", "cup"} {
		w.shelf.Ensure(item)
	}
	stop, now := make(chan struct{}), w.nowMs
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					for _, name := range Names() {
						if w.boards.Of(shop).Source(name) != nil {
							w.listAt(now, name, "tea", "cup")
						}
					}
				}
			}
		})
	}
	for i := range 20 {
		w.send(w.visit(fmt.Sprint(i), "tea", fmt.Sprint("cup", i))...)
		if i == 10 {
			w.serves(w.promote(files))
		}
		w.boards.endVisits(w.nowMs)
	}
	close(stop)
	all.Wait()
}
