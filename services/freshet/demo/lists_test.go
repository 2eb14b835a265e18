package demo

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/simulator"
)

// Lists that are worth no more than what is popular are told as what they are.
func TestWorthlessListsAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		w     worth
		wrong int
		want  string
	}{
		"better than what is popular": {worth{lists: 6, popular: 2, best: 10}, 0, "their lists find 60 %, what is popular 20 %: ok"},
		"the same":                    {worth{lists: 2, popular: 2, best: 10}, 1, "20 %: DIFFERS"},
		"worse":                       {worth{lists: 1, popular: 2, best: 10}, 1, "DIFFERS"},
	} {
		var out bytes.Buffer
		wrong, err := Options{Out: &out}.tellWorth(c.w, 3)
		if err != nil || wrong != c.wrong || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %d %v\n%s", name, wrong, err, out.String())
		}
	}
}

// The best list is worth more than any other that the scene may show, and is itself one.
func TestTheBestListIsOneThatTheSceneMayShow(t *testing.T) {
	shop, err := Options{Customers: 20, Seed: 1}.shop()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for range shop.History(now.AddDate(0, 0, -2), now) {
	}
	goods := shop.Goods()
	for person := range 20 {
		list := best(shop, goods, person, now)
		of, in := map[string]int{}, map[string]bool{}
		lowest := 1.0
		for _, id := range list {
			in[id], lowest = true, min(lowest, shop.Taste(person, id, now))
		}
		if len(in) != places {
			t.Fatalf("person %d: %v", person, list)
		}
		for _, g := range goods {
			if in[g.ProductID] {
				of[g.Category]++
			}
		}
		for _, g := range goods {
			if of[g.Category] > ofCategory {
				t.Errorf("person %d: %d of %s", person, of[g.Category], g.Category)
			}
			if taste := shop.Taste(person, g.ProductID, now); !in[g.ProductID] && taste > lowest && of[g.Category] < ofCategory {
				t.Errorf("person %d likes %s more (%v) than what is in the list (%v)", person, g.ProductID, taste, lowest)
			}
		}
	}
}

// A training that gives way to one that the stack began by itself is asked for again; other faults are told.
func TestATrainingThatGivesWayIsAskedForAgain(t *testing.T) {
	for name, c := range map[string]struct {
		ends []error
		asks int
		want string
	}{
		"it ends":            {[]error{io.EOF}, 1, ""},
		"it gives way twice": {[]error{status.Error(codes.Aborted, "gave way"), status.Error(codes.Aborted, "gave way"), io.EOF}, 3, ""},
		"the service is off": {[]error{status.Error(codes.Unavailable, "off")}, 1, "train models of tests"},
	} {
		asks := 0
		err := Options{Bars: io.Discard}.follow("tests", func() (next, error) {
			end := c.ends[asks]
			asks++
			return func() (*modelv1.Run, error) { return nil, end }, nil
		})
		if asks != c.asks || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: asked %d times, %v", name, asks, err)
		}
	}
}

// What a new visitor looks at is of a category that the page does not have yet.
func TestALookIsNews(t *testing.T) {
	goods := []simulator.Good{{ProductID: "P1", Category: "a"}, {ProductID: "P2", Category: "a"}, {ProductID: "P3", Category: "b"}}
	if got := elsewhere(listed("P1"), goods, []string{"P1", "P2", "P3"}); got != "P3" {
		t.Errorf("looks at %s", got)
	}
	if got := elsewhere(listed("P1", "P3"), goods, []string{"P1", "P3", "P2"}); got != "P2" {
		t.Errorf("where every category is there, looks at %s", got)
	}
}

func listed(products ...string) (out []*recommendationv1.Recommendation) {
	for _, id := range products {
		out = append(out, &recommendationv1.Recommendation{ProductId: id})
	}
	return out
}
