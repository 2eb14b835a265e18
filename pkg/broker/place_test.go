package broker_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
)

var (
	placeTopic = topics.Topic{Name: "places.v1"}
	placeAt    = broker.TopicPartition{Topic: placeTopic.Name}
)

// diskLog is a log of one partition that a test may harm.
type diskLog struct {
	*testkit.DiskKafka
	t      *testing.T
	client *broker.Client
}

func newDiskLog(t *testing.T) *diskLog {
	l := &diskLog{t: t, DiskKafka: testkit.NewDiskKafka(t)}
	cfg := broker.Config{Addresses: []string{l.Addr()}, Partitions: 1}
	var err error
	if l.client, err = broker.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), placeTopic); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.client.Close)
	return l
}

// write appends records, each a batch of its own.
func (l *diskLog) write(values ...string) {
	l.t.Helper()
	for _, v := range values {
		testkit.Eventually(l.t, time.Minute, func() error {
			_, err := l.client.Append(l.t.Context(), placeAt, []broker.Message{{Key: []byte("k"), Value: []byte(v)}})
			return err
		})
	}
}

// read takes the records from p to the end.
func (l *diskLog) read(p broker.Place) (broker.Place, []string) {
	l.t.Helper()
	var values []string
	for {
		b, err := l.client.Fetch(l.t.Context(), placeAt, p.Offset, broker.FetchOptions{})
		if err != nil {
			l.t.Fatal(err)
		}
		for _, r := range b.Records {
			p, values = p.After(r), append(values, string(r.Value))
		}
		if b.Next >= b.End {
			return p, values
		}
	}
}

// restart starts the broker again, with that many batches left.
func (l *diskLog) restart(batches int) {
	l.t.Helper()
	l.Stop()
	l.Forget(placeTopic.Name, 0, batches)
	l.Start()
}

// anew deletes the topic and makes it again.
func (l *diskLog) anew() {
	l.t.Helper()
	testkit.DeleteTopic(l.t, l.Addr(), placeTopic.Name)
	testkit.Eventually(l.t, time.Minute, func() error { return l.client.EnsureTopics(l.t.Context(), placeTopic) })
}

func (l *diskLog) stand(p broker.Place) (broker.Place, *broker.Break) {
	l.t.Helper()
	var at broker.Place
	var err error
	testkit.Eventually(l.t, time.Minute, func() error { // a pooled connection may be of the broker before
		if at, err = l.client.Stand(l.t.Context(), placeAt, p); err != nil && !errors.Is(err, broker.ErrOffsetGone) {
			return err
		}
		return nil
	})
	var gap *broker.Break
	if err != nil && !errors.As(err, &gap) {
		l.t.Fatal(err)
	}
	if gap != nil && !errors.Is(err, broker.ErrOffsetGone) {
		l.t.Errorf("%v is not ErrOffsetGone", err)
	}
	return at, gap
}

// TestStand says what a reader that kept its place is told after the log lied about its past.
func TestStand(t *testing.T) {
	for name, c := range map[string]struct {
		harm    func(l *diskLog)
		kind    broker.BreakKind // 0: none
		newLife bool
		after   []string // what is read when the gap is accepted
	}{
		"nothing happened":                       {harm: func(*diskLog) {}},
		"the broker was started again":           {harm: func(l *diskLog) { l.restart(3) }},
		"records were added":                     {harm: func(l *diskLog) { l.write("d") }, after: []string{"d"}},
		"the log lost its tail":                  {harm: func(l *diskLog) { l.restart(1) }, kind: broker.BreakCut, newLife: true, after: []string{"a"}},
		"it lost its tail, and is shorter still": {harm: func(l *diskLog) { l.restart(1); l.write("x") }, kind: broker.BreakCut, newLife: true, after: []string{"a", "x"}},
		"it lost its tail and grew to the place": {harm: func(l *diskLog) { l.restart(1); l.write("x", "y") }, kind: broker.BreakCut, newLife: true, after: []string{"a", "x", "y"}},
		"it grew beyond the place":               {harm: func(l *diskLog) { l.restart(2); l.write("x", "y", "z") }, kind: broker.BreakCut, newLife: true, after: []string{"a", "b", "x", "y", "z"}},
		"the topic was made anew":                {harm: func(l *diskLog) { l.anew() }, kind: broker.BreakAnew, newLife: true},
		"it was made anew with the same records": {harm: func(l *diskLog) { l.anew(); l.write("a", "b", "c", "d") }, kind: broker.BreakAnew, newLife: true, after: []string{"a", "b", "c", "d"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newDiskLog(t)
			l.write("a", "b", "c")
			from, gap := l.stand(broker.Place{Offset: broker.First})
			if gap != nil || from.Offset != 0 || from.Life == 0 || from.Log == (broker.LogID{}) {
				t.Fatalf("at the beginning: %+v, gap %v", from, gap)
			}
			p, _ := l.read(from)
			c.harm(l)
			at, gap := l.stand(p)
			if c.kind == 0 {
				if gap != nil || at != p {
					t.Fatalf("stands at %+v, gap %v; want %+v", at, gap, p)
				}
			} else {
				if gap == nil || gap.Kind != c.kind {
					t.Fatalf("gap %v, want kind %s", gap, c.kind)
				}
				if at = gap.Accept(p); (at.Life != p.Life) != c.newLife {
					t.Errorf("life %d before and %d after", p.Life, at.Life)
				}
				if _, again := l.stand(at); again != nil {
					t.Errorf("the accepted place is a gap again: %v", again)
				}
			}
			if _, got := l.read(at); fmt.Sprint(got) != fmt.Sprint(c.after) {
				t.Errorf("read %v from there on, want %v", got, c.after)
			}
		})
	}
}

// TestPlaceText: what is kept comes back, and what is not a place is refused.
func TestPlaceText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := broker.Place{
			Offset: rapid.Int64().Draw(t, "offset"), Life: rapid.Uint32().Draw(t, "life"), Proof: rapid.Uint64().Draw(t, "proof"), TimeMs: rapid.Int64().Draw(t, "time"),
		}
		copy(p.Log[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "log"))
		text := p.Text()
		if got, err := broker.ParsePlace(text); err != nil || got != p {
			t.Fatalf("%+v came back as %+v, %v", p, got, err)
		}
		if _, err := broker.ParsePlace(text[:rapid.IntRange(0, len(text)-1).Draw(t, "cut")]); err == nil {
			t.Fatal("half a place was read")
		}
		got, rest, err := broker.ReadPlace(append(p.Append(nil), "more"...))
		if err != nil || got != p || string(rest) != "more" {
			t.Fatalf("%+v, rest %q, %v", got, rest, err)
		}
	})
	if n := len(broker.Place{Offset: 1 << 40, TimeMs: 1 << 41}.Text()); n > 60 {
		t.Errorf("a place takes %d characters of a group's metadata", n)
	}
}
