package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// What one replica puts, another one has: the version as it was announced, and each file to the byte.
func TestAVersionIsKeptWhole(t *testing.T) {
	w := newWorld(t)
	a, b := w.begin(w.address), w.begin(w.address)
	v, err := a.Put(t.Context(), &modelv1.Version{
		Workspace: "a/b shop", Name: churn, Rows: 7, Metrics: map[string]float64{"auc": .8}, Id: "theirs", Files: []*modelv1.File{{Name: "theirs"}},
	}, map[string][]byte{"model.bin": []byte("trees"), "empty.txt": nil})
	if err != nil {
		t.Fatal(err)
	}
	if !idForm.MatchString(v.GetId()) || v.GetMadeMs() == 0 || len(v.GetFiles()) != 2 || v.GetRows() != 7 {
		t.Fatalf("%v", v)
	}
	changed := b.Changed()
	for len(b.Versions("a/b shop", churn)) == 0 {
		<-changed
	}
	got := b.Versions("a/b shop", churn)
	if len(got) != 1 || !proto.Equal(got[0], v) {
		t.Fatalf("%v, want %v", got, v)
	}
	for name, want := range map[string]string{"model.bin": "trees", "empty.txt": ""} {
		if data, err := b.File(t.Context(), got[0], name); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if _, err := b.File(t.Context(), got[0], "other.bin"); err == nil || !strings.Contains(err.Error(), "train anew") {
		t.Errorf("a file that it does not have: %v", err)
	}
	if b.State("a/b shop", churn) != nil || len(b.Versions("a", churn)) != 0 {
		t.Error("something is live, or somebody else's")
	}
}

func TestVersionsAreNewestFirst(t *testing.T) {
	w := newWorld(t)
	r := w.begin(w.address)
	var want []string
	for _, text := range []string{"same", "same", "another"} { // within one second, two of them of the same bytes
		want = slices.Insert(want, 0, w.put(r, text).GetId())
		w.ahead.Add(int64(time.Millisecond))
	}
	var got []string
	for _, v := range r.Versions(shop, churn) {
		got = append(got, v.GetId())
	}
	slices.SortFunc(want, func(x, y string) int { return strings.Compare(y[:15], x[:15]) })
	if len(got) != 3 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 3 {
		t.Errorf("ids are %v", got)
	}
	for i := 1; i < len(got); i++ {
		if got[i][:15] > got[i-1][:15] {
			t.Errorf("not newest first: %v", got)
		}
	}
}

func TestPromoteAndRollBack(t *testing.T) {
	w := newWorld(t)
	r := w.begin(w.address)
	if _, err := r.Rollback(t.Context(), shop, churn, "x"); !errors.Is(err, ErrNoPrevious) {
		t.Errorf("back from nothing: %v", err)
	}
	one, two, three := w.promoted(r, "one"), w.promoted(r, "two"), w.promoted(r, "three")
	shadow := w.put(r, "shadow").GetId()
	if _, err := r.Shadow(t.Context(), shop, churn, shadow, "not sure"); err != nil {
		t.Fatal(err)
	}
	is := func(champion string, previous, challengers []string, seq int64, why string) {
		t.Helper()
		s := r.State(shop, churn)
		if s.GetChampion() != champion || !slices.Equal(s.GetPrevious(), previous) || !slices.Equal(s.GetChallengers(), challengers) ||
			s.GetSeq() != seq || s.GetWhy() != why || s.GetSinceMs() == 0 || s.GetWorkspace() != shop || s.GetName() != churn {
			t.Errorf("%v", s)
		}
	}
	is(three, []string{two, one}, []string{shadow}, 4, "not sure")
	if _, err := r.Promote(t.Context(), shop, churn, three, "again"); err != nil {
		t.Error(err)
	}
	is(three, []string{two, one}, []string{shadow}, 4, "not sure") // nothing changed, nothing is written
	if _, err := r.Rollback(t.Context(), shop, churn, "it was bad"); err != nil {
		t.Error(err)
	}
	is(two, []string{one}, []string{shadow}, 5, "it was bad")
	if _, err := r.Promote(t.Context(), shop, churn, shadow, "better"); err != nil {
		t.Error(err)
	}
	is(shadow, []string{two, one}, nil, 6, "better")
	if _, err := r.Promote(t.Context(), shop, churn, one, "the old one"); err != nil {
		t.Error(err)
	}
	is(one, []string{shadow, two}, nil, 7, "the old one") // nobody is twice in the stack
}

func TestWhatMayNotServeDoesNot(t *testing.T) {
	w := newWorld(t)
	r := w.begin(w.address)
	good := w.promoted(r, "good")
	unfit, err := r.Put(t.Context(), &modelv1.Version{Workspace: shop, Name: churn, Unfit: "it says the same of everybody"}, map[string][]byte{"model.bin": []byte("1")})
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		id   string
		want error
	}{
		"an unknown version": {"20260101T000000-abcd", ErrUnknown},
		"no version":         {"", ErrUnknown},
		"an unfit one":       {unfit.GetId(), ErrUnfit},
	} {
		if _, err := r.Promote(t.Context(), shop, churn, c.id, "x"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := r.Shadow(t.Context(), shop, churn, unfit.GetId(), "to see"); err != nil { // nobody is told of it
		t.Error(err)
	}
	w.serves(r, good)
	for what, do := range map[string]func() error{
		"no workspace": func() error { _, err := r.Promote(t.Context(), "", churn, good, "x"); return err },
		"a bad name":   func() error { _, err := r.Shadow(t.Context(), shop, "a/b", good, "x"); return err },
		"no files": func() error {
			_, err := r.Put(t.Context(), &modelv1.Version{Workspace: shop, Name: churn}, nil)
			return err
		},
		"a path": func() error {
			_, err := r.Put(t.Context(), &modelv1.Version{Workspace: shop, Name: churn}, map[string][]byte{"../x": nil})
			return err
		},
	} {
		if err := do(); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

// Whatever is promoted, rolled back and shadowed: a version has one place in a state, the latest stands first, and no list grows beyond its bound.
func TestAVersionHasOnePlaceInAState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s *modelv1.State
		var served []string // champions, the latest first, that were not rolled back
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			id := fmt.Sprint(rapid.IntRange(0, 15).Draw(t, "id"))
			what := rapid.SampledFrom([]string{"promote", "roll back", "shadow"}).Draw(t, "what")
			switch {
			case what == "promote" && s.GetChampion() != id:
				s = promoted(s, id)
				served = slices.Insert(without(served, id), 0, id)
			case what == "roll back" && len(s.GetPrevious()) > 0:
				s = rolledBack(s)
				served = served[1:]
			case what == "shadow" && s.GetChampion() != id:
				s = shadowed(s, id)
				if s.GetChallengers()[0] != id {
					t.Fatalf("%s is not the latest challenger: %v", id, s)
				}
			}
			served = served[:min(len(served), mostPrevious+1)]
			live := append([]string{}, s.GetPrevious()...)
			if s.GetChampion() != "" {
				live = slices.Insert(live, 0, s.GetChampion())
			}
			if !slices.Equal(live, served) {
				t.Fatalf("%v served, the state is %v", served, s)
			}
			if len(s.GetChallengers()) > mostChallengers || slices.Contains(s.GetChallengers(), s.GetChampion()) ||
				len(slices.Compact(slices.Sorted(slices.Values(s.GetChallengers())))) != len(s.GetChallengers()) {
				t.Fatalf("challengers are %v of %s", s.GetChallengers(), s.GetChampion())
			}
		}
	})
}

// A rollback takes effect everywhere within a second.
func TestARollbackIsEverywhereWithinASecond(t *testing.T) {
	w := newWorld(t)
	a, b := w.begin(w.address), w.begin(w.address)
	one, two := w.promoted(a, "one"), w.promoted(a, "two")
	w.serves(b, two)
	changed := b.Changed()
	began := time.Now()
	if _, err := a.Rollback(t.Context(), shop, churn, "it was bad"); err != nil {
		t.Fatal(err)
	}
	if is := a.State(shop, churn).GetChampion(); is != one {
		t.Errorf("who rolled back sees %s", is)
	}
	for b.State(shop, churn).GetChampion() != one {
		select {
		case <-changed:
		case <-time.After(soon):
			t.Fatal("the other one never heard of it")
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestChangesAreToldOnceForAll(t *testing.T) {
	w := newWorld(t)
	r := w.begin(w.address)
	w.promoted(r, "one")
	first, second := r.Changed(), r.Changed()
	<-first // what was there
	w.promoted(r, "two")
	w.promoted(r, "three")
	<-first
	<-second
	select {
	case <-first:
		t.Error("four changes are told twice to who looked behind them")
	case <-second:
		t.Error("the same, to who had not looked")
	default:
	}
}

// Who looked before all was read looks again when it was, however the last batch came.
func TestTheEndOfReadingIsAChange(t *testing.T) {
	s := newShelf()
	c := s.listen()
	<-c
	s.advance(5, 10, true)
	select {
	case <-c:
		t.Error("half of what there is was told")
	default:
	}
	s.advance(10, 10, false) // compaction left an empty end
	select {
	case <-c:
	default:
		t.Error("all is read, and nobody is told")
	}
	s.advance(10, 10, false)
	select {
	case <-c:
		t.Error("nothing changed, and it is told")
	default:
	}
}

func TestTrainingsAreTold(t *testing.T) {
	w := newWorld(t)
	a, b := w.begin(w.address), w.begin(w.address)
	tell := func(r *Registry, id, owner string, state modelv1.RunState) error {
		return r.Tell(t.Context(), &modelv1.Run{Workspace: shop, Name: churn, Id: id, Owner: owner, State: state, Words: "words of " + id})
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const asked, running, done, failed = modelv1.RunState_RUN_STATE_REQUESTED, modelv1.RunState_RUN_STATE_RUNNING, modelv1.RunState_RUN_STATE_DONE, modelv1.RunState_RUN_STATE_FAILED
	must(tell(a, "1", "", asked))
	if err := tell(a, "2", "", asked); !errors.Is(err, ErrUnderWay) || !strings.Contains(err.Error(), "words of 1") {
		t.Errorf("a second one is asked for: %v", err)
	}
	if got := a.Waiting(); len(got) != 1 || got[0].GetId() != "1" {
		t.Errorf("waiting are %v", got)
	}
	must(tell(a, "1", "a", running))
	if got := a.Waiting(); len(got) != 0 {
		t.Errorf("waiting are %v", got)
	}
	if err := tell(a, "2", "", asked); !errors.Is(err, ErrUnderWay) {
		t.Errorf("a second one is asked for: %v", err)
	}
	if got := a.Abandoned("a"); len(got) != 0 {
		t.Errorf("abandoned are %v", got)
	}
	if got := a.Abandoned("b"); len(got) != 1 || got[0].GetId() != "1" {
		t.Errorf("abandoned are %v", got)
	}
	must(tell(a, "1", "a", done))
	must(tell(a, "2", "", asked))
	must(tell(a, "2", "a", failed))
	got := a.Runs(shop, churn)
	if len(got) != 2 || got[0].GetId() != "2" || got[1].GetId() != "1" || got[1].GetState() != done || got[0].GetAtMs() == 0 {
		t.Errorf("runs are %v", got)
	}
	changed := b.Changed()
	for len(b.Runs(shop, churn)) != 2 || b.Runs(shop, churn)[0].GetState() != failed {
		<-changed
	}
	must(tell(a, "2", "a", done))
	if got := a.Runs(shop, churn); len(got) != 1 || got[0].GetId() != "2" {
		t.Errorf("runs are %v", got)
	}
	if len(a.Runs("another", churn)) != 0 || len(a.Abandoned("b")) != 0 {
		t.Error("somebody else's run, or one that is over")
	}
	for what, run := range map[string]*modelv1.Run{
		"no id": {Workspace: shop, Name: churn, State: asked}, "no state": {Workspace: shop, Name: churn, Id: "3"}, "no name": {Workspace: shop, Id: "3", State: asked},
	} {
		if a.Tell(t.Context(), run) == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

func TestNotReadyBeforeTheEnd(t *testing.T) {
	w := newWorld(t)
	id := w.promoted(w.begin(w.address), "one")
	late, err := start(t.Context(), w.address, w.folder, nil, w.now)
	if err != nil {
		t.Fatal(err)
	}
	defer late.deps.Broker.Close()
	if late.Ready() == nil {
		t.Error("it has read nothing and is ready")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := late.Promote(ctx, shop, churn, id, "too early"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it writes without having read: %v", err)
	}
}
