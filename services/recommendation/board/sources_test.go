package board

import (
	"slices"
	"testing"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// asked is a question of somebody who did these things, one day after the other; each item is a number.
func asked(kinds []recommendationv1.TouchKind, items, session, context []int32) *ask.Ask {
	a := &ask.Ask{NowMs: int64(len(items)+1) * 86_400_000, History: items, Session: session, Context: context, Visitor: &visitor.View{Personal: true}}
	for i, kind := range kinds {
		a.Touches = append(a.Touches, visitor.Touch{Kind: kind, AtMs: int64(i+1) * 86_400_000})
	}
	return a
}

func TestWhatASourceIsAskedWith(t *testing.T) {
	const uncart, back = recommendationv1.TouchKind_TOUCH_KIND_UNCART, recommendationv1.TouchKind_TOUCH_KIND_RETURN
	for name, test := range map[string]struct {
		of   func(*ask.Ask) []int32
		a    *ask.Ask
		want []int32
	}{
		"a visit, and the page as its newest":          {browsed, asked(nil, nil, []int32{1, 2}, []int32{9}), []int32{1, 2, 9}},
		"a page that was touched last is there once":   {browsed, asked(nil, nil, []int32{1, 9}, []int32{9}), []int32{1, 9}},
		"nobody is known: taste is asked with a visit": {whole, asked(nil, nil, []int32{1}, nil), []int32{1}},
		"taste is asked with all":                      {whole, asked([]recommendationv1.TouchKind{view, buy}, []int32{3, 4}, []int32{1}, nil), []int32{3, 4}},
		"what was bought or lies in the cart":          {wanted, asked([]recommendationv1.TouchKind{view, buy, cart}, []int32{3, 4, 5}, []int32{1}, []int32{9}), []int32{4, 5, 9}},
		"given back and taken out is not wanted":       {wanted, asked([]recommendationv1.TouchKind{buy, back, cart, uncart, buy}, []int32{3, 3, 5, 5, 6}, nil, nil), []int32{6}},
		"nothing is wanted: the visit":                 {wanted, asked(nil, nil, []int32{1}, nil), []int32{1}},
		"the cart, not what was bought":                {carted, asked([]recommendationv1.TouchKind{buy, cart, cart, buy}, []int32{3, 4, 5, 4}, nil, nil), []int32{5}},
		"an empty cart: the last of the visit":         {carted, asked([]recommendationv1.TouchKind{view}, []int32{3}, []int32{1, 2}, nil), []int32{2}},
		"again: what was bought, as often as it was":   {taken, asked([]recommendationv1.TouchKind{buy, view, buy}, []int32{3, 4, 3}, nil, nil), []int32{3, 3}},
	} {
		if got := test.of(test.a); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	old := asked([]recommendationv1.TouchKind{cart}, []int32{3}, []int32{1}, nil)
	if old.NowMs += 8 * 86_400_000; !slices.Equal(carted(old), []int32{1}) {
		t.Errorf("what was put in a cart long ago: %v", carted(old))
	}
}

// What trends in a country and in a segment is told to who is there; segments of who does not consent are not looked at.
func TestTrendsOfACountryAndASegment(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.send(w.visit("ann", "tea", "tea", "tea")...)
	there := w.touch("bob", view, "cup")
	there.Country = "CN"
	in := w.touch("eve", view, "pot")
	in.Segments = []string{"vip"}
	w.send(there, in)
	first := func(country string, v *visitor.View) string {
		a := &ask.Ask{NowMs: w.nowMs, Country: country, Visitor: v, Skip: func(int32) bool { return false }}
		list := w.boards.Of(shop).Source("trending").Candidates(nil, a, 3)
		score := map[string]float64{}
		for _, c := range list {
			score[w.shelf.Item(c.Item).ID] = c.Score
		}
		switch {
		case score["cup"] > 1.5*score["pot"]:
			return "cup"
		case score["pot"] > 1.5*score["cup"]:
			return "pot"
		}
		return "neither"
	}
	vip := &visitor.View{Personal: true, Segments: []string{"vip"}}
	for want, got := range map[string]string{"cup": first("CN", nil), "pot": first("", vip), "neither": first("", &visitor.View{Segments: vip.Segments})} {
		if got != want {
			t.Errorf("%s stands above, want %s", got, want)
		}
	}
}
