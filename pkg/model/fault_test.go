package model

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// childRole makes the test binary a process that puts and promotes without end; "<broker> <folder>".
const childRole = "FRESHET_TEST_MODEL_CHILD"

func childMain(role string) int {
	address, folder, _ := strings.Cut(role, " ")
	ctx := context.Background()
	r, err := start(ctx, address, folder, nil, time.Now)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() { _ = r.Run(ctx) }()
	for i := 0; ; i++ {
		big := strings.Repeat(fmt.Sprint(os.Getpid(), i), 50_000)
		v, err := r.Put(ctx, &modelv1.Version{Workspace: shop, Name: churn}, map[string][]byte{"model.bin": []byte(big), "profile.json": []byte(big)})
		if err == nil {
			_, err = r.Promote(ctx, shop, churn, v.GetId(), "a child")
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(v.GetId())
	}
}

// Processes are killed in the middle of putting and promoting. Every version that is known is whole, and the champion is one of them: also for who was not
// there, and for who comes later.
func TestAKilledWriterLeavesNothingHalf(t *testing.T) {
	w := newWorld(t)
	watching := w.begin(w.address)
	var last string
	for range 8 {
		cmd := exec.Command(os.Args[0])
		cmd.Env, cmd.Stderr = append(os.Environ(), childRole+"="+w.address+" "+w.folder), os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Scan()
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond) // where in its work it is killed is chance
		_ = cmd.Process.Kill()
		for last = lines.Text(); lines.Scan(); {
			last = lines.Text()
		}
		_ = cmd.Wait()
	}
	late := w.begin(w.address)
	for _, r := range []*Registry{watching, late} {
		if n := len(r.Versions(shop, churn)); n < 8 {
			t.Errorf("%d versions are known", n)
		}
		for _, v := range r.Versions(shop, churn) {
			if _, err := r.whole(t.Context(), where{shop, churn}, v.GetId()); err != nil {
				t.Error(err)
			}
		}
		s := r.State(shop, churn)
		if _, err := r.whole(t.Context(), where{shop, churn}, s.GetChampion()); err != nil {
			t.Error(err)
		}
		if s.GetChampion() != last && (len(s.GetPrevious()) == 0 || s.GetPrevious()[0] != last) {
			t.Errorf("%s was promoted and told, the champion is %s after %v", last, s.GetChampion(), s.GetPrevious())
		}
	}
}

// A process dies between the files and the announcement: nobody names what it wrote, and a day later it is gone. What is named stays.
func TestAnOrphanIsSweptAfterADay(t *testing.T) {
	w := newWorld(t)
	r := w.begin(w.address)
	kept := w.promoted(r, "kept")
	orphan := w.orphan(r, "orphan")
	foreign := w.orphan(r, "foreign")
	if err := os.WriteFile(w.path(foreign, originFile), []byte("another topic"), 0o600); err != nil {
		t.Fatal(err)
	}
	sweep := func() {
		t.Helper()
		if err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // a training that is at work looks the same
		sweep()
		w.ahead.Add(int64(time.Hour))
	}
	if !w.there(orphan, "model.bin") {
		t.Error("an orphan of today is gone")
	}
	w.ahead.Add(int64(24 * time.Hour))
	sweep()
	if !w.there(orphan, "model.bin") {
		t.Error("an orphan is gone with the first look")
	}
	w.ahead.Add(int64(time.Hour))
	sweep()
	if w.there(orphan, "") {
		t.Error("an orphan is still there")
	}
	if !w.there(kept, "model.bin") || !w.there(foreign, "model.bin") {
		t.Error("what a version names, or what another topic may name, is gone")
	}
}

// orphan writes the files of a version, and dies.
func (w *world) orphan(r *Registry, text string) string {
	w.t.Helper()
	v := &modelv1.Version{Id: newID(w.now(), hashOf([]byte(text))), Files: []*modelv1.File{{Name: "model.bin"}}}
	if err := r.store(w.t.Context(), where{shop, churn}, v, map[string][]byte{"model.bin": []byte(text)}); err != nil {
		w.t.Fatal(err)
	}
	return v.GetId()
}

// A process dies between the announcement and the promotion: the version is there, and serves nobody.
func TestAVersionThatNobodyPromotedServesNobody(t *testing.T) {
	w := newWorld(t)
	a := w.begin(w.address)
	one := w.promoted(a, "one")
	two := w.put(a, "two")
	b := w.begin(w.address)
	if s := b.State(shop, churn); s.GetChampion() != one || len(b.Versions(shop, churn)) != 2 {
		t.Errorf("%v", s)
	}
	if _, err := b.Promote(t.Context(), shop, churn, two.GetId(), "found"); err != nil {
		t.Error(err)
	}
}

// Two promote at once. Both are told that it was done, one of them served for a moment, and who was before it can be gone back to.
func TestTwoPromotersAtOnce(t *testing.T) {
	w := newWorld(t)
	a, b := w.begin(w.address), w.begin(w.address)
	base := w.promoted(a, "base")
	w.serves(b, base)
	const rounds = 20
	want := int64(1)
	for i := range rounds {
		ids := [2]string{w.put(a, fmt.Sprint("a", i)).GetId(), w.put(b, fmt.Sprint("b", i)).GetId()}
		var both sync.WaitGroup
		for k, r := range []*Registry{a, b} {
			both.Go(func() {
				if s, err := r.Promote(t.Context(), shop, churn, ids[k], "at once"); err != nil || s.GetChampion() != ids[k] {
					t.Errorf("%v, %v", s, err)
				}
			})
		}
		both.Wait()
		want += 2
		testkit.Eventually(t, soon, func() error {
			x, y := a.State(shop, churn), b.State(shop, churn)
			if x.GetChampion() != y.GetChampion() || x.GetSeq() != want || y.GetSeq() != want {
				return fmt.Errorf("round %d: %v and %v, want number %d", i, x, y, want)
			}
			if was := x.GetPrevious()[0]; x.GetChampion() != ids[0] && x.GetChampion() != ids[1] || was != ids[0] && was != ids[1] {
				return fmt.Errorf("round %d: %v of %v", i, x, ids)
			}
			return nil
		})
	}
}

// Two roll back at once: they mean the same champion, and it is gone back from once, though the slow one has to try again behind the other.
func TestTwoRollBacksAtOnceAreOne(t *testing.T) {
	w := newWorld(t)
	proxy := testkit.NewProxy(t, w.address)
	a, slow := w.begin(w.address), w.begin(proxy.Addresses[0])
	w.promoted(a, "one")
	two, three := w.promoted(a, "two"), w.promoted(a, "three")
	w.serves(slow, three)
	late := proxy.Hold(testkit.Appends(topics.Models.Name, "by the slow one"))
	done := make(chan error)
	go func() {
		s, err := slow.Rollback(t.Context(), shop, churn, "by the slow one")
		if err == nil && s.GetChampion() != two {
			err = fmt.Errorf("it went back to %v", s)
		}
		done <- err
	}()
	<-late.Arrived()
	if s, err := a.Rollback(t.Context(), shop, churn, "by the quick one"); err != nil || s.GetChampion() != two {
		t.Errorf("%v, %v", s, err)
	}
	w.serves(slow, two)
	late.Cut()
	if err := <-done; err != nil {
		t.Error(err)
	}
	late.Release()
	<-late.Answered()
	for _, r := range []*Registry{a, slow, w.begin(w.address)} {
		w.serves(r, two)
	}
}

// A promotion was long on its way, its client tried again, and others went on from there. When it arrives at last, it changes nothing, also not for who comes
// later and sees it as the last record of its key.
func TestALatePromotionChangesNothing(t *testing.T) {
	w := newWorld(t)
	a := w.begin(w.address)
	one, two := w.promoted(a, "one"), w.promoted(a, "two")
	proxy := testkit.NewProxy(t, w.address)
	slow := w.begin(proxy.Addresses[0])
	late := proxy.Hold(testkit.Appends(topics.Models.Name, "by the slow one"))
	done := make(chan error)
	go func() {
		_, err := slow.Promote(t.Context(), shop, churn, one, "by the slow one")
		done <- err
	}()
	<-late.Arrived()
	late.Cut()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	w.serves(a, one)
	if _, err := a.Promote(t.Context(), shop, churn, two, "after it"); err != nil {
		t.Fatal(err)
	}
	late.Release()
	<-late.Answered()
	testkit.Eventually(t, soon, func() error { // the last record is the state that holds, written once more
		all := testkit.Records(t, a.deps.Broker, topics.Models)
		fresh := newShelf()
		if err := fresh.take(all[len(all)-1].Key, all[len(all)-1].Value); err != nil {
			return err
		}
		if s := fresh.of(where{shop, churn}).state; s.GetChampion() != two {
			return fmt.Errorf("the last record is %v", s)
		}
		return nil
	})
	for _, r := range []*Registry{a, slow, w.begin(w.address)} {
		w.serves(r, two)
	}
}

// The topic is deleted and made anew. Who runs writes down what it knows, so that who comes later knows it too.
func TestATopicMadeAnewIsFilledAgain(t *testing.T) {
	w := newWorld(t)
	r := w.begin(w.address)
	one, two := w.promoted(r, "one"), w.promoted(r, "two")
	if err := r.Tell(t.Context(), &modelv1.Run{Workspace: shop, Name: churn, Id: "1", State: modelv1.RunState_RUN_STATE_DONE}); err != nil {
		t.Fatal(err)
	}
	client := &kafka.Client{Addr: kafka.TCP(w.address)}
	if _, err := client.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{topics.Models.Name}}); err != nil {
		t.Fatal(err)
	}
	testkit.BrokerAt(t, w.address, topics.Models)
	w.serves(r, two) // it goes on with what it knows
	testkit.Eventually(t, soon, func() error {
		if n := len(testkit.Records(t, r.deps.Broker, topics.Models)); n < 5 {
			return fmt.Errorf("%d records are there", n)
		}
		return nil
	})
	late := w.begin(w.address)
	testkit.Eventually(t, soon, func() error {
		if len(late.Versions(shop, churn)) != 2 || len(late.Runs(shop, churn)) != 1 || late.State(shop, churn).GetChampion() != two {
			return errors.New("not all is known again")
		}
		return nil
	})
	if s, err := late.Rollback(t.Context(), shop, churn, "x"); err != nil || s.GetChampion() != one {
		t.Errorf("%v, %v", s, err)
	}
	w.serves(r, one)
	three := w.promoted(r, "three")
	w.serves(late, three)
}

// The broker is away: what is known stays, writes fail within the caller's time, and go on afterwards.
func TestWithoutABrokerWhatIsKnownStays(t *testing.T) {
	w := newWorld(t)
	proxy := testkit.NewProxy(t, w.address)
	r := w.begin(proxy.Addresses[0])
	one := w.promoted(r, "one")
	two := w.put(r, "two")
	heal := proxy.Blackhole()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := r.Promote(ctx, shop, churn, two.GetId(), "x"); err == nil {
		t.Error("it was promoted without a broker")
	}
	if data, err := r.File(t.Context(), two, "model.bin"); err != nil || string(data) != "two" || r.State(shop, churn).GetChampion() != one {
		t.Errorf("%q, %v", data, err)
	}
	heal()
	if _, err := r.Promote(t.Context(), shop, churn, two.GetId(), "y"); err != nil {
		t.Error(err)
	}
	w.serves(w.begin(w.address), two.GetId())
}

// What cannot be read is left out, whatever it is, and the rest goes on.
func TestForeignRecordsAreLeftOut(t *testing.T) {
	w := newWorld(t)
	r := w.begin(w.address)
	one := w.promoted(r, "one")
	run := encode(&modelv1.Record{Of: &modelv1.Record_Run{Run: &modelv1.Run{Id: "1"}}})
	var msgs []broker.Message
	for key, value := range map[string]string{
		"nothing": "x", "": "x", "shop/churn_risk_60d": "no protobuf \xff", "a/b/c/d": "x", "%zz/x": "x", "shop/" + churn + "/": "x",
		"shop/churn_risk_60d/20260101T000000-abcd": string(run), "shop/churn_risk_60d/run/ok": string(encode(&modelv1.Record{})), "../x": string(run),
	} {
		msgs = append(msgs, broker.Message{Topic: topics.Models.Name, Key: []byte(key), Value: []byte(value)})
	}
	if err := r.producer.Produce(t.Context(), msgs...); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Registry{r, w.begin(w.address)} {
		testkit.Eventually(t, soon, func() error {
			if next, _, _ := r.shelf.at(); next < int64(len(msgs)) {
				return errors.New("not read yet")
			}
			return nil
		})
		if s := r.State(shop, churn); s.GetChampion() != one || len(r.Versions(shop, churn)) != 1 || len(r.Runs(shop, churn)) != 0 {
			t.Errorf("%v", s)
		}
	}
}
