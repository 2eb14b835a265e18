package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/simulator"
	"github.com/freshet/freshet/services/simulator/send"
)

const (
	// readers is how many customers get a list that is held against the truth.
	readers = 200
	// places is how long those lists are.
	places = 10
	// ofCategory is how many of one category the scene home shows at most: the best list is held to that, too.
	ofCategory = 4
)

// recommend shows a shopper's page, holds customers' lists against the truth, has the customers react, and shows what came of it. wrong is 1 when the lists are
// worth no more than what is popular.
func (o Options) recommend(ctx context.Context, l *look, shop *simulator.Shop) (wrong int, err error) {
	popular, err := l.popular(ctx)
	if err != nil {
		return 0, err
	}
	if len(popular) < places {
		_, err := fmt.Fprintf(o.Out, "\nWhat to show? Only %d products were looked at: too few for lists.\n", len(popular))
		return 0, err
	}
	if err := o.shopper(ctx, l, shop.Goods(), popular); err != nil {
		return 0, err
	}
	lists, err := l.lists(ctx, shop)
	if err != nil {
		return 0, err
	}
	wrong, err = o.tellWorth(worthOf(shop, lists, popular[:places], time.Now()), len(lists))
	if err != nil {
		return wrong, err
	}
	return wrong, o.react(ctx, l, shop, lists)
}

// popular are the products, the most looked at first.
func (l *look) popular(ctx context.Context) (out []string, err error) {
	rows, err := l.db.Query(ctx, "SELECT item_id FROM dw.touches WHERE kind = 'view' GROUP BY item_id ORDER BY count() DESC, item_id")
	if err != nil {
		return nil, fmt.Errorf("ask ClickHouse what is popular: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read what is popular: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// given is a list that a person was given.
type given struct {
	person   int
	request  string
	products []string
}

// lists asks for the home page of customers: those who log in on the device they react on.
func (l *look) lists(ctx context.Context, shop *simulator.Shop) ([]given, error) {
	var people []simulator.Person
	for _, p := range shop.People() {
		if p.UserID != "" && len(p.AnonymousIDs) > 0 && slices.Contains(p.LinkedIDs, p.AnonymousIDs[0]) {
			people = append(people, p)
		}
	}
	var out []given
	for i := range min(readers, len(people)) {
		p := people[i*len(people)/min(readers, len(people))]
		got, err := l.api.Recommendations.Recommend(ctx, &recommendationv1.RecommendRequest{Id: "user_id:" + p.UserID, Scene: "home", Limit: places})
		if err != nil {
			return nil, fmt.Errorf("ask for the list of %s: %w", p.UserID, err)
		}
		out = append(out, given{p.Person, got.GetRequestId(), products(got.GetRecommendations())})
	}
	return out, nil
}

// worth are the sums of the true probabilities with which people choose what a list has.
type worth struct{ lists, popular, best float64 }

func worthOf(shop *simulator.Shop, lists []given, popular []string, now time.Time) (w worth) {
	goods := shop.Goods()
	for _, g := range lists {
		sum := func(list []string) (s float64) {
			for _, id := range list {
				s += shop.Taste(g.person, id, now)
			}
			return s
		}
		w.best += sum(best(shop, goods, g.person, now))
		w.lists += sum(g.products)
		w.popular += sum(popular)
	}
	return w
}

// best is the list that a person likes most of those that the scene may show.
func best(shop *simulator.Shop, goods []simulator.Good, person int, now time.Time) (list []string) {
	taste := make(map[string]float64, len(goods))
	for _, g := range goods {
		taste[g.ProductID] = shop.Taste(person, g.ProductID, now)
	}
	goods = slices.Clone(goods)
	slices.SortFunc(goods, func(a, b simulator.Good) int { return cmp.Compare(taste[b.ProductID], taste[a.ProductID]) })
	of := map[string]int{}
	for _, g := range goods {
		if of[g.Category]++; of[g.Category] <= ofCategory && len(list) < places {
			list = append(list, g.ProductID)
		}
	}
	return list
}

func (o Options) tellWorth(w worth, n int) (wrong int, err error) {
	mark := "ok"
	if w.lists <= w.popular {
		mark, wrong = "DIFFERS", 1
	}
	_, err = fmt.Fprintf(o.Out, "Of what %d customers truly like best, says the simulator, their lists find %.0f %%, what is popular %.0f %%: %s\n", n, 100*w.lists/w.best, 100*w.popular/w.best, mark)
	return wrong, err
}

// react has the customers choose from their lists, and shows the report when it has every choice.
func (o Options) react(ctx context.Context, l *look, shop *simulator.Shop, lists []given) error {
	sender, err := send.New(ctx, l.sends())
	if err != nil {
		return err
	}
	clicks := int64(0)
	for _, g := range lists {
		events, err := shop.React(g.person, g.request, g.products, time.Now())
		if err != nil {
			return errors.Join(err, closed(sender))
		}
		for _, ev := range events {
			clicks++
			if sender.Send(send.Event{Key: ev.Key(), Body: ev.Body}) != nil {
				return closed(sender)
			}
		}
	}
	if err := closed(sender); err != nil {
		return err
	}
	got, err := l.counted(ctx, clicks)
	if err != nil {
		return err
	}
	return o.tellReactions(got)
}

func closed(s *send.Sender) error {
	if _, err := s.Close(); err != nil {
		return fmt.Errorf("send what was chosen from lists: %w", err)
	}
	return nil
}

// counted waits until the report has as many clicks as there were.
func (l *look) counted(ctx context.Context, clicks int64) (*recommendationv1.GetReportResponse, error) {
	moved, last := time.Now(), int64(-1)
	for {
		got, err := l.api.Recommendations.GetReport(ctx, &recommendationv1.GetReportRequest{By: "source"})
		if err != nil {
			return nil, fmt.Errorf("ask what lists brought: %w", err)
		}
		n := int64(0)
		for _, r := range got.GetRows() {
			n += r.GetClicks()
		}
		if n >= clicks {
			return got, nil
		}
		if n != last {
			moved, last = time.Now(), n
		}
		if time.Since(moved) > settle {
			return nil, fmt.Errorf("the report has %d clicks of %d: nothing has moved for %s", n, clicks, settle)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil, errors.Join(errors.New("stopped while clicks were being counted"), context.Cause(ctx))
		}
	}
}

func (o Options) tellReactions(got *recommendationv1.GetReportResponse) error {
	fmt.Fprintf(o.Out, "They looked at their lists and clicked (freshet recommend report --by source)\n")
	w := tabwriter.NewWriter(o.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "proposed by\tseen\tclicks\tof what was seen\t")
	for _, r := range got.GetRows() {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.1f %%\t\n", r.GetBy()["source"], r.GetImpressions(), r.GetClicks(), 100*r.GetCtr())
	}
	return w.Flush()
}
