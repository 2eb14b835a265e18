package board

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/catalogue"
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

// A version that is promoted serves what it learnt, what came between its training and now, and what comes now: each touch once.
func TestAChampionKnowsWhatCameSince(t *testing.T) {
	w := newWorld(t)
	old := w.visit("ann", "tea", "cup")
	w.nowMs += 3_600_000
	since := append(w.visit("bob", "tea", "pot"), w.touch("bob", buy, "pot"))
	w.send(append(slices.Clone(old), since...)...)
	id := w.promote(w.train(old, map[string][]byte{"ranker.bin": []byte("trees")}))
	w.deps.Decoders = map[string]Decoder{"ranker.bin": func(data []byte, _ *catalogue.Shelf) (any, error) { return len(data), nil }}
	check := func(when string) {
		t.Helper()
		w.serves(id)
		w.paused()
		b := w.boards.Of(shop)
		if !w.has("session", "cup", "tea") || !w.has("session", "pot", "tea") {
			t.Errorf("%s: after tea comes %v", when, w.list("session", "tea"))
		}
		number := func(item string) int32 { n, _ := w.shelf.Number(item); return n }
		counts := b.version.learner.Popular.Counts()
		if counts[number("tea")] != 2 || counts[number("cup")] != 1 || counts[number("pot")] != 11 {
			t.Errorf("%s: %v", when, counts)
		}
		if string(b.File("ranker.bin")) != "trees" || b.Part("ranker.bin") != 5 || b.Words() != "" {
			t.Errorf("%s: %q, %v, %q", when, b.File("ranker.bin"), b.Part("ranker.bin"), b.Words())
		}
	}
	w.begin() // it is there when the process starts
	check("at a start")
	w.send(w.visit("eve", "tea", "jug")...)
	w.paused()
	if !w.has("session", "jug", "tea") {
		t.Error("it does not learn on")
	}
	now := append(append(old, since...), w.visit("eve2", "cup")...)
	w.send(now[len(now)-1])
	w.nowMs += 3_600_000
	second := w.promote(w.train(old, nil)) // promoted while the process runs: the same touches since
	w.serves(second)
	w.paused()
	number, _ := w.shelf.Number("tea")
	if got := w.boards.Of(shop).version.learner.Popular.Counts()[number]; got != 3 || !w.has("session", "jug", "tea") {
		t.Errorf("promoted while it runs: tea %d, after it %v", got, w.list("session", "tea"))
	}
}

// Going back changes a pointer: the version before went on learning, and no file is read.
func TestRollbackNeedsNoBucket(t *testing.T) {
	w := newWorld(t)
	w.begin()
	first := w.promote(w.train(w.visit("ann", "tea", "cup"), nil))
	w.send(w.visit("bob", "jug", "lid")...)
	w.serves(first)
	second := w.promote(w.train(w.visit("ann", "tea", "pot"), nil))
	w.serves(second)
	w.send(w.visit("eve", "tea", "spoon")...)
	w.paused()
	if w.has("session", "cup", "tea") || !w.has("session", "pot", "tea") {
		t.Errorf("the second gives %v", w.list("session", "tea"))
	}
	began := time.Now()
	if _, err := w.registry.Rollback(t.Context(), shop, bundle.Model, "a test"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(w.folder, shop)); err != nil { // after the registry looked
		t.Fatal(err)
	}
	if err := os.RemoveAll(w.cfg.Dir); err != nil {
		t.Fatal(err)
	}
	w.serves(first)
	t.Logf("rolled back in %v", time.Since(began))
	if !w.has("session", "cup", "tea") || w.has("session", "pot", "tea") || !w.has("session", "spoon", "tea") {
		t.Errorf("after it, the first gives %v", w.list("session", "tea"))
	}
}

// What cannot be loaded leaves what serves in its place, and says why; at a start the one before, or what is live.
func TestAModelThatCannotBeLoaded(t *testing.T) {
	for name, spoil := range map[string]func(map[string][]byte){
		"a damaged file":     func(f map[string][]byte) { f[bundle.SessionFile][9] ^= 1 },
		"a file is missing":  func(f map[string][]byte) { delete(f, bundle.ViewedFile) },
		"no manifest":        func(f map[string][]byte) { delete(f, bundle.ManifestFile) },
		"an odd extra file":  func(map[string][]byte) {},
		"another's manifest": func(f map[string][]byte) { f[bundle.ManifestFile] = []byte("{}") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deps.Decoders = map[string]Decoder{"odd.bin": func([]byte, *catalogue.Shelf) (any, error) { return nil, os.ErrInvalid }}
			w.begin()
			w.send(w.visit("bob", "jug", "lid")...)
			good := w.promote(w.train(w.visit("ann", "tea", "cup"), nil))
			w.serves(good)
			extra := map[string][]byte{}
			if strings.Contains(name, "odd") {
				extra["odd.bin"] = []byte("x")
			}
			files := w.train(w.visit("ann", "tea", "pot"), extra)
			spoil(files)
			bad := w.promote(files)
			says := func() {
				t.Helper()
				testkit.Eventually(t, soon, func() error {
					if b := w.boards.Of(shop); b.Version() != good || !strings.Contains(b.Words(), bad) {
						return fmt.Errorf("version %q, %q", b.Version(), b.Words())
					}
					return nil
				})
			}
			says()
			w.begin()
			says()
			if !w.has("session", "cup", "tea") {
				t.Error("the version before does not serve")
			}
			better := w.promote(w.train(w.visit("ann", "tea", "pot"), nil))
			w.serves(better)
			if got := w.boards.Of(shop).Words(); got != "" {
				t.Errorf("words stay: %q", got)
			}
		})
	}
}

// The bucket is away while a version is promoted: what is live speaks, until it is back.
func TestTheBucketIsAway(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.send(w.visit("bob", "jug", "lid")...)
	w.paused()
	files := w.train(w.visit("ann", "tea", "cup"), nil)
	r := &away{Registry: w.registry}
	w.deps.Registry = r
	w.begin()
	r.gone.Store(true)
	id := w.promote(files)
	testkit.Eventually(t, soon, func() error {
		if b := w.boards.Of(shop); !strings.Contains(b.Words(), "the bucket is away") || b.Version() != "" {
			return fmt.Errorf("version %q, %q", b.Version(), b.Words())
		}
		return nil
	})
	w.paused()
	if !w.has("session", "lid", "jug") {
		t.Error("what is live is silent")
	}
	r.gone.Store(false)
	w.boards.poke()
	w.serves(id)
}

// A restart reads the copies. One that is damaged is not believed.
func TestARestartDoesNotNeedTheBucket(t *testing.T) {
	w := newWorld(t)
	w.begin()
	id := w.promote(w.train(w.visit("ann", "tea", "cup"), nil))
	w.send(w.visit("bob", "jug", "lid")...)
	w.serves(id)
	if err := os.Rename(filepath.Join(w.folder, shop), filepath.Join(w.folder, "away")); err != nil {
		t.Fatal(err)
	}
	w.begin()
	if got := w.boards.Of(shop); got.Version() != id || got.Words() != "" {
		t.Fatalf("version %q, %q", got.Version(), got.Words())
	}
	copies, err := filepath.Glob(filepath.Join(w.cfg.Dir, "copies", shop, "*"))
	if err != nil || len(copies) < 3 {
		t.Fatalf("copies %q, %v", copies, err)
	}
	for _, path := range copies {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.begin()
	if got := w.boards.Of(shop); got.Version() != "" || !strings.Contains(got.Words(), id) {
		t.Errorf("version %q, %q", got.Version(), got.Words())
	}
}

// Copies of versions that neither serve nor did before leave the disk.
func TestCopiesDoNotPileUp(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.send(w.visit("bob", "jug", "lid")...)
	count := func() int {
		w.boards.mu.Lock()
		defer w.boards.mu.Unlock()
		all, _ := filepath.Glob(filepath.Join(w.cfg.Dir, "copies", shop, "*"))
		return len(all)
	}
	var per int
	for i := range 4 {
		files := w.train(w.visit("ann", "tea", fmt.Sprint("cup", i)), nil)
		per = len(files)
		w.serves(w.promote(files))
	}
	testkit.Eventually(t, soon, func() error {
		if n := count(); n != 2*per {
			return fmt.Errorf("%d copies, want %d of two versions", n, 2*per)
		}
		return nil
	})
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
	stop := make(chan struct{})
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
							w.list(name, "tea", "cup")
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
