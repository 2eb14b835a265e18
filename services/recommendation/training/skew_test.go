package training

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/board"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/learn"
)

// shopDeeds are shopTouches with all that else is done: carts, what is taken out of them, wishes, what is given back, ratings, and visitors of whom no profile may be made.
func shopDeeds(visits int) []Touch {
	all := shopTouches(visits)
	for i := range len(all) {
		t := &all[i]
		if t.Kind == "view" {
			t.Kind = []string{"view", "view", "click", "cart", "wish", "uncart", "rate", "view"}[i%8]
		}
		t.Anonymous = t.Customer[len(t.Customer)-1] == '7'
		if t.Order == "" {
			continue
		}
		more := *t
		more.Item = all[i-2].Item // what was looked at before it
		all = append(all, more)
		if i%5 == 0 {
			back := all[i]
			back.Kind, back.AtMs = "return", back.AtMs+1
			all = append(all, back)
		}
	}
	slices.SortStableFunc(all, func(a, b Touch) int { return int(min(max(a.AtMs-b.AtMs, -1), 1)) })
	return all
}

// Of the same touches, a version that training makes and a board that learnt them one by one as they came in give the same candidates with the same scores.
func TestWhatIsTrainedIsWhatServes(t *testing.T) {
	touches := shopDeeds(800)
	client := testkit.Broker(t, topics.Touches)
	shelf := catalogue.NewShelf("shop", 10_000)
	cfg := board.Default()
	cfg.Dir = t.TempDir()
	boards, err := board.New(cfg, board.Deps{
		Logger: slog.New(slog.DiscardHandler), Broker: client, Shelf: func(string) *catalogue.Shelf { return shelf },
		Now: func() time.Time { return time.Now().Add(time.Hour) }, // the visits of all touches are over
	})
	if err != nil {
		t.Fatal(err)
	}
	runs(t, boards.Run)
	var messages []broker.Message
	for i, x := range touches {
		value, err := proto.Marshal(x.said("shop", i+1))
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, broker.Message{Topic: topics.Touches.Name, Key: []byte("one order"), Value: value})
	}
	if err := client.NewProducer(broker.ProducerConfig{}).Produce(t.Context(), messages...); err != nil {
		t.Fatal(err)
	}
	trained := stillOf(t, touches, shelf)
	testkit.Eventually(t, time.Minute, func() error {
		live := boards.Of("shop")
		if live.KnownMs() != touches[len(touches)-1].AtMs {
			return fmt.Errorf("the board knows touches up to %d", live.KnownMs())
		}
		return alike(live, trained, shelf)
	})
}

// stillOf is a version of touches, as it is read from its files by a board.
func stillOf(t *testing.T, touches []Touch, shelf *catalogue.Shelf) *board.Board {
	t.Helper()
	var h heap
	for _, x := range touches {
		h.add(x)
	}
	p, err := h.fit(t.Context(), quick(), touches[len(touches)-1].AtMs+1, func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	files, err := bundle.Write(p.Parts)
	if err != nil {
		t.Fatal(err)
	}
	read, err := bundle.Read(files, shelf)
	if err != nil {
		t.Fatal(err)
	}
	l, err := learn.Resume(read, learn.Default())
	if err != nil {
		t.Fatal(err)
	}
	return board.Still(l, read.Taste, read.Rules, read.Baskets)
}

// alike says where two boards do not say the same, of all that boards learn.
func alike(one, other *board.Board, shelf *catalogue.Shelf) error {
	for _, kind := range []candidate.Kind{candidate.Session, candidate.AlsoViewed, candidate.AlsoBought, candidate.Together, candidate.Popular} {
		said := 0
		for item := range int32(shelf.Len()) {
			a := &ask.Ask{NowMs: base.Add(90 * day24).UnixMilli(), Shelf: shelf, Session: []int32{item, (item + 1) % int32(shelf.Len())}, Skip: refusesNothing}
			got, want := one.Source(kind.String()).Candidates(nil, a, 50), other.Source(kind.String()).Candidates(nil, a, 50)
			if said += len(got); !slices.Equal(got, want) {
				return fmt.Errorf("%s of item %d: %v and %v", kind, item, got, want)
			}
		}
		if said == 0 {
			return fmt.Errorf("%s says nothing: this shows nothing", kind)
		}
	}
	return nil
}
