package scene

import (
	"math/rand/v2"
	"strings"
	"testing"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// told remembers for which slots and items it was asked.
type told struct {
	slots []arms.Slot
	items []arms.Item
}

func (d *told) Draw(at arms.Slot, items []arms.Item, _ rand.Source) int {
	d.slots, d.items = append(d.slots, at), append(d.items, items...)
	return 0
}

func looked(item string, daysAgo int64) visitor.Touch {
	return visitor.Touch{Item: item, Kind: recommendationv1.TouchKind_TOUCH_KIND_VIEW, AtMs: now - daysAgo*dayMs}
}

func gaveBack(item string) visitor.Touch {
	return visitor.Touch{Item: item, Kind: recommendationv1.TouchKind_TOUCH_KIND_RETURN, AtMs: now}
}

// What exploration tells a visitor apart by. The draw is asked for the same context that goes with the list. Items i0, i5 are of All > c0, i1, i6 of All > c1 and so on.
func TestContext(t *testing.T) {
	in := func(segments ...string) func(*ask.Ask) {
		return func(a *ask.Ask) { a.Visitor.Segments = segments }
	}
	for what, test := range map[string]struct {
		explore string
		more    string
		touches []visitor.Touch
		ask     func(*ask.Ask)
		want    string
	}{
		"the widest category where nothing is said":   {touches: []visitor.Touch{looked("i1", 0)}, want: "category:All"},
		"the second level":                            {explore: "level: 2", touches: []visitor.Touch{looked("i1", 0)}, want: "category:All > c1"},
		"no category goes so deep: all there is":      {explore: "level: 3", touches: []visitor.Touch{looked("i1", 0)}, want: "category:All"},
		"what was touched most":                       {explore: "level: 2", touches: []visitor.Touch{looked("i1", 0), looked("i2", 0), looked("i7", 0)}, want: "category:All > c2"},
		"of late: two weeks ago counts a quarter":     {explore: "level: 2", touches: []visitor.Touch{looked("i1", 14), looked("i6", 14), looked("i2", 0)}, want: "category:All > c2"},
		"of two alike the first by name":              {explore: "level: 2", touches: []visitor.Touch{looked("i3", 1), looked("i2", 1)}, want: "category:All > c2"},
		"what was given back tells of no interest":    {explore: "level: 2", touches: []visitor.Touch{gaveBack("i1"), gaveBack("i6"), bought("i2", 0)}, want: "category:All > c2"},
		"what is looked at in this visit":             {explore: "level: 2", ask: func(a *ask.Ask) { a.Session = []int32{3} }, want: "category:All > c3"},
		"what the page is about":                      {explore: "level: 2", ask: func(a *ask.Ask) { a.Context = []int32{4} }, want: "category:All > c4"},
		"without consent the visit speaks":            {explore: "level: 2", ask: stranger, want: "category:All > c2"},
		"nobody is known":                             {ask: func(a *ask.Ask) { a.Visitor = nil }},
		"the scene tells nobody apart":                {explore: "context: none", touches: []visitor.Touch{looked("i1", 0)}},
		"the first segment of the file that he is in": {explore: "context: segment, segments: [vip, new, old]", ask: in("new", "old", "other"), want: "segment:new"},
		"in none of them":                             {explore: "context: segment, segments: [vip, new]", ask: in("other"), touches: []visitor.Touch{looked("i1", 0)}},
		"without consent segments are not looked at":  {explore: "context: segment, segments: [vip]", ask: func(a *ask.Ask) { a.Visitor.Segments, a.Visitor.Personal = []string{"vip"}, false }},
		"segments of nobody":                          {explore: "context: segment, segments: [vip]", ask: func(a *ask.Ask) { a.Visitor = nil }},
		"where the trend alone may speak":             {explore: "level: 2", more: "\nwithout_consent: trend", ask: stranger},
	} {
		t.Run(what, func(t *testing.T) {
			a := question(shop(10, nil), test.touches...)
			if test.ask != nil {
				test.ask(a)
			}
			body := "limit: 3\nsources: [{of: popular}]\nexplore: {slots: [2]" + strings.TrimSuffix(", "+test.explore, ", ") + "}" + test.more
			asked := &told{}
			got := of(t, body).Answer(a, Parts{Draw: asked, Source: sources(map[string]ask.Source{"popular": list{1, upTo(10)}})})
			want := arms.Slot{Workspace: "default", Scene: "s", Context: test.want}
			if got.Context != test.want || len(asked.slots) != 1 || asked.slots[0] != want {
				t.Errorf("%q, drawn for %v, want %q", got.Context, asked.slots, test.want)
			}
		})
	}
}

// Every place says which category it is of, down to the level of the contexts, and draws are asked for the same; a scene that explores nothing says nothing.
func TestCategoriesOfPlaces(t *testing.T) {
	popular := sources(map[string]ask.Source{"popular": list{1, upTo(10)}})
	for explore, want := range map[string]string{
		"":                                     ", , ",
		"explore: {slots: [2]}":                "All, All, All",
		"explore: {slots: [2], level: 2}":      "All > c0, All > c1, All > c2",
		"explore: {slots: [2], context: none}": "All, All, All",
	} {
		asked := &told{}
		got := of(t, "limit: 3\nsources: [{of: popular}]\n"+explore).Answer(question(shop(10, nil), looked("i1", 0)), Parts{Draw: asked, Source: popular})
		var said []string
		for _, e := range got.Entries {
			said = append(said, e.Category)
		}
		if strings.Join(said, ", ") != want || explore == "" && got.Context != "" {
			t.Errorf("%s: %q, %q, want %q", explore, said, got.Context, want)
		}
		if len(asked.items) > 0 && (asked.items[0].ID != "i1" || asked.items[0].Category != got.Entries[1].Category) {
			t.Errorf("%s: drawn for %v", explore, asked.items)
		}
	}
}

func TestFaultsOfExplore(t *testing.T) {
	for explore, want := range map[string]string{
		"context: mood":                          `explore.context: "mood" is not category, segment, none`,
		"level: 6":                               `explore.level: 6 is not within 1, the widest, and 5`,
		"context: none, level: 2":                `explore.level: is of the category, and context is none`,
		"context: segment":                       `explore.segments: name those that are told apart`,
		"context: category, segments: [vip]":     `explore.segments: are told apart only with context: segment`,
		"segments: [vip]":                        `explore.segments: are told apart only with context: segment`,
		`context: segment, segments: [vip, ""]`:  `explore.segments: "" is empty or there twice`,
		"context: segment, segments: [vip, vip]": `explore.segments: "vip" is empty or there twice`,
		"context: segment, segments: [" + strings.Repeat("a,", 51) + "]": `explore.segments: 51 of them: at most 50`,
	} {
		_, err := Parse(nil, []byte("scenes: [{name: s, description: A test., limit: 3, sources: [{of: taste}], explore: {slots: [2], "+explore+"}}]"), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", explore, err, want)
		}
	}
}
