package board

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

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
